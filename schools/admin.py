"""The administration: staff read everything here, superusers change the configuration, nobody the rosters."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from schools.models import (
    Account,
    Campaign,
    Case,
    District,
    Horizon,
    Intake,
    Region,
    RosterEntry,
    RosterState,
    Round,
    School,
    Scope,
    Territory,
)

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ScopeInline = admin.TabularInline[Scope, Account]
else:
    _ModelAdmin = admin.ModelAdmin
    _ScopeInline = admin.TabularInline


class Readable(_ModelAdmin):
    """To look at: derived rows and what the floors above write (law 6)."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


class Configurable(Readable):
    """Superusers add and change it; what others point to is never deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return self.has_add_permission(request)


@admin.register(Region)
class RegionAdmin(Configurable):
    list_display = ("kato", "name_kk", "name_ru")
    search_fields = ("kato", "name_kk", "name_ru", "name_en")


@admin.register(District)
class DistrictAdmin(Configurable):
    list_display = ("kato", "name_kk", "name_ru", "region", "help_line")
    list_select_related = ("region",)
    list_filter = ("region",)
    search_fields = ("kato", "name_kk", "name_ru", "name_en")
    autocomplete_fields = ("region",)


@admin.register(School)
class SchoolAdmin(Configurable):
    list_display = ("bin", "name_kk", "name_ru", "district")
    list_select_related = ("district",)
    search_fields = ("bin", "name_kk", "name_ru", "name_en")
    autocomplete_fields = ("district",)


@admin.register(Campaign)
class CampaignAdmin(Configurable):
    list_display = ("year", "opens_at", "closes_at")


@admin.register(Intake)
class IntakeAdmin(Configurable):
    list_display = ("school", "language", "campaign", "capacity")
    list_select_related = ("school", "campaign")
    list_filter = ("campaign", "language")
    search_fields = ("school__bin", "school__name_kk", "school__name_ru")
    autocomplete_fields = ("school",)


@admin.register(Territory)
class TerritoryAdmin(Configurable):
    list_display = ("school", "street_kk", "first_house", "last_house", "parity", "campaign")
    list_select_related = ("school", "campaign")
    list_filter = ("campaign",)
    search_fields = ("school__bin", "street_kk", "street_ru")
    autocomplete_fields = ("school", "district")


@admin.register(Round)
class RoundAdmin(Configurable):
    list_display = ("campaign", "number", "closes_at")
    list_filter = ("campaign",)


class ScopeInline(_ScopeInline):
    model = Scope
    extra = 0
    autocomplete_fields = ("district", "region")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_superuser)


@admin.register(Account)
class AccountAdmin(Configurable):
    """Made by `official_add`; here a scope is given or taken back, an account is closed."""

    list_display = ("email", "full_name", "is_active", "is_staff", "is_superuser")
    list_filter = ("is_staff", "scopes__role")
    search_fields = ("email", "full_name")
    fields = (
        "email",
        "full_name",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "joined_at",
        "last_login",
    )
    readonly_fields = ("email", "joined_at", "last_login")
    inlines = (ScopeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_active and request.user.is_superuser)


@admin.register(RosterEntry)
class RosterEntryAdmin(Readable):
    list_display = ("child_name", "intake", "slot", "lane", "door", "application_number", "is_held")
    list_select_related = ("intake__school",)
    list_filter = ("campaign", "lane", "door", "is_contested", "is_held")
    search_fields = ("application_number", "child_name", "child_key")


@admin.register(RosterState)
class RosterStateAdmin(Readable):
    list_display = ("campaign", "facts_read", "known_at", "published_at")


@admin.register(Horizon)
class HorizonAdmin(Readable):
    list_display = ("name_kk", "district", "through", "heard_at", "unsent", "is_closed")
    list_select_related = ("district",)
    list_filter = ("campaign", "is_closed")


@admin.register(Case)
class CaseAdmin(Readable):
    list_display = ("kind", "subject", "district", "opened_at", "closed_at")
    list_select_related = ("district",)
    list_filter = ("campaign", "kind")
