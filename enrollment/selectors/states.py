"""Where applications stand, as far as the families that sent them may know."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from enrollment import arrival
from enrollment.claims import Ending
from enrollment.explaining import HELD_FOR
from enrollment.models import Application
from enrollment.selectors.children import Children, children_of
from enrollment.selectors.terms import Calendar, Decided, calendars
from schools.models import Campaign, Case, Harmed, Lane, RosterEntry, RosterState
from schools.rules import next_working_day

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_ALIVE: Final = (Ending.STANDING, Ending.LINKED, Ending.CONTESTED)


@dataclass(frozen=True, slots=True)
class State:
    """Where one application stands, as far as the family that sent it may know."""

    ending: Ending
    entry: RosterEntry | None
    """The child's line on a roster, when it is there for the choices of this very application."""
    place_in_line: int | None
    """The number in the child's own line, from 1, while it waits."""
    withdrawal_waits: bool
    """A desk was asked to withdraw it and the term has not run out."""
    decided: Decided | None
    """The round that decides about it first; None for what has ended, or where none is planned."""
    is_closed: bool
    """The published roster is of that round or a later one."""
    harmed: Harmed | None
    """The place it would have had, had everything been known in time."""
    must_act_by: date | None
    """For a child of the territory without a place: the day by which the department must find one."""
    confirmation_by: date | None
    """The day by which the list is to be confirmed that shows its provisional place."""
    school_by: date | None
    """For a contested one: the day by which its sender is to confirm the school."""

    @property
    def has_place(self) -> bool:
        return self.entry is not None and self.entry.slot is not None

    @property
    def is_alive(self) -> bool:
        return self.ending in _ALIVE

    @property
    def code(self) -> str:
        """
        One word for templates, the first that is true.

        withdrawn, void, contested; confirmed, held, place (provisional); harmed, must_act, reserve;
        linked, registered.
        """
        if self.ending in (Ending.WITHDRAWN, Ending.VOID, Ending.CONTESTED):
            return self.ending.value
        if self.entry is not None and self.entry.slot is not None:
            if self.entry.is_confirmed:
                return "confirmed"
            return "held" if self.entry.held_for else "place"
        return self._without_a_place()

    def _without_a_place(self) -> str:
        if self.harmed is not None:
            return "harmed"
        if self.place_in_line is not None:
            return "reserve" if self.must_act_by is None else "must_act"
        return "linked" if self.ending is Ending.LINKED else "registered"

    @property
    def held_words(self) -> "list[StrOrPromise]":
        """What its kept place waits for."""
        return [] if self.entry is None else [HELD_FOR[code] for code in self.entry.held_for]

    @property
    def public_code(self) -> str:
        """The same for a page that anybody with the receipt opens: it must not say where the child lives."""
        return "reserve" if self.code == "must_act" else self.code


def states_of(applications: list[Application]) -> dict[UUID, State]:
    """
    Where applications stand; a fixed number of queries, however many.

    The same pure claims that make the roster are asked, over the facts of these children
    alone. Of another person's application for the same child nothing leaves this room.
    """
    if not applications:
        return {}
    rosters = Rosters(applications)
    return {application.id: rosters.state_of(application) for application in applications}


class Rosters:
    """What the published rosters say about the children of some applications, read once."""

    def __init__(self, applications: list[Application]) -> None:
        self.children: dict[int, Children] = children_of(applications)
        years = {a.campaign_id for a in applications}
        self.campaigns = Campaign.objects.select_related("rosterstate").in_bulk(years)
        self.calendars = calendars(campaigns=self.campaigns)
        self.rosters: dict[int, RosterState] = {
            year: campaign.rosterstate
            for year, campaign in self.campaigns.items()
            if hasattr(campaign, "rosterstate")
        }
        of_these = Q(pk=None)
        for year, found in self.children.items():
            keys = {found.key_of(a) for a in applications if a.campaign_id == year}
            of_these |= Q(campaign_id=year, child_key__in=keys)
        entries = list(RosterEntry.objects.filter(of_these).select_related("intake__school__district"))
        self.entries = {(e.campaign_id, e.child_key, e.intake.name): e for e in entries}
        self.before = places_in_line([entry for entry in entries if entry.slot is None])
        harmed = Harmed.objects.filter(of_these).select_related("intake__school__district")
        self.harmed = {(h.campaign_id, h.child_key): h for h in harmed}

    def state_of(self, application: Application) -> State:
        found = self.children[application.campaign_id]
        ending = found.standing.endings.get(application.id, Ending.STANDING)
        is_alive = ending in _ALIVE
        child = found.key_of(application)
        claim = found.standing.claims.get(child)
        # Another sender's other choice is nobody's business here.
        shares = is_alive and claim is not None and claim.choices == tuple(application.choices)
        entry = self._entry(application, child) if shares else None
        harmed = self.harmed.get((application.campaign_id, child)) if shares else None
        arrived_at = claim.arrived_at if shares and claim is not None else application.lodged_at
        decided = self.calendars[application.campaign_id].deciding(arrived_at) if is_alive else None
        roster = self.rosters.get(application.campaign_id)
        return State(
            ending=ending,
            entry=entry,
            place_in_line=self.before[entry.pk] if entry is not None and entry.slot is None else None,
            withdrawal_waits=is_alive
            and any(not r.stands and r.application_id == application.id for r in found.retracted),
            decided=decided,
            is_closed=roster is not None and roster.closing_at is not None and arrived_at < roster.closing_at,
            harmed=harmed,
            must_act_by=self._must_act_by(application, entry, decided),
            confirmation_by=self._confirmation_by(roster, entry),
            school_by=self._school_by(application, decided) if ending is Ending.CONTESTED else None,
        )

    def _entry(self, application: Application, child: str) -> RosterEntry | None:
        """The child's place, else its line for the choice it likes best of those it waits for."""
        year = application.campaign_id
        found = [self.entries.get((year, child, choice)) for choice in application.choices]
        on_lists = [entry for entry in found if entry is not None]
        return next((entry for entry in on_lists if entry.slot is not None), next(iter(on_lists), None))

    def _must_act_by(
        self, application: Application, entry: RosterEntry | None, decided: Decided | None
    ) -> date | None:
        if entry is None or entry.slot is not None or decided is None:
            return None
        year, child = application.campaign_id, entry.child_key
        waits = [self.entries.get((year, child, choice)) for choice in application.choices]
        if not any(one is not None and one.lane == Lane.TERRITORY for one in waits):
            return None
        return decided.must_act_by(self.campaigns[year].policy.must_act_days)

    def _school_by(self, application: Application, decided: Decided | None) -> date | None:
        """When the answer is due; never before there was a working day to be asked in."""
        year, child = application.campaign_id, self.children[application.campaign_id].key_of(application)
        opened_at = self._contests.get((year, child))
        due = [] if decided is None or decided.answer_by is None else [decided.answer_by]
        if opened_at is not None:
            due.append(next_working_day(arrival.day_of(opened_at), self.calendars[year].moved))
        return max(due, default=None)

    @cached_property
    def _contests(self) -> dict[tuple[int, str], datetime]:
        """By year and child when people were first asked; read only where somebody is."""
        keys = [key for found in self.children.values() for key in found.standing.claims]
        cases = Case.objects.filter(kind=Case.Kind.CONTESTED, closed_at=None, subject__in=keys)
        return {(c.campaign_id, c.subject): c.opened_at for c in cases}

    def _confirmation_by(self, roster: RosterState | None, entry: RosterEntry | None) -> date | None:
        if roster is None or roster.closing_at is None or entry is None or entry.is_confirmed:
            return None
        calendar: Calendar = self.calendars[roster.campaign_id]
        return Decided(0, roster.closing_at, calendar.moved).answer_by


def places_in_line(waiting: list[RosterEntry]) -> dict[int, int]:
    """
    Counted when asked, in one query that walks each intake's lines once.

    :returns: numbers from 1, by the entry's key
    """
    if not waiting:
        return {}
    keys, intakes = [entry.pk for entry in waiting], list({entry.intake_id for entry in waiting})
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERED, [intakes, keys])
        return dict(cursor.fetchall())


# A cost: whoever counts for each line how many stand before it reads the whole line for each.
_NUMBERED: Final = """
    SELECT id, number FROM (
        SELECT id, row_number() OVER (
            PARTITION BY intake_id, lane ORDER BY moment, draw_number, application_id
        ) AS number
        FROM schools_rosterentry WHERE slot IS NULL AND intake_id = ANY(%s)
    ) AS lines
    WHERE id = ANY(%s)
"""
