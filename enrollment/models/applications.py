"""Drafts, applications, and what ends them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only
from schools.models import Campaign


class Door(models.TextChoices):
    """Where a request was handed in."""

    PORTAL = "portal", _("Portal")
    DESK = "desk", _("Service centre")


class Draft(models.Model):
    """
    What a parent is still writing; its id becomes the application's id.

    The columns below `form` are filled by the check page and emptied by every change, so
    that sending is one INSERT … SELECT of a draft that was judged as it stands.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    form = models.JSONField(default=dict, help_text="As typed so far: the shape of enrollment.rules.Request.")
    salt = models.BinaryField(max_length=16)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()

    child_key = models.CharField(max_length=60, blank=True)
    person_key = models.CharField(max_length=60, blank=True)
    choices = ArrayField(models.CharField(max_length=24), default=list)
    language = models.CharField(max_length=2, default="kk")
    content_sha256 = models.BinaryField(max_length=32, null=True, help_text="Empty until checked.")

    class Meta:
        indexes = [models.Index(fields=["account", "campaign"], name="drafts_of_an_account")]

    def __str__(self) -> str:
        return str(self.id)


class Application(models.Model):
    """One request for one child, exactly as its sender handed it in.

    A fact: written once, never changed. Which application stands for a child is
    derived from all of them in `claims.py`.
    """

    # Minted by the sender before sending: the key of every retry (law 3).
    id = models.UUIDField(primary_key=True, editable=False)
    number = models.CharField(max_length=14, db_index=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+", db_index=False)
    child_key = models.CharField(max_length=60, help_text="IIN, or document type, country and number.")
    person_key = models.CharField(max_length=60, help_text="Who asks: IIN or document as stated.")
    is_proven = models.BooleanField(default=False, help_text="A document that proves the relation was seen.")
    choices = ArrayField(models.CharField(max_length=24), help_text="BIN/language, best first.")
    form = models.JSONField(help_text="The request whole: the shape of enrollment.rules.Request.")
    salt = models.BinaryField(max_length=16)
    language = models.CharField(max_length=2)
    door = models.CharField(max_length=8, choices=Door)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="applications",
        db_index=False,
    )
    desk = models.UUIDField(null=True)
    seq = models.PositiveBigIntegerField(null=True, help_text="Place in the desk's journal.")
    entry_sha256 = models.BinaryField(max_length=32, null=True)
    replaces = models.UUIDField(null=True)
    lodged_at = models.DateTimeField(help_text="When the family handed it in.")
    received_at = models.DateTimeField(help_text="When the centre stored it; never used for order.")
    content_sha256 = models.BinaryField(max_length=32)

    class Meta:
        triggers = [append_only()]
        indexes = [
            models.Index(fields=["campaign", "child_key"], name="applications_of_a_child"),
            models.Index(fields=["account"], name="applications_of_an_account"),
            models.Index(fields=["campaign", "lodged_at"], name="applications_by_time"),
            models.Index(
                fields=["replaces"], condition=Q(replaces__isnull=False), name="applications_that_replace"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(door="portal"), name="the_portal_gives_a_number_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    door="portal", account__isnull=False, desk__isnull=True, entry_sha256__isnull=True
                )
                | Q(door="desk", account__isnull=True, desk__isnull=False, entry_sha256__isnull=False),
                name="an_application_came_by_one_door",
            ),
            models.CheckConstraint(condition=Q(choices__len__gte=1), name="an_application_names_a_school"),
        ]

    def __str__(self) -> str:
        return self.number


class Retraction(models.Model):
    """A request to end an application: the family withdraws it, or a desk voids its own mistake. A fact."""

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", _("Withdrawn by the family")
        VOID = "void", _("Void: entered by mistake")

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    # No foreign key: it may end an application that has not arrived yet.
    application_id = models.UUIDField(null=True, db_index=True)
    application_number = models.CharField(max_length=14, blank=True)
    person_key = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    is_verified = models.BooleanField(help_text="By the sender's own sign-in or the family's code.")
    door = models.CharField(max_length=8, choices=Door)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    desk = models.UUIDField(null=True)
    seq = models.PositiveBigIntegerField(null=True)
    entry_sha256 = models.BinaryField(max_length=32, null=True)
    lodged_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=Q(application_id__isnull=False) | ~Q(application_number=""),
                name="a_retraction_names_an_application",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.application_number or self.application_id}"


class Decision(models.Model):
    """What a person, or a term that ran out, decided about one fact. A fact itself."""

    class Kind(models.TextChoices):
        WITHDRAWAL_STANDS = "withdrawal_stands", _("The withdrawal stands: nobody opposed it in time")
        VOID_STANDS = "void_stands", _("The desk's void stands")
        VOID_REFUSED = "void_refused", _("The desk's void does not stand")
        CONTEST_SETTLED = "contest_settled", _("Of two wishes for one child this application counts")

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.UUIDField(help_text="The retraction or the application it is about.")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            # A contest is decided again when somebody states a new wish: the later decision counts.
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=~Q(kind="contest_settled"),
                name="a_matter_is_decided_once",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
