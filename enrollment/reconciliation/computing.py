"""
The roster that facts make: pure, and from nothing (law 6).

Claims first (`claiming.py`), then when each counts (`moments.py`) and its number
(`enrollment.draw`), then the placement, then what of it is held. The rule:
docs/reference/rule.md.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from enrollment import arrival, draw
from enrollment.arrival import INSTANT, day_of
from enrollment.claims import same_children, token_keys
from enrollment.reading import Applications, Facts, IntakeAt, Lost, Retold, Setup
from enrollment.reconciliation.claiming import Claims, claims_of
from enrollment.reconciliation.closings import closed_round, intervals_of
from enrollment.reconciliation.columns import (
    Coded,
    Ints,
    Picked,
    ServedSchools,
    connected,
    distinct,
    in_draw_order,
    in_lists,
    padded,
)
from enrollment.reconciliation.holding import Placing, held_for
from enrollment.reconciliation.moments import days, moments
from enrollment.reconciliation.retelling import still_lost, told_again
from enrollment.reconciliation.rosters import HarmedChild, Roster, empty_list, placed_at
from enrollment.rounds import RoundAt, needed_days
from schools.holding import Given, Wanted, by_intake, holders, slots_on
from schools.placement import FIRST_FOR_NONE, FIRST_FOR_O, FIRST_FOR_T, Columns, Placed, place_columns
from schools.rules.slots import REMOVED
from schools.services.publishing import RECORD, IntakeList
from schools.services.publishing.listing import WAITING, at_microseconds, to_microseconds

_FIRST = {"T": FIRST_FOR_T, "O": FIRST_FOR_O}


class Place(Protocol):
    """Who gets which place: `schools.placement.place_columns`, or another implementation."""

    def __call__(self, columns: Columns, *, hold_territory: bool) -> Placed: ...


def compute_roster(
    *, setup: Setup, facts: Facts, has_shortcut: bool = True, place: Place = place_columns
) -> Roster:
    """
    The roster that these facts make, without writing anything.

    :param has_shortcut: False sends also the simplest claim through the whole rule
    :param place: the implementation that gives out the places
    """
    intervals = intervals_of(setup, facts)
    computation = _Computation(setup, facts, intervals, has_shortcut=has_shortcut, place=place)
    return computation.roster(closed_round(setup, facts, intervals))


class _Computation:
    """One computation: the claims as columns, their choices as rows of more columns."""

    def __init__(
        self,
        setup: Setup,
        facts: Facts,
        intervals: Mapping[str, Sequence[arrival.Interval]],
        *,
        has_shortcut: bool,
        place: Place,
    ) -> None:
        self.setup, self.facts, self.intervals, self.place = setup, facts, intervals, place
        lodged = facts.lodged
        self.applications = (
            lodged if isinstance(lodged, Applications) else Applications.of(lodged, facts.asked)
        )
        self.listed = 0
        """How many children stand on a list, of the lists made last."""
        self.claims: Claims = claims_of(facts, self.applications, has_shortcut=has_shortcut)
        self.intakes: list[IntakeAt] = [setup.intakes[name] for name in sorted(setup.intakes)]
        self.index = {intake.name: i for i, intake in enumerate(self.intakes)}
        self._ask()

    def _ask(self) -> None:
        """One row for each child and choice: `child`, `intake`, `is_territory`."""
        choices = Coded(self.claims.choices)
        of_choices = padded(choices, index=self.index)[choices.codes]
        is_there = of_choices >= 0
        self.child = np.repeat(np.arange(len(of_choices)), is_there.sum(axis=1))
        self.intake = of_choices[is_there]
        schools = {name: i for i, name in enumerate(sorted({one.school for one in self.intakes}))}
        asked = np.array([schools[one.school] for one in self.intakes], np.int64)[self.intake]
        of_address, sets = self._served()
        self.is_territory = np.zeros(len(asked), np.bool_)
        for serving in padded([sorted(one) for one in sets], index=schools).T:
            self.is_territory |= serving[of_address[self.child]] == asked

    def _served(self) -> tuple[Ints, list[frozenset[str]]]:
        """For each claim which of the sets of schools serves the child's address, checked or as stated."""
        served = ServedSchools(self.setup.territories)
        written = self.applications.addresses
        codes = np.fromiter(
            map(served.__getitem__, map(written.__getitem__, self.claims.rows.tolist())),
            np.int64,
            len(self.claims),
        )
        found = {
            row: checked.found
            for id_, checked in self.facts.checks.items()
            if checked.found is not None and (row := self.applications.row_of(id_)) is not None
        }
        if found:
            for at, row in enumerate(self.claims.rows.tolist()):
                if row in found:
                    codes[at] = served.code(self.setup.territories.schools_of(found[row]))
        return codes, list(served.codes)

    def roster(self, round_: RoundAt | None) -> Roster:
        lanes = np.bincount(2 * self.intake + ~self.is_territory, minlength=2 * len(self.intakes)).tolist()
        arrived = {intake.name: (lanes[2 * i], lanes[2 * i + 1]) for i, intake in enumerate(self.intakes)}
        held = self._holders()
        if round_ is None:
            lists = [empty_list(intake, arrived[intake.name]) for intake in self.intakes]
            return Roster(
                round=None, lists=lists, arrived=arrived, holders=held, told={}, harmed=(), children=0
            )
        told = told_again(setup=self.setup, facts=self.facts, applications=self.applications, tell=self._tell)
        lists, harmed = self._lists_with_harmed(round_, held, arrived, told)
        return Roster(
            round=round_,
            lists=lists,
            arrived=arrived,
            holders=held,
            told=told,
            harmed=harmed,
            children=self.listed,
        )

    def _tell(self, facts: Facts, round_: RoundAt, told: Mapping[int, Retold]) -> Sequence[IntakeList]:
        """A round of before with the facts of its time; the rounds before it were told already."""
        then = _Computation(self.setup, facts, self.intervals, has_shortcut=True, place=self.place)
        arrived = dict.fromkeys(self.index, (0, 0))
        return then._lists_with_harmed(round_, then._holders(), arrived, told)[0]

    def _lists_with_harmed(
        self,
        round_: RoundAt,
        held: Mapping[str, Given],
        arrived: Mapping[str, tuple[int, int]],
        told: Mapping[int, Retold],
    ) -> tuple[list[IntakeList], list[HarmedChild]]:
        """
        The lists on which harmed children go first at free slots of their kind.

        Who has a place all the same needs no help. Helping one may take a place from another one
        that was harmed too, so the lists are made until nobody new is found; each time round
        somebody is added, so it ends.
        """
        choices: dict[str, Sequence[str]] = {}
        claim_of: dict[str, int] = {}
        if told:
            concerned = {child for one in told.values() for child in one.lost}
            claim_of = {key: i for i, key in enumerate(self.claims.child_keys) if key in concerned}
            choices = {key: self.claims.choices[i] for key, i in claim_of.items()}
        first: dict[str, dict[str, str]] = {}
        while True:
            lists = self._lists(round_, held, arrived, first)
            lost = list(still_lost(told, placed=placed_at(lists, choices), choices=choices))
            fresh = [one for one in lost if one[2].intake not in first.get(one[1], {})]
            if not fresh:
                return lists, [self._harmed(n, child, place, claim_of[child]) for n, child, place in lost]
            for _number, child, place in fresh:
                first.setdefault(child, {})[place.intake] = place.kind

    def _harmed(self, number: int, child: str, lost: Lost, claim: int) -> HarmedChild:
        row = int(self.claims.rows[claim])
        asked = self.applications.asked(row)
        return HarmedChild(
            round=number,
            child_key=child,
            lost=lost,
            application=UUID(bytes=self.applications.ids[row]),
            child_name=asked.child_name,
            number=asked.number,
        )

    def _holders(self) -> dict[str, Given]:
        same = same_children(self.facts.links)
        given = [*self.facts.confirmed, *self.facts.granted]
        if not given:
            return {}
        if same:
            given = [replace(one, child_key=same.get(one.child_key, one.child_key)) for one in given]
        children = {one.child_key for one in given}
        wanted = {
            key: Wanted(self.claims.choices[i], at_microseconds(int(self.claims.since[i])))
            for i, key in enumerate(self.claims.child_keys)
            if key in children
        }
        return holders((one for one in given if one.intake in self.index), wanted=wanted)

    def _lists(
        self,
        round_: RoundAt,
        held: Mapping[str, Given],
        arrived: Mapping[str, tuple[int, int]],
        first: Mapping[str, Mapping[str, str]],
    ) -> list[IntakeList]:
        slots = self._slots(round_, held)
        rows, held_slot = self._rows_of_round(round_, held, slots)
        children, starts = distinct(self.child[rows])
        numbers = self._numbers(children, rows, starts, round_)
        all_ids = self.applications.ids
        ids = np.frombuffer(b"".join([all_ids[row] for row in self.claims.rows[children].tolist()]), "V16")
        order = in_draw_order(numbers, ids)
        turn = np.empty(len(order), np.int64)
        turn[order] = np.arange(len(order))
        moment = self._moments(rows, self.claims.arrived_at)
        columns = Columns(
            slots=slots,
            children=len(children),
            child=np.repeat(turn, np.diff(starts, append=len(rows))).astype(np.int32),
            intake=self.intake[rows].astype(np.int32),
            moment=moment,
            is_territory=self.is_territory[rows],
            held_slot=held_slot,
            first_for=self._first_for(rows, first),
        )
        until = self.setup.policy.territory_hold_until
        closing_day = day_of(round_.closing - INSTANT)
        placed = self.place(columns, hold_territory=until is not None and closing_day <= until)
        claims = children[order]
        """By turn: the index of the claim."""
        at_rows = self.claims.rows[claims]
        placing = Placing(
            columns=columns,
            placed=placed,
            policy=self.setup.policy,
            is_proven=self.claims.is_proven[claims],
            is_contested=self.claims.is_contested[claims],
            is_address_known=self._address_known(at_rows),
            is_closing=np.array([one.school in self.facts.undelivered for one in self.intakes], np.bool_),
            twins=self._twins(claims),
        )
        line_rows, at_intake = in_lists(columns, placed)
        turns = columns.child[line_rows].astype(np.int64)
        is_placed = placed.row[turns] == line_rows
        records = np.empty(len(line_rows), RECORD)
        records["slot"] = np.where(is_placed, placed.slot[turns], WAITING)
        records["is_outside"] = ~columns.is_territory[line_rows]
        records["moment"] = moment[line_rows]
        records["number"] = numbers[order[turns]]
        records["application"] = ids[order[turns]]
        child_keys = self.claims.child_keys
        records["child_key"] = np.array([child_keys[i].encode() for i in claims.tolist()], "S")[turns]
        records["arrived_at"] = self.claims.arrived_at[claims[turns]]
        records["is_contested"] = placing.is_contested[turns]
        records["held_for"] = np.where(is_placed, held_for(placing)[turns], 0)
        records["is_confirmed"] = is_placed & (columns.held_slot[line_rows] >= 0)
        label_rows = at_rows[turns].tolist()
        self.listed = int((np.bincount(turns, minlength=1) > 0).sum())
        bounds = np.searchsorted(at_intake, np.arange(len(self.intakes) + 1)).tolist()
        components = connected(self.child[rows], self.intake[rows], len(self.intakes))
        labels = self.applications.labels
        return [
            IntakeList(
                intake_id=intake.id,
                choice=intake.name,
                district=intake.district,
                component=self.intakes[components[i]].name,
                slots=slots[i],
                arrived=arrived[intake.name],
                records=records[bounds[i] : bounds[i + 1]],
                labels=Picked(labels, label_rows[bounds[i] : bounds[i + 1]]),
            )
            for i, intake in enumerate(self.intakes)
        ]

    def _slots(self, round_: RoundAt, held: Mapping[str, Given]) -> list[str]:
        changes = by_intake(self.facts.slot_changes)
        taken: dict[str, set[int]] = defaultdict(set)
        for one in held.values():
            taken[one.intake].add(one.slot)
        day = day_of(round_.closing - INSTANT)
        pattern = self.setup.policy.slot_pattern
        return [
            slots_on(day, one.slots, changes=changes[one.name], held=taken[one.name], pattern=pattern)
            if one.name in changes
            else one.slots
            for one in self.intakes
        ]

    def _rows_of_round(
        self, round_: RoundAt, held: Mapping[str, Given], slots: Sequence[str]
    ) -> tuple[Ints, npt.NDArray[np.int32]]:
        """
        The rows of what was handed in before the closing, and the slot that each holds, or -1.

        A holder that asked for something else after the closing competes from the next round on,
        and keeps its place until then.
        """
        is_in_time = self.claims.arrived_at < to_microseconds(round_.closing)
        is_taking_part = is_in_time[self.child]
        held_slot = np.full(len(self.child), -1, np.int32)
        for row in self._rows_held(held):
            one = held[self.claims.child_keys[self.child[row]]]
            its = slots[self.intake[row]]
            # A slot above capacity is there from the day on that it was granted for.
            if one.slot < len(its) and its[one.slot] != REMOVED:
                held_slot[row] = one.slot
                is_taking_part[row] = True
        rows = np.flatnonzero(is_taking_part)
        return rows, held_slot[rows]

    def _rows_held(self, held: Mapping[str, Given]) -> list[int]:
        if not held:
            return []
        at = {i: self.index[held[key].intake] for i, key in enumerate(self.claims.child_keys) if key in held}
        of_holders = np.flatnonzero(np.isin(self.child, np.fromiter(at, np.int64)))
        return [row for row in of_holders.tolist() if at[self.child[row]] == self.intake[row]]

    def _moments(self, rows: Ints, at: Ints) -> Ints:
        """When the arrivals of these rows count, each at its choice."""
        of_child, intakes = at[self.child[rows]], self.intake[rows]
        groups: dict[int, list[int]] = defaultdict(list)
        for i, intake in enumerate(self.intakes):
            groups[id(self.intervals[intake.district])].append(i)
        found = np.empty(len(rows), np.int64)
        for group in groups.values():
            its = np.isin(intakes, group) if len(groups) > 1 else slice(None)
            found[its] = moments(
                of_child[its],
                opens_at=self.setup.opens_at,
                intervals=self.intervals[self.intakes[group[0]].district],
                grain=self.setup.policy.grain,
            )
        return found

    def _numbers(self, children: Ints, rows: Ints, starts: Ints, round_: RoundAt) -> npt.NDArray[np.void]:
        """Of each child the number of the day of its earliest moment."""
        first = self._moments(rows, self.claims.first_arrival_at)
        midnights, day = days(np.minimum.reduceat(first, starts) if len(starts) else first)
        # Of a holder whose new request came after the closing the day is not drawn yet; with its
        # slot it meets nobody, so the number of the round's last day does.
        last = self.facts.seeds[needed_days(self.setup.opens_at, round_.closing)[-1]]
        seeds = [self.facts.seeds.get(midnight.date(), last) for midnight in midnights]
        key, number, token = self.setup.draw_key, draw.number, draw.child_token
        token_of = self._token_keys()
        numbers = bytearray()
        child_keys = self.claims.child_keys
        for i, its_day in zip(children.tolist(), day.tolist(), strict=True):
            child = child_keys[i]
            if token_of:
                child = token_of.get(child, child)
            numbers += number(seed=seeds[its_day], token=token(key=key, child_key=child))
        return np.frombuffer(numbers, "V32")

    def _token_keys(self) -> dict[str, str]:
        """Whose token a child bears, of those of whom links or wishes speak."""
        wishes = self.facts.twins if self.setup.policy.twins_share_token else ()
        same = same_children(self.facts.links)
        rows = (self.applications.row_of(id_) for wish in wishes for id_ in wish)
        spoken_of = {row for row in rows if row is not None}
        if same:
            linked = same.keys() | same.values()
            spoken_of |= {row for row, key in enumerate(self.applications.child_keys) if key in linked}
        return token_keys(wishes, lodged=[self.applications[row] for row in spoken_of], same=same)

    def _twins(self, claims: Ints) -> list[list[int]]:
        """Children that share a token, by their turns."""
        token_of = self._token_keys()
        groups: dict[str, list[int]] = defaultdict(list)
        if token_of:
            for turn, i in enumerate(claims.tolist()):
                if (shared := token_of.get(self.claims.child_keys[i])) is not None:
                    groups[shared].append(turn)
        return [group for group in groups.values() if len(group) > 1]

    def _first_for(self, rows: Ints, first: Mapping[str, Mapping[str, str]]) -> npt.NDArray[np.uint8]:
        found = np.full(len(rows), FIRST_FOR_NONE, np.uint8)
        if first:
            for at, row in enumerate(rows.tolist()):
                harmed = first.get(self.claims.child_keys[self.child[row]])
                if harmed and (kind := harmed.get(self.intakes[self.intake[row]].name)):
                    found[at] = _FIRST[kind]
        return found

    def _address_known(self, rows: Ints) -> npt.NDArray[np.bool_]:
        known = np.zeros(len(self.applications), np.bool_)
        for id_, checked in self.facts.checks.items():
            if checked.is_address_known and (row := self.applications.row_of(id_)) is not None:
                known[row] = True
        return known[rows]
