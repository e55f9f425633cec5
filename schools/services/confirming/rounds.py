"""A district's roster of a round is confirmed: from then on its places are held."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schools.models import (
    Account,
    Campaign,
    Case,
    Confirmation,
    ConfirmedPlace,
    District,
    RosterEntry,
    RosterState,
    Round,
)
from schools.rules import Refusal
from schools.selectors.watermarks import Watermark, watermark
from schools.services.publishing import one_run_at_a_time

from .signing import check_scope, check_two, checked_reason

_PLACES_AT_ONCE: Final = 2000


class NotClosedYet(Refusal):
    message = _("No round has closed yet whose places are drawn and could be confirmed.")


class FactsNotRead(Refusal):
    message = _("The list has not read everything yet. Try again in a minute.")


class MovedOn(Refusal):
    message = _("Another round is on the list now than the one you looked at. Look at it first.")


class Braked(Refusal):
    message = _("The list is stopped, because too many children would move. Look at that first.")


class AlreadyConfirmed(Refusal):
    message = _("This round is confirmed already: %(official)s, %(time)s.")


class NotHeardFrom(Refusal):
    """Desks of the district are dark; `watermark` holds them, what is known of them, and the way out."""

    message = _("The list cannot be confirmed yet.")

    def __init__(self, *, watermark: Watermark) -> None:
        super().__init__()
        self.watermark = watermark

    def __str__(self) -> str:
        sentences = [str(self.message)]
        for desk in self.watermark.dark:
            horizon = desk.horizon
            call = ", ".join(filter(None, (horizon.contact, horizon.phone)))
            heard = _time(horizon.heard_at) if horizon.heard_at else gettext("never")
            sentences.append(
                gettext("No contact: %(desk)s; last heard: %(heard)s.")
                % {"desk": str(horizon), "heard": heard}
            )
            if call:
                sentences.append(gettext("Call: %(call)s.") % {"call": call})
        sentences.append(gettext("Unsent applications may be there."))
        after = {"time": _time(self.watermark.reasoned_at)}
        sentences.append(gettext("With a written reason, possible after: %(time)s.") % after)
        return " ".join(sentences)


def confirm_round(
    *,
    campaign: Campaign,
    district: District,
    official: Account,
    at: datetime,
    second_official: Account | None = None,
    reason: str = "",
    round_number: int | None = None,
) -> Confirmation:
    """
    Confirm the district's roster of the current round: who is placed and not held, holds that place.

    One confirmation a round and district; whoever comes second is told of the first. It runs
    under the lock of reconciliations, so that the roster it reads is the one it confirms.
    The rule: docs/reference/rule.md, "Rounds and confirmation".

    :param round_number: the round that the official looked at; None for whichever is current
    :param second_official: with `reason`, when desks stayed dark for `silent_desk_hours`
    :raises NotYours: the district is not in an official's scope
    :raises OneOfficial: both signatures are of one person
    :raises NoReason: a second official, and no reason in words
    :raises NotClosedYet: no round has a roster, or the portal has not had its five minutes
    :raises MovedOn: another round than the one looked at is current
    :raises AlreadyConfirmed: the round is confirmed for this district
    :raises FactsNotRead: the district's desks delivered what is not taken in yet, or the round changed
    :raises Braked: the brake stopped a run of this district
    :raises NotHeardFrom: a desk is dark, and there are no two officials, or not yet
    """
    check_scope(official=official, district=district)
    if second_official is not None:
        check_scope(official=second_official, district=district)
        check_two(official=official, second_official=second_official)
        reason = checked_reason(reason)
    with one_run_at_a_time(year=campaign.year, wait=True):
        state, round_, mark = _checked(campaign, district, at=at, is_reasoned=second_official is not None)
        if round_number not in (None, round_.number):
            raise MovedOn
        if _bring_up_to_date(campaign, at=at):
            # What was read meanwhile can have moved the round, or put the brake on.
            seen = round_
            state, round_, mark = _checked(campaign, district, at=at, is_reasoned=second_official is not None)
            if round_ != seen:
                raise FactsNotRead
        if _still_to_take_in(district):
            raise FactsNotRead
        return _confirm(
            Confirmation(
                id=uuid4(),
                campaign=campaign,
                round=round_,
                district=district,
                way=Confirmation.Way.WATERMARK if mark.has_passed(at=at) else Confirmation.Way.REASONED,
                reason=reason,
                facts_sha256=bytes(state.facts_sha256),
                roster_sha256=b"",
                closing_at=state.closing_at,
                round_facts=state.round_facts,
                doors=mark.doors(),
                official=official,
                second_official=second_official,
                confirmed_at=at,
            )
        )


def _checked(
    campaign: Campaign, district: District, *, at: datetime, is_reasoned: bool
) -> tuple[RosterState, Round, Watermark]:
    state = RosterState.objects.select_related("round").filter(campaign=campaign).first()
    if state is None or state.round is None or state.closing_at is None:
        raise NotClosedYet
    refuse_twice(round_=state.round, district=district)
    mark = watermark(campaign=campaign, district=district.kato, closing_at=state.closing_at)
    if at < mark.portal_at:
        raise NotClosedYet
    if is_braked(campaign=campaign, district=district):
        raise Braked
    if not mark.has_passed(at=at) and not (is_reasoned and at >= mark.reasoned_at):
        raise NotHeardFrom(watermark=mark)
    return state, state.round, mark


def is_braked(*, campaign: Campaign, district: District) -> bool:
    """Whether a run that moves many of the district's children waits for a person."""
    return Case.objects.filter(
        campaign=campaign, kind=Case.Kind.BRAKE, subject=district.kato, closed_at=None
    ).exists()


def _bring_up_to_date(campaign: Campaign, *, at: datetime) -> bool:
    """
    Let the floor above read its facts into the roster, under the lock that is held already.

    A roster is seconds behind by design, and on a busy day never without an unread fact: in this
    transaction's snapshot there is none afterwards.
    """
    if not settings.ROSTER_BRING_UP_TO_DATE:
        return False
    import_string(settings.ROSTER_BRING_UP_TO_DATE)(campaign=campaign, at=at)
    return True


def _still_to_take_in(district: District) -> int:
    """How much the district's desks delivered that is not a fact for the roster yet."""
    if not settings.ROSTER_STILL_TO_TAKE_IN:
        return 0
    count: int = import_string(settings.ROSTER_STILL_TO_TAKE_IN)(district=district.kato)
    return count


def refuse_twice(*, round_: Round, district: District) -> None:
    """:raises AlreadyConfirmed: the round is confirmed for this district"""
    first = Confirmation.objects.filter(round=round_, district=district).select_related("official").first()
    if first is not None:
        raise AlreadyConfirmed(official=str(first.official), time=_time(first.confirmed_at))


def _confirm(confirmation: Confirmation) -> Confirmation:
    entries = list(
        RosterEntry.objects.filter(
            campaign=confirmation.campaign, district=confirmation.district
        ).select_related("intake")
    )
    confirmation.roster_sha256 = district_sha256(entries)
    confirmation.save(force_insert=True)
    ConfirmedPlace.objects.bulk_create(
        (
            ConfirmedPlace(
                confirmation=confirmation,
                intake=entry.intake,
                slot=entry.slot,
                child_key=entry.child_key,
                application_id=entry.application_id,
            )
            for entry in entries
            if entry.slot is not None and not entry.is_held and not entry.held_for and not entry.is_confirmed
        ),
        batch_size=_PLACES_AT_ONCE,
    )
    return confirmation


def district_sha256(entries: Iterable[RosterEntry]) -> bytes:
    """
    The hash of a district's roster in canonical form, 32 bytes: no row ids, no computation times (law 6).

    One JSON array a line, sorted: choice, number of the slot or -1, lane, moment, number of the
    draw, application, child, number of the receipt, arrival, what it is held for, whether it was
    confirmed before.
    """
    lines = sorted(
        json.dumps(_canonical(entry), ensure_ascii=False, separators=(",", ":")) for entry in entries
    )
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _canonical(entry: RosterEntry) -> list[object]:
    return [
        entry.intake.name,
        -1 if entry.slot is None else entry.slot,
        entry.lane,
        entry.moment.astimezone(UTC).isoformat(),
        entry.draw_number,
        str(entry.application_id),
        entry.child_key,
        entry.application_number,
        entry.arrived_at.astimezone(UTC).isoformat(),
        sorted(entry.held_for),
        entry.is_confirmed,
    ]


def _time(at: datetime) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
