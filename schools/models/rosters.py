"""Who was given what: derived from facts, rebuilt whenever new ones arrive."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, When
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign, Intake, Round
from .places import District


class Lane(models.TextChoices):
    """On which side of the 3:1 rule a child stands at one school."""

    TERRITORY = "territory", _("From the territory")
    OUTSIDE = "outside", _("From outside")


class Held(models.TextChoices):
    """Why a place is held: not given away, and not confirmed."""

    RELATION = "relation", _("The relation to the child is not checked")
    ADDRESS = "address", _("The address is not checked")
    CONTESTED = "contested", _("Two applications, different schools")
    CUT_OFF = "cut_off", _("The last place of a line in which something is open")
    TWINS = "twins", _("The last place falls between twins")
    CLOSING = "closing", _("A desk read its closing code and named this school")


class RosterEntry(models.Model):
    """
    One child on one intake's list: in a slot, or waiting in one of its two lines.

    Derived (law 6): `publish_roster` deletes and inserts rows, never trusts them. It copies
    what a list shows; nothing points upwards to the application.
    """

    # A cost: of half a million rows written at once each checked key takes seconds. They are
    # derived from rows that are there.
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    district = models.ForeignKey(
        District, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    intake = models.ForeignKey(
        Intake, on_delete=models.PROTECT, related_name="roster", db_constraint=False, db_index=False
    )
    child_key = models.CharField(max_length=60)
    child_name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=400, help_text="Sorts names by the Kazakh alphabet.")
    application_id = models.UUIDField()
    application_number = models.CharField(max_length=14)
    door = models.CharField(max_length=8)
    lane = models.CharField(max_length=9, choices=Lane)
    slot = models.PositiveIntegerField(null=True, help_text="Empty while the child waits.")
    # What orders a line; the number in line itself is counted when asked, never stored.
    arrived_at = models.DateTimeField()
    moment = models.DateTimeField()
    draw_number = models.CharField(max_length=64)
    is_contested = models.BooleanField(default=False)
    is_held = models.BooleanField(default=False, help_text="Rests on something not yet checked.")
    held_for = ArrayField(models.CharField(max_length=12, choices=Held), default=list, blank=True)
    is_confirmed = models.BooleanField(default=False, help_text="Holds the slot: it was confirmed.")

    class Meta:
        constraints = [
            # One place a child, and one line in which it waits at an intake. A cost: of half a million
            # rows each index takes seconds, so this one also finds a child's lines, the next one an intake's.
            models.UniqueConstraint(
                F("child_key"),
                F("campaign"),
                Case(When(slot__isnull=True, then=F("intake")), default=0),
                name="one_roster_entry_per_child_and_campaign",
            ),
            models.UniqueConstraint(fields=["intake", "slot"], name="a_slot_is_given_once"),
        ]
        indexes = [models.Index(fields=["district"], name="roster_by_district")]

    def __str__(self) -> str:
        return f"{self.application_number} · {self.intake_id} · {self.slot}"


class RosterState(models.Model):
    """How far a campaign's roster is known; one row a campaign, and the lock of its runs."""

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, primary_key=True)
    # Facts are only ever added, so a larger count has read everything a smaller one had.
    facts_read = models.PositiveBigIntegerField(default=0)
    facts_sha256 = models.BinaryField(max_length=32, default=bytes, help_text="Of the set of facts read.")
    setup_sha256 = models.BinaryField(
        max_length=32, default=bytes, help_text="Of the policy, rounds, intakes and territories read."
    )
    roster_sha256 = models.BinaryField(max_length=32, default=bytes)
    round = models.ForeignKey(
        Round, null=True, on_delete=models.PROTECT, related_name="+", help_text="Empty before the first."
    )
    closing_at = models.DateTimeField(
        null=True, help_text="The round's effective closing: moved to the end of an interval that holds it."
    )
    known_at = models.DateTimeField(null=True, help_text="When the facts were last read.")
    round_facts = models.PositiveBigIntegerField(default=0, help_text="How many happened before its closing.")
    published_at = models.DateTimeField(null=True, help_text="When the roster last changed.")

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.facts_read}"


class IntakeState(models.Model):
    """What is known of one intake's list as a whole. Derived, like the list itself."""

    intake = models.OneToOneField(Intake, on_delete=models.CASCADE, primary_key=True, related_name="state")
    component = models.CharField(
        max_length=24,
        blank=True,
        help_text="The smallest name among the intakes that choices connect with this one.",
    )
    slots = models.TextField(blank=True, help_text="As the roster's round knows them.")
    lines_sha256 = models.BinaryField(
        max_length=32, default=bytes, help_text="Of the list in canonical form; empty before the first round."
    )
    # Counted while a round is open too, when there is no order and no place to show.
    arrived_territory = models.PositiveIntegerField(default=0, help_text="Children that ask for it.")
    arrived_outside = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.intake_id} · {self.component}"


class RetoldRound(models.Model):
    """
    A confirmed round of which something became known too late, told again. Derived.

    It is told anew only when more of what happened before its closing becomes known.
    """

    round = models.OneToOneField(Round, on_delete=models.CASCADE, primary_key=True, related_name="+")
    facts = models.PositiveBigIntegerField(help_text="How many facts happened before its closing.")
    sha256 = models.BinaryField(max_length=32, help_text="Of everything it was told from.")

    def __str__(self) -> str:
        return f"{self.round} · {self.facts}"


class RetoldPlace(models.Model):
    """A place of a round told again that no confirmation gave. Derived."""

    retold = models.ForeignKey(RetoldRound, on_delete=models.CASCADE, related_name="places")
    intake = models.ForeignKey(Intake, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=1, help_text="T or O: of the slot.")
    child_key = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retold", "child_key"], name="a_round_told_again_places_a_child_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.child_key} · {self.intake_id}"


class Harmed(models.Model):
    """
    A child that would have won a place, had everything that happened before a closing been known. Derived.

    It goes first when a slot of that kind becomes free.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="+")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="harmed")
    kind = models.CharField(max_length=1, help_text="T or O: of the slot it would have.")
    child_key = models.CharField(max_length=60)
    child_name = models.CharField(max_length=200)
    application_id = models.UUIDField()
    application_number = models.CharField(max_length=14)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "child_key"], name="a_child_is_harmed_at_one_intake"),
        ]

    def __str__(self) -> str:
        return f"{self.application_number} · {self.intake_id}"
