"""What was decided about places by name: confirmations and what changes a place afterwards. Facts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only

from .campaigns import Campaign, Intake, Round
from .places import District


class Confirmation(models.Model):
    """One district's roster of one round, confirmed: from here on its places are held. A fact."""

    class Way(models.TextChoices):
        WATERMARK = "watermark", _("Everything had arrived")
        REASONED = "reasoned", _("By two officials, with a written reason")

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="confirmations")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="confirmations")
    way = models.CharField(max_length=10, choices=Way)
    reason = models.TextField(blank=True)
    facts_sha256 = models.BinaryField(max_length=32, help_text="Of the set of facts that it saw.")
    roster_sha256 = models.BinaryField(max_length=32, help_text="Of the district's roster in canonical form.")
    closing_at = models.DateTimeField(null=True, help_text="When the round closed, as known then.")
    # Facts are only ever added: a larger count later says that something became known too late.
    round_facts = models.PositiveBigIntegerField(default=0, help_text="How many happened before the closing.")
    doors = models.JSONField(default=list, help_text="How far each door of the district had reported.")
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second_official = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(fields=["round", "district"], name="a_district_confirms_a_round_once"),
            models.CheckConstraint(
                condition=Q(way="watermark")
                | (Q(second_official__isnull=False) & ~Q(second_official=F("official")) & ~Q(reason="")),
                name="past_the_watermark_two_officials_give_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} · {self.district}"


class ConfirmedPlace(models.Model):
    """A place that a confirmation gave to a child: the child holds it until it leaves. A fact."""

    confirmation = models.ForeignKey(Confirmation, on_delete=models.PROTECT, related_name="places")
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveIntegerField()
    child_key = models.CharField(max_length=60)
    application_id = models.UUIDField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(
                fields=["confirmation", "intake", "slot"], name="a_confirmation_gives_a_slot_once"
            ),
            models.UniqueConstraint(
                fields=["confirmation", "child_key"], name="a_confirmation_gives_a_child_one_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intake_id} · {self.slot}"


class Annulment(models.Model):
    """A confirmed place taken away for fraud, by two named officials; it can be appealed. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    place = models.OneToOneField(ConfirmedPlace, on_delete=models.PROTECT, related_name="annulment")
    reason = models.TextField()
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second_official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    annulled_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=~Q(second_official=F("official")) & ~Q(reason=""),
                name="two_officials_annul_a_place_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.place)


class SlotChange(models.Model):
    """One slot that an intake won, lost, or was given for one child above its capacity. A fact."""

    class Kind(models.TextChoices):
        ADDED = "added", _("A place more")
        REMOVED = "removed", _("A place less")
        GRANTED = "granted", _("A place above capacity, for one child")

    id = models.UUIDField(primary_key=True, editable=False)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="slot_changes")
    kind = models.CharField(max_length=8, choices=Kind)
    slot = models.PositiveIntegerField()
    in_force_date = models.DateField(help_text="Rounds that close on this day or later know it.")
    child_key = models.CharField(max_length=60, blank=True)
    reason = models.TextField()
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(
                fields=["intake", "slot"],
                condition=Q(kind__in=["added", "granted"]),
                name="a_slot_is_appended_once",
            ),
            models.UniqueConstraint(
                fields=["intake", "slot"], condition=Q(kind="removed"), name="a_slot_is_removed_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="granted", child_key__gt="") | (~Q(kind="granted") & Q(child_key="")),
                name="a_granted_slot_names_its_child",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intake_id} · {self.slot} · {self.kind}"


class SpokenClosing(models.Model):
    """A dark desk's closing code, read over the telephone by its supervisor. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    door = models.CharField(max_length=36, help_text="The desk's id, as in its horizon.")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    through = models.DateTimeField(help_text="Nothing lodged earlier is missing from what was read.")
    last_seq = models.PositiveBigIntegerField()
    last_sha256 = models.CharField(max_length=64, help_text="As many hex digits as were read, at least 8.")
    school_bins = ArrayField(
        models.CharField(max_length=12), default=list, help_text="Schools that unsent entries name."
    )
    read_by = models.CharField(max_length=200)
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    spoken_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_sha256__regex=r"^[0-9a-f]{8,64}$"), name="a_closing_code_has_a_hash"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.door} · {self.last_seq}"


class Acknowledgement(models.Model):
    """An official has seen why a run was stopped by the brake, and lets the roster stand. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    places = models.JSONField(help_text="Choice by child key: the roster that is acknowledged.")
    reason = models.TextField()
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="an_acknowledgement_gives_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.district_id} · {self.acknowledged_at:%Y-%m-%d %H:%M}"


class Proposal(models.Model):
    """
    What one official has signed and a second one must sign too, on an own sign-in.

    No fact: it waits, and goes when it is signed or taken back. What it leads to is the fact.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", _("Confirm the list without having heard from every desk")
        ANNUL = "annul", _("Take a confirmed place back for fraud")

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=7, choices=Kind)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(ConfirmedPlace, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="confirm", round__isnull=False, place__isnull=True)
                | Q(kind="annul", round__isnull=True, place__isnull=False),
                name="a_proposal_is_about_a_round_or_a_place",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_proposal_gives_a_reason"),
            models.UniqueConstraint(fields=["round", "district"], name="a_district_proposes_a_round_once"),
            models.UniqueConstraint(fields=["place"], name="a_place_is_proposed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.district_id} · {self.kind}"
