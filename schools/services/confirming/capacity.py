"""Places more, places less, and a place above capacity for one child: facts with a day they are in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.clock import ALMATY
from schools.models import (
    Account,
    Campaign,
    ConfirmedPlace,
    Harmed,
    Intake,
    Lane,
    RosterEntry,
    RosterState,
    SlotChange,
)
from schools.rules import Refusal
from schools.rules.days import parse_moved_days, working_days_after
from schools.rules.slots import REMOVED, add_slots, remove_slots

from .signing import check_scope, checked_reason

MOST_PLACES: Final = 2000
"""As many as an import takes: more is a slip of the finger."""


class NotOpenYet(Refusal):
    message = _("Before the opening places are changed by an import: manage.py import_schools.")


class TooManyPlaces(Refusal):
    message = _("A whole number from 0 to %(most)s is needed.")


class NotOnTheList(Refusal):
    message = _(
        "This child is neither on the list of those who came too late at this school nor among those "
        "of its territory without a place."
    )


@dataclass(frozen=True, slots=True)
class Capacity:
    """One intake's slots with everything that was recorded, in force already or not."""

    slots: str
    """Every slot ever made, `-` for the removed ones."""
    granted: frozenset[int]
    held: frozenset[int]

    @property
    def places(self) -> int:
        """Without those above capacity, which belong to a child each."""
        return sum(kind != REMOVED and n not in self.granted for n, kind in enumerate(self.slots))


def capacity_known(*, intake: Intake) -> Capacity:
    """What an intake has once every recorded change is in force. Four queries."""
    changes = list(SlotChange.objects.filter(intake=intake).order_by("slot"))
    appended = [change for change in changes if change.kind != SlotChange.Kind.REMOVED]
    last = max((change.slot for change in appended), default=-1)
    pattern = intake.campaign.policy.slot_pattern
    slots = add_slots(intake.slots, max(last + 1 - len(intake.slots), 0), pattern)
    removed = {change.slot for change in changes if change.kind == SlotChange.Kind.REMOVED}
    return Capacity(
        slots="".join(REMOVED if n in removed else kind for n, kind in enumerate(slots)),
        granted=frozenset(change.slot for change in appended if change.kind == SlotChange.Kind.GRANTED),
        held=frozenset(_held(intake)),
    )


def _held(intake: Intake) -> Iterable[int]:
    """Slots that children hold: on the roster, or by a confirmation that the roster has not read yet."""
    state = RosterState.objects.filter(campaign=intake.campaign_id).first()
    on_roster = RosterEntry.objects.filter(intake=intake, is_confirmed=True, slot__isnull=False)
    yield from (slot for slot in on_roster.values_list("slot", flat=True) if slot is not None)
    fresh = ConfirmedPlace.objects.filter(intake=intake, annulment=None)
    if state is not None and state.known_at is not None:
        fresh = fresh.filter(confirmation__confirmed_at__gte=state.known_at)
    yield from fresh.values_list("slot", flat=True)


@transaction.atomic
def change_capacity(
    *, intake: Intake, places: int, official: Account, reason: str, at: datetime
) -> list[SlotChange]:
    """
    Give an intake `places` in all, from `policy.notice_days` working days ahead.

    New slots are appended, of the kind that the pattern has there; removed are the highest
    that nobody holds. A child that is given one of them before that day keeps it. Places
    above capacity are not counted. The same number again changes nothing.

    :returns: one fact a slot, empty when there are so many already
    :raises NotYours: the school's district is not in the official's scope
    :raises NoReason: the reason is not said in words
    :raises NotOpenYet: before the opening the import changes places
    :raises TooManyPlaces: not a number from 0 to `MOST_PLACES`
    :raises TooFewOpenSlots: children hold more
    """
    campaign = intake.campaign
    check_scope(official=official, district=intake.school.district)
    reason = checked_reason(reason)
    if at < campaign.opens_at:
        raise NotOpenYet
    if not 0 <= places <= MOST_PLACES:
        raise TooManyPlaces(most=MOST_PLACES)
    # Two officials who count the same slots would append or remove the same ones.
    Intake.objects.select_for_update(of=("self",)).get(pk=intake.pk)
    known = capacity_known(intake=intake)
    if places >= known.places:
        first = len(known.slots)
        kind, slots = SlotChange.Kind.ADDED, list(range(first, first + places - known.places))
    else:
        after = remove_slots(known.slots, known.places - places, known.held | known.granted)
        kind = SlotChange.Kind.REMOVED
        slots = [n for n, one in enumerate(after) if one == REMOVED and known.slots[n] != REMOVED]
    return SlotChange.objects.bulk_create(
        SlotChange(
            id=uuid4(),
            intake=intake,
            kind=kind,
            slot=slot,
            in_force_date=in_force_date(campaign=campaign, at=at),
            reason=reason,
            official=official,
            recorded_at=at,
        )
        for slot in slots
    )


def in_force_date(*, campaign: Campaign, at: datetime) -> date:
    """The day from which a change of capacity that is recorded at `at` is in force."""
    moved = parse_moved_days(campaign.moved_days)
    return working_days_after(at.astimezone(ALMATY).date(), campaign.policy.notice_days, moved)


@transaction.atomic
def grant_place(
    *, intake: Intake, child_key: str, official: Account, reason: str, at: datetime
) -> SlotChange:
    """
    Give one child a place above capacity: a new slot, in force in the current round.

    For a child that would have won a place here had everything been known (the harmed list),
    or that lives in the school's territory and got no place. Nobody else's place changes.
    Granting it twice is granting it once.

    :raises NotYours: the school's district is not in the official's scope
    :raises NoReason: the reason is not said in words
    :raises NotOnTheList: the child is on neither list
    """
    campaign = intake.campaign
    check_scope(official=official, district=intake.school.district)
    reason = checked_reason(reason)
    Intake.objects.select_for_update(of=("self",)).get(pk=intake.pk)
    first = SlotChange.objects.filter(
        intake=intake, kind=SlotChange.Kind.GRANTED, child_key=child_key
    ).first()
    if first is not None:
        return first
    state = RosterState.objects.filter(campaign=campaign).first()
    if state is None or state.closing_at is None or not _is_owed(intake, child_key):
        raise NotOnTheList
    return SlotChange.objects.create(
        id=uuid4(),
        intake=intake,
        kind=SlotChange.Kind.GRANTED,
        slot=len(capacity_known(intake=intake).slots),
        # Of the round on the roster: what a person decides now need not wait for the next closing.
        in_force_date=(state.closing_at - timedelta(microseconds=1)).astimezone(ALMATY).date(),
        child_key=child_key,
        reason=reason,
        official=official,
        recorded_at=at,
    )


def _is_owed(intake: Intake, child_key: str) -> bool:
    if Harmed.objects.filter(intake=intake, child_key=child_key).exists():
        return True
    mine = RosterEntry.objects.filter(campaign=intake.campaign, child_key=child_key)
    waits = mine.filter(intake=intake, lane=Lane.TERRITORY, slot__isnull=True).exists()
    return waits and not mine.filter(slot__isnull=False).exists()
