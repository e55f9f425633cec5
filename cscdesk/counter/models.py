"""What a counter keeps: its journal, who it is, who works at it, and what the centre has said."""

from typing import ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

APPLICATION_KINDS: Final = ("lodge", "correct")
"""Entries that make an application."""


class JournalEntry(models.Model):
    """
    One line of the journal, exactly as it was signed.

    A fact: triggers in the file refuse every change. The columns below `sig` repeat what
    the texts say, for look-up; `journal_verify` compares them.
    """

    seq = models.PositiveBigIntegerField(primary_key=True)
    sha256 = models.BinaryField(max_length=32, unique=True)
    # Unique: nothing in this file can follow an entry twice.
    prev = models.BinaryField(max_length=32, null=True, unique=True)
    entry = models.BinaryField()
    form = models.BinaryField(null=True)
    sig = models.BinaryField(max_length=64)

    kind = models.CharField(max_length=8)
    epoch = models.CharField(max_length=64)
    entry_id = models.UUIDField(unique=True)
    appended_at = models.DateTimeField(db_index=True, help_text="By this machine's wall clock.")
    clerk = models.CharField(max_length=64, blank=True)
    application = models.UUIDField(null=True, db_index=True)
    number = models.CharField(max_length=14, blank=True, db_index=True)
    child_key = models.CharField(max_length=40, blank=True, db_index=True)
    child_name = models.CharField(max_length=250, blank=True)
    replaces = models.UUIDField(null=True, db_index=True)
    # Of what was asked for, without salt and time: tells a repetition from another use of one id.
    content_sha256 = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["seq"]
        # Whether the desk is open is asked at every entry: found by kind, not by walking the journal back.
        indexes = [models.Index(fields=["kind", "seq"], name="entries_of_a_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(kind__in=APPLICATION_KINDS),
                name="an_application_is_made_once",
            ),
            models.UniqueConstraint(
                fields=["number"], condition=Q(kind__in=APPLICATION_KINDS), name="a_number_is_issued_once"
            ),
            models.CheckConstraint(
                condition=Q(seq=1, prev__isnull=True) | Q(seq__gt=1, prev__isnull=False),
                name="only_the_first_entry_follows_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} · {self.kind}"


class Outcome(models.Model):
    """What an entry became at the centre; the newest word replaces an older one."""

    class State(models.TextChoices):
        APPLIED = "applied", _("Taken in")
        NOTED = "noted", _("Noted")
        PARKED = "parked", _("Kept for a person")

    entry = models.OneToOneField(
        JournalEntry, on_delete=models.PROTECT, primary_key=True, related_name="outcome"
    )
    # Null: known from the answer to a delivery, before the centre's own list said it.
    central_id = models.PositiveBigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State)
    code = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.state}"


class Identity(models.Model):
    """Who this counter is; made by `counter_enroll`. One row or none."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    desk = models.UUIDField()
    name = models.CharField(max_length=40)
    campaign = models.PositiveSmallIntegerField()
    private_key = models.BinaryField(max_length=32)
    certificate_text = models.TextField()
    certificate_sig = models.CharField(max_length=100)
    centre_public_key = models.BinaryField(
        max_length=32, help_text="Pinned at enrolment: anchors are checked with it alone."
    )
    prefixes = models.JSONField(help_text="Receipt prefixes given for this key, one for each epoch.")
    epoch = models.CharField(max_length=64)
    prefix = models.CharField(max_length=3, help_text="Of this epoch's receipts.")
    api_url = models.CharField(max_length=200, blank=True, help_text="Empty: as the settings say.")
    enrolled_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="a_counter_is_one_desk")]

    def __str__(self) -> str:
        return self.name


class StoredCatalogue(models.Model):
    """The catalogue as it came last. One row or none."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    text = models.BinaryField()
    etag = models.CharField(max_length=200, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_catalogue_is_in_force")]

    def __str__(self) -> str:
        return self.etag


class AnchorSeen(models.Model):
    """The last signed time of the centre, and what the clocks here said when it was asked for. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    anchor = models.CharField(max_length=64)
    time = models.DateTimeField(help_text="The centre's.")
    boot = models.CharField(max_length=64)
    sent_boot_ms = models.PositiveBigIntegerField(help_text="When the request was sent.")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_anchor_is_the_last")]

    def __str__(self) -> str:
        return self.anchor


class DeliveryState(models.Model):
    """How far the centre has the journal, and how the line is. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    stored_seq = models.PositiveBigIntegerField(
        default=0, help_text="Up to here the centre's last signed anchor covers the journal."
    )
    outcomes_after = models.PositiveBigIntegerField(default=0)
    is_line_up = models.BooleanField(default=False, help_text="The last call succeeded.")
    last_contact_at = models.DateTimeField(null=True)
    last_fault = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_line_to_the_centre")]

    def __str__(self) -> str:
        return f"{self.stored_seq}"


class ClerkManager(BaseUserManager["Clerk"]):
    """Clerks are found by their code, whatever case it was typed in."""

    def get_by_natural_key(self, username: str | None) -> "Clerk":
        return self.get(code__iexact=(username or "").strip())


class Clerk(AbstractBaseUser):
    """A person who signs in at this counter."""

    code = models.CharField(max_length=20, unique=True)
    full_name = models.CharField(max_length=200)
    is_supervisor = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    USERNAME_FIELD = "code"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects = ClerkManager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.full_name
