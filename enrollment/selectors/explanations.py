"""Explanations of applications: gathers what `explaining` needs, of other children counts only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.text import format_lazy

from enrollment import arrival, explaining
from enrollment.claims import Claim, Ending
from enrollment.models import Application, Check
from enrollment.receipts import parse_number
from enrollment.selectors.children import Children
from enrollment.selectors.states import Rosters, State
from schools.models import ConfirmedPlace, Intake, Lane, RosterEntry, SlotChange
from schools.selectors.offers import known_slots, territory_schools

_DECIDED: Final = (Ending.STANDING, Ending.LINKED)


def applications_numbered(*, number: str) -> list[Application]:
    """
    Every application that bears this number: after a clone there may be two. By time, then id.

    :raises InvalidNumber: no such number can exist
    """
    return list(Application.objects.filter(number=parse_number(number)).order_by("lodged_at", "id"))


def explanations_of(
    *, applications: list[Application], for_officials: bool
) -> dict[UUID, explaining.Explanation]:
    """
    Why each application stands where it stands; a fixed number of queries and one for each child's address.

    :param for_officials: also names the child's application that counts instead; a family is told
        nothing of what another person sent, beyond that it counts
    """
    if not applications:
        return {}
    gathered = _Gathered(applications)
    return {
        a.id: explaining.explain(gathered.standing_of(a, for_officials=for_officials)) for a in applications
    }


@dataclass(frozen=True, slots=True)
class _Counts:
    """What one line of a list has around it."""

    before: int
    before_placed: int
    equal: int
    equal_before: int


class _Gathered:
    """Everything that explanations of some applications need, read once."""

    def __init__(self, applications: list[Application]) -> None:
        self.rosters = Rosters(applications)
        self.states = {a.id: self.rosters.state_of(a) for a in applications}
        shown = [entry for a in applications for entry in self._entries(a)]
        self.counts = _counts(shown)
        self.intakes = {
            (intake.campaign_id, intake.name): intake
            for intake in Intake.objects.filter(_named(applications)).select_related(
                "school__district", "state"
            )
        }
        self.taken = _taken(shown)
        claims = [claim for a in applications if (claim := self._claim(a)) is not None]
        self.address_checks = _last_address_checks({claim.application_id for claim in claims})
        keys = {entry.child_key for entry in shown}
        self.confirmed = _confirmed(keys=keys, years=set(self.rosters.campaigns))

    def standing_of(self, application: Application, *, for_officials: bool) -> explaining.Standing:
        state = self.states[application.id]
        found = self.rosters.children[application.campaign_id]
        claim = self._claim(application)
        shares = claim is not None and claim.choices == tuple(application.choices)
        base: dict[str, Any] = {
            "number": application.number,
            "door": application.door,
            "lodged_at": application.lodged_at,
            "ending": state.ending,
            "shares": shares,
            "is_corrected": _is_corrected(application, found),
            "counting": found.lodged[claim.application_id].number
            if for_officials and claim is not None and claim.application_id != application.id
            else "",
            "withdrawal_waits": state.withdrawal_waits,
        }
        if claim is None or not shares or state.ending not in _DECIDED:
            return explaining.Standing(**base)
        return explaining.Standing(
            **base, **self._place(application, state, claim, for_officials=for_officials)
        )

    def _place(
        self,
        application: Application,
        state: State,
        claim: Claim,
        *,
        for_officials: bool,
    ) -> dict[str, Any]:
        entries = self._entries(application)
        year = application.campaign_id
        first = self.intakes.get((year, application.choices[0]))
        place = next((entry for entry in entries if entry.slot is not None), None)
        confirmed_at, is_granted = self._confirmation(place)
        # The standing application's own address, or none: the other sender's is not this one's to see.
        standing = application if claim.application_id == application.id else None
        check = self.address_checks.get(claim.application_id)
        return {
            "counted": self._counted(application, claim, first),
            "home": explaining.Home(
                address=_address(standing),
                is_checked=check is not None and check.agrees,
                is_other=check is not None and not check.agrees and check.found is not None,
            ),
            "is_territory": self._is_territory(application, standing, entries, first, check),
            "round": None
            if state.decided is None
            else explaining.Round(
                number=state.decided.number,
                closing_date=state.decided.closing_date,
                answer_by=state.decided.answer_by,
                is_closed=state.is_closed,
            ),
            "wishes": tuple(self._wish(entry) for entry in entries),
            "draw_date": self._draw_date(application, claim) if entries else None,
            "draw_number": entries[0].draw_number if entries and (standing or for_officials) else "",
            "held_for": tuple(place.held_for) if place is not None else (),
            "confirmed_at": confirmed_at,
            "is_granted": is_granted,
            "harmed_at": named(state.harmed.intake) if state.harmed is not None else "",
            "must_act_by": state.must_act_by,
            "help_line": first.school.district.help_line if first is not None else "",
        }

    def _claim(self, application: Application) -> Claim | None:
        found = self.rosters.children[application.campaign_id]
        return found.standing.claims.get(found.key_of(application))

    def _entries(self, application: Application) -> list[RosterEntry]:
        """The child's lines in the order of its choices, down to its place."""
        child = self.rosters.children[application.campaign_id].key_of(application)
        lines = []
        for choice in application.choices:
            entry = self.rosters.entries.get((application.campaign_id, child, choice))
            if entry is None:
                continue
            lines.append(entry)
            if entry.slot is not None:
                break
        return lines

    def _counted(self, application: Application, claim: Claim, first: Intake | None) -> explaining.Counted:
        calendar = self.rosters.calendars[application.campaign_id]
        campaign = calendar.campaign
        district = first.school.district_id if first is not None else ""
        intervals = calendar.intervals_of(district)
        arrived_at = max(claim.arrived_at, campaign.opens_at)
        interval = next((one for one in intervals if arrived_at in one), None)
        return explaining.Counted(
            moment=arrival.moment(
                claim.arrived_at, opens_at=campaign.opens_at, intervals=intervals, grain=campaign.policy.grain
            ),
            is_earlier=claim.arrived_at < application.lodged_at,
            is_before_opening=claim.arrived_at < campaign.opens_at,
            interval=interval,
            has_opening=interval is not None
            and campaign.policy.opening_interval
            and campaign.opens_at in interval,
            outages=tuple(
                sorted(
                    (
                        one
                        for one in calendar.outages
                        if interval is not None
                        and one.district in (None, district)
                        and _overlaps(one, interval)
                    ),
                    key=lambda one: one.start,
                )
            ),
            grain=campaign.policy.grain,
        )

    def _is_territory(
        self,
        application: Application,
        standing: Application | None,
        entries: list[RosterEntry],
        first: Intake | None,
        check: Check | None,
    ) -> bool | None:
        """As its list says; before there is one, worked out from the address that decides."""
        if entries:
            return entries[0].lane == Lane.TERRITORY
        if first is None or (standing is None and (check is None or check.found is None)):
            return None
        address = (
            check.found if check is not None and check.found is not None else application.form["address"]
        )
        serving = territory_schools(
            campaign=self.rosters.campaigns[application.campaign_id],
            district=address.get("district", ""),
            street=address.get("street", ""),
            house=address.get("house", ""),
        )
        return first.school_id in serving

    def _wish(self, entry: RosterEntry) -> explaining.Wish:
        intake = self.intakes[entry.campaign_id, entry.intake.name]
        slots = known_slots(intake)
        is_territory = entry.lane == Lane.TERRITORY
        counts, given = self.counts[entry.pk], self.taken[entry.intake_id]
        return explaining.Wish(
            school=named(intake),
            is_territory=is_territory,
            places={kind: slots.count(kind) for kind in (explaining.TERRITORY, explaining.OUTSIDE)},
            before=counts.before,
            before_placed=counts.before_placed,
            equal=counts.equal,
            equal_before=counts.equal_before,
            slot_kind=slots[entry.slot] if entry.slot is not None and entry.slot < len(slots) else "",
            number=None if entry.slot is not None else self.rosters.before[entry.pk],
            territory_open=sum(
                kind == explaining.TERRITORY and slot not in given for slot, kind in enumerate(slots)
            ),
        )

    def _draw_date(self, application: Application, claim: Claim) -> date:
        """The day of the child's earliest moment over its choices."""
        calendar = self.rosters.calendars[application.campaign_id]
        campaign = calendar.campaign
        districts = {
            intake.school.district_id
            for choice in application.choices
            if (intake := self.intakes.get((campaign.year, choice))) is not None
        }
        return arrival.day_of(
            min(
                arrival.moment(
                    claim.first_arrival_at,
                    opens_at=campaign.opens_at,
                    intervals=calendar.intervals_of(district),
                    grain=campaign.policy.grain,
                )
                for district in districts
            )
        )

    def _confirmation(self, place: RosterEntry | None) -> tuple[datetime | None, bool]:
        if place is None or not place.is_confirmed:
            return None, False
        return self.confirmed.get((place.child_key, place.intake_id), (None, False))


def named(intake: Intake) -> Any:
    """School and language of instruction, in the reader's language."""
    return format_lazy("{}, {}", intake.school, intake.get_language_display())


def _named(applications: list[Application]) -> Q:
    wanted = Q(pk=None)
    for application in applications:
        for choice in application.choices:
            school, _slash, language = choice.partition("/")
            wanted |= Q(campaign_id=application.campaign_id, school_id=school, language=language)
    return wanted


def _counts(entries: list[RosterEntry]) -> dict[int, _Counts]:
    """What stands around each line, in one query."""
    asked: dict[str, Count] = {}
    for entry in entries:
        line = Q(intake=entry.intake_id, lane=entry.lane)
        same = line & Q(moment=entry.moment)
        drawn_before = same & (
            Q(draw_number__lt=entry.draw_number)
            | Q(draw_number=entry.draw_number, application_id__lt=entry.application_id)
        )
        before = (line & Q(moment__lt=entry.moment)) | drawn_before
        asked |= {
            f"before_{entry.pk}": Count("pk", filter=before),
            f"before_placed_{entry.pk}": Count("pk", filter=before & Q(slot__isnull=False)),
            f"equal_{entry.pk}": Count("pk", filter=same & ~Q(pk=entry.pk)),
            f"equal_before_{entry.pk}": Count("pk", filter=drawn_before),
        }
    intakes = {entry.intake_id for entry in entries}
    found = RosterEntry.objects.filter(intake__in=intakes).aggregate(**asked) if asked else {}
    return {
        entry.pk: _Counts(
            before=found[f"before_{entry.pk}"],
            before_placed=found[f"before_placed_{entry.pk}"],
            equal=found[f"equal_{entry.pk}"],
            equal_before=found[f"equal_before_{entry.pk}"],
        )
        for entry in entries
    }


def _taken(entries: list[RosterEntry]) -> dict[int, set[int]]:
    """The given slots of each intake."""
    taken: dict[int, set[int]] = {entry.intake_id: set() for entry in entries}
    rows = RosterEntry.objects.filter(intake__in=taken, slot__isnull=False)
    for intake, slot in rows.values_list("intake_id", "slot"):
        if slot is not None:
            taken[intake].add(slot)
    return taken


def _last_address_checks(ids: Iterable[UUID]) -> dict[UUID, Check]:
    rows = Check.objects.filter(subject=Check.Subject.ADDRESS, application_id__in=list(ids))
    return {row.application_id: row for row in rows.order_by("checked_at", "id")}


def _confirmed(*, keys: set[str], years: set[int]) -> dict[tuple[str, int], tuple[datetime, bool]]:
    """When each child's place at an intake was confirmed or granted, the last one, and which of both it was."""
    places = ConfirmedPlace.objects.filter(
        confirmation__campaign_id__in=years, child_key__in=keys, annulment=None
    ).values_list("child_key", "intake_id", "confirmation__confirmed_at")
    grants = SlotChange.objects.filter(
        intake__campaign_id__in=years, kind=SlotChange.Kind.GRANTED, child_key__in=keys
    ).values_list("child_key", "intake_id", "recorded_at")
    given: list[tuple[datetime, str, int, bool]] = [
        *((at, child, intake, False) for child, intake, at in places),
        *((at, child, intake, True) for child, intake, at in grants),
    ]
    return {(child, intake): (at, granted) for at, child, intake, granted in sorted(given)}


def _is_corrected(application: Application, found: Children) -> bool:
    return any(
        other.replaces == application.id and other.person_key == application.person_key
        for other in found.lodged.values()
    )


def _address(application: Application | None) -> str:
    if application is None:
        return ""
    address = application.form["address"]
    return ", ".join(filter(None, (address.get("street"), address.get("house"), address.get("flat"))))


def _overlaps(outage: arrival.Outage, interval: arrival.Interval) -> bool:
    ends_before = outage.end is not None and outage.end < interval.start
    starts_after = interval.end is not None and outage.start >= interval.end
    return not ends_before and not starts_after
