"""Two plain tables that the floors above write: how far each door has reported, what waits for a person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign
from .places import District, in_the_readers_language


class Horizon(models.Model):
    """Up to when one door has reported everything it took in."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="horizons")
    door = models.CharField(max_length=36, help_text="The desk's id, or: portal.")
    district = models.ForeignKey(District, null=True, on_delete=models.PROTECT, related_name="horizons")
    name_kk = models.CharField(max_length=200)
    name_ru = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="Who is called: its supervisor.")
    through = models.DateTimeField(null=True, help_text="Nothing lodged earlier is missing.")
    heard_at = models.DateTimeField(null=True)
    unsent = models.PositiveIntegerField(default=0, help_text="Entries the desk says are still on it.")
    is_closed = models.BooleanField(default=False, help_text="The desk signed off: silent, not dark.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "door"], name="one_horizon_per_door")]

    def __str__(self) -> str:
        return in_the_readers_language(kk=self.name_kk, ru=self.name_ru, en=self.name_en)


class Case(models.Model):
    """Something the rules leave to a person; nothing is refused or lost while it waits."""

    class Kind(models.TextChoices):
        PARKED_ENTRY = "parked_entry", _("A desk entry that cannot be used as it is")
        CONTESTED = "contested", _("Two applications with different schools")
        VOID = "void", _("A desk asks to void an application")
        CLONED_DESK = "cloned_desk", _("A desk's journal has two branches")
        GAP = "gap", _("Entries of a desk are missing")
        NEAR_DUPLICATE = "near_duplicate", _("Two children that may be one")
        TWINS_PARTED = "twins_parted", _("The last place falls between twins")
        CHECK_DIFFERS = "check_differs", _("A check found something else than was stated")
        BRAKE = "brake", _("A run would move too many children")
        SECRET_MISSING = "secret_missing", _("The secret of a day's draw is missing")
        UNPROVEN_RECEIPT = "unproven_receipt", _("A receipt whose entry never arrived")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=80, help_text="What it is about: an application, an entry, a desk.")
    district = models.ForeignKey(District, null=True, on_delete=models.PROTECT, related_name="cases")
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "kind", "subject"], name="one_case_per_subject"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(resolution=""), name="a_closed_case_says_how"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
