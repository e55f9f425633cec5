"""What desks sent, byte for byte, and what became of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only

from .desks import Desk, DeskKey


class Entry(models.Model):
    """One line of a desk's journal, stored before it is understood. A fact."""

    sha256 = models.BinaryField(max_length=32, help_text="Of the entry's bytes: its identity.")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="entries")
    key = models.ForeignKey(DeskKey, null=True, on_delete=models.PROTECT, related_name="+")
    # Copied from the text for queries; empty where the text could not be read.
    epoch = models.CharField(max_length=64, blank=True)
    seq = models.PositiveBigIntegerField(null=True)
    prev = models.BinaryField(max_length=32, null=True)
    kind = models.CharField(max_length=20, blank=True)
    entry = models.BinaryField(help_text="The exact bytes that were signed.")
    form = models.BinaryField(null=True, help_text="The exact bytes of the form; may be erased later.")
    sig = models.BinaryField(max_length=64)
    received_at = models.DateTimeField(help_text="First sight.")

    class Meta:
        triggers = [append_only()]
        # Per desk: bytes that another desk handed in first can never stand in the way of their owner's.
        constraints = [
            models.UniqueConstraint(fields=["desk", "sha256"], name="a_desks_entry_is_stored_once"),
        ]
        indexes = [
            models.Index(fields=["desk", "epoch", "seq"], name="entries_of_an_epoch"),
            models.Index(fields=["prev"], name="entries_after_an_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.desk_id} · {self.seq} · {self.kind}"


class ChainLink(models.Model):
    """
    An entry whose whole chain is stored, with the earliest time it can be from. A fact.

    Only linked entries are taken in: behind a gap the time of an entry cannot be bounded yet.
    """

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="link")
    not_before = models.DateTimeField(null=True)
    first_sight = models.DateTimeField(help_text="Of the entry or of a successor.")

    class Meta:
        triggers = [append_only()]

    def __str__(self) -> str:
        return str(self.entry_id)


class EntryOutcome(models.Model):
    """What became of an entry; work still to do is an entry without one (law 4). A fact."""

    class State(models.TextChoices):
        APPLIED = "applied", _("Taken in")
        NOTED = "noted", _("Noted: opening, closing, start")
        PARKED = "parked", _("Kept for a person")

    # Made one batch at a time, so ids follow commits: a counter asks for "outcomes after N".
    id = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="outcome")
    state = models.CharField(max_length=8, choices=State)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    # The application made, or the retraction's own id: no foreign key, the row may be either.
    result = models.UUIDField(null=True)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="outcomes")
    made_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        indexes = [models.Index(fields=["desk", "id"], name="outcomes_of_a_desk")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="parked") | ~Q(code=""), name="a_parked_entry_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.state}"


class Anchor(models.Model):
    """A time the centre signed against a desk's stated head. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="anchors")
    head_seq = models.PositiveBigIntegerField(null=True)
    head_sha256 = models.BinaryField(max_length=32, null=True)
    text = models.BinaryField()
    sig = models.BinaryField(max_length=64)
    time = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        indexes = [
            models.Index(fields=["head_sha256"], name="anchors_given_against_a_head"),
            models.Index(fields=["desk", "-time"], name="anchors_of_a_desk"),
        ]

    def __str__(self) -> str:
        return f"{self.desk_id} · {self.time:%H:%M:%S}"
