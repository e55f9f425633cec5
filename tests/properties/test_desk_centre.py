"""
Desk and centre: however a journal is handed in, the same facts come out.

A journal is a tree with branches, new epochs and anchors; it is delivered in any order, split,
repeated, with gaps filled later. What the centre links is compared with `cscdesk.clock.bounds`
of the whole set, and what it takes in with every other way of delivering the same journal.
"""

from itertools import pairwise
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cscdesk.clock import Given, Sight, bounds, whole_since
from cscdesk.entry import Head, Hours, Sealed, read_entry
from cscdesk.models import Anchor, ChainLink, Entry, EntryOutcome
from cscdesk.services import take_in_entries
from enrollment.models import Application
from schools.models import Intake
from tests.cscdesk.desks import Counter, anchor_of, at, request_of
from tests.factories import CampaignFactory, IntakeFactory

Step = tuple[str, int, int]
"""What is written, after which of the last entries (0: the newest), and at which minute by the desk's clock."""

NOWHERE = Head(seq=10_000, sha256="0" * 64)

steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "lodge", "lodge", "start", "void"]),
        st.sampled_from([0, 0, 0, 0, 1, 3]),
        st.integers(-30, 90),
    ),
    min_size=1,
    max_size=9,
)


def write(counter: Counter, day: list[Step], intake: Intake) -> None:
    heads = [counter.head]
    for n, (kind, back, minute) in enumerate(day):
        after, wall = heads[-1 - min(back, len(heads) - 1)], at(minute)
        if kind == "start":
            counter.epoch = f"epoch-{n + 2}"
            counter.start(after=after)
        elif kind == "lodge":
            counter.lodge(request_of(intake, n=n), after=after, wall=wall)
        else:
            counter.write("open", Hours(), after=after, wall=wall)
        heads.append(counter.head)


@st.composite
def deliveries(draw: st.DrawFn, size: int) -> list[tuple[list[int], int]]:
    """
    Calls with the indices of their entries and of the head they state; all entries at least once.

    `size` as a head: one that nobody knows, so that this call's anchor bounds nothing.
    """
    order = draw(st.permutations(range(size)))
    cuts = sorted(draw(st.sets(st.integers(1, size), max_size=8)) | {0, size})
    calls = [list(order[a:b]) for a, b in pairwise(cuts)]
    repeats = draw(st.lists(st.lists(st.integers(0, size - 1), max_size=3), max_size=3))
    calls += repeats
    if draw(st.booleans()):
        calls.insert(draw(st.integers(0, len(calls))), [])
    return [(call, draw(st.integers(0, size))) for call in calls]


def head_of(sealed: Sealed) -> Head:
    return Head(seq=read_entry(sealed.entry).seq, sha256=sealed.sha256.hex())


class DeskAndCentre(TestCase):
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(day=steps, data=st.data())
    def test_bounds_are_those_of_the_whole_journal(self, day: list[Step], data: Any) -> None:
        CampaignFactory()
        counter = Counter()
        write(counter, day, IntakeFactory())
        calls = data.draw(deliveries(len(counter.written)))
        for minute, (indices, stated) in enumerate(calls):
            head = head_of(counter.written[stated]) if stated < len(counter.written) else NOWHERE
            answer = counter.hand_in([counter.written[i] for i in indices], at=at(minute), head=head)
            check_stored_through(counter, anchor_of(answer), head, [counter.written[i] for i in indices])
            compare_with_the_reference(counter)
        assert not Entry.objects.filter(link=None).exists()

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(day=steps, data=st.data())
    def test_what_is_taken_in_does_not_depend_on_how_it_was_delivered(
        self, day: list[Step], data: Any
    ) -> None:
        CampaignFactory()
        counter = Counter()
        write(counter, day, IntakeFactory())
        orders = [data.draw(deliveries(len(counter.written))) for _ in range(2)]
        results = []
        for calls in orders:
            limit = data.draw(st.integers(1, 4))
            with transaction.atomic():
                for indices, _stated in calls:
                    # All within one instant: first sights are equal then, whatever the order.
                    counter.hand_in(
                        [counter.written[i] for i in indices],
                        at=at(60),
                        head=NOWHERE,
                    )
                    take_in_entries(limit=limit, at=at(60))
                results.append(facts())
                transaction.set_rollback(True)
        assert results[0] == results[1]


def facts() -> list[list[tuple[str, ...]]]:
    tables = (
        ChainLink.objects.values_list("entry__sha256", "not_before", "first_sight"),
        EntryOutcome.objects.values_list("entry__sha256", "state", "code", "result"),
        Application.objects.values_list("entry_sha256", "id", "lodged_at"),
    )
    return [sorted((bytes(sha).hex(), *map(str, rest)) for sha, *rest in rows) for rows in tables]


def sights() -> list[Sight]:
    return [
        Sight(
            bytes(row.sha256).hex(),
            bytes(row.prev).hex() if row.prev else None,
            row.received_at,
            row.kind == "start",
        )
        for row in Entry.objects.all()
    ]


def compare_with_the_reference(counter: Counter) -> None:
    known = sights()
    given_anchors = [Given(bytes(a.head_sha256).hex(), a.time) for a in Anchor.objects.all() if a.head_sha256]
    expected = bounds(entries=known, anchors=given_anchors)
    whole = whole_since(known)
    linked = {
        bytes(link.entry.sha256).hex(): (link.not_before, link.first_sight)
        for link in ChainLink.objects.select_related("entry")
    }
    assert linked == {sha: tuple(expected[sha]) for sha in whole}


def check_stored_through(
    counter: Counter, anchor: dict[str, Any], stated: Head, delivered: list[Sealed]
) -> None:
    """Nothing before what is said to be stored is missing; it lies on the branch that the desk works on."""
    if anchor["stored_through"] is None:
        return
    prev_of = {one.sha256.hex(): read_entry(one.entry).prev for one in counter.written}
    stored = {bytes(sha).hex() for sha in Entry.objects.values_list("sha256", flat=True)}
    sha: str | None = anchor["stored_through"]["sha256"]
    branch, step = set(), stated.sha256
    while step:
        branch.add(step)
        step = prev_of.get(step) or ""
    # A desk hands in its own branch; entries of another one are the desk's word that they are on it.
    if stated.sha256 in stored and {one.sha256.hex() for one in delivered} <= branch:
        assert sha in branch
    while sha:
        assert sha in stored
        sha = prev_of[sha]
