"""What is true of every set of applications, withdrawals and voids."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from enrollment.claims import Ending, Link, Lodged, Retracted, same_children, standing_claims, token_keys
from schools.clock import ALMATY

OPENS = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
CHILDREN = ("aidar", "dana")
PEOPLE = ("mother", "father", "grandmother")
CHOICES = (("near",), ("far",), ("near", "far"))
DESKS = (None, None, UUID(int=101), UUID(int=102))


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Lodged], list[Retracted]]:
    """A few families at both doors, with clocks that may be wrong and ids that may be abused."""
    lodged = [draw(_lodged(UUID(int=n))) for n in range(1, draw(st.integers(1, 8)) + 1)]
    retracted = [draw(_retracted(UUID(int=1000 + n))) for n in range(draw(st.integers(0, 5)))]
    return lodged, retracted


@st.composite
def _lodged(draw: st.DrawFn, key: UUID) -> Lodged:
    desk = draw(st.sampled_from(DESKS))
    return Lodged(
        id=key,
        number=f"27-{draw(st.integers(1, 9))}",
        child_key=draw(st.sampled_from(CHILDREN)),
        person_key=draw(st.sampled_from(PEOPLE)),
        choices=draw(st.sampled_from(CHOICES)),
        lodged_at=draw(_times()),
        is_proven=draw(st.booleans()),
        replaces=draw(st.none() | st.integers(1, 9).map(lambda n: UUID(int=n))),
        desk=desk,
        seq=None if desk is None else draw(st.integers(1, 20)),
    )


@st.composite
def _retracted(draw: st.DrawFn, key: UUID) -> Retracted:
    desk = draw(st.sampled_from(DESKS))
    is_by_id = draw(st.booleans())
    named = draw(st.integers(1, 9))
    return Retracted(
        id=key,
        kind=draw(st.sampled_from(("withdrawal", "void"))),
        application_id=UUID(int=named) if is_by_id else None,
        number=None if is_by_id else f"27-{named}",
        person_key=draw(st.sampled_from(("", *PEOPLE))),
        lodged_at=draw(_times()),
        stands=draw(st.booleans()),
        desk=desk,
        seq=None if desk is None else draw(st.integers(1, 20)),
    )


def _times() -> st.SearchStrategy[datetime]:
    return st.integers(0, 12).map(lambda minutes: OPENS + timedelta(minutes=minutes))


def decisions() -> st.SearchStrategy[dict[UUID, datetime]]:
    """Which applications count by a person's word, and since when."""
    return st.dictionaries(st.integers(1, 9).map(lambda n: UUID(int=n)), _times(), max_size=3)


def checked_ones() -> st.SearchStrategy[frozenset[UUID]]:
    return st.frozensets(st.integers(1, 9).map(lambda n: UUID(int=n)), max_size=4)


@given(day=days(), settled=decisions(), checked=checked_ones(), one_child=st.booleans(), data=st.data())
def test_order_and_repetition_change_nothing(day, settled, checked, one_child, data):
    lodged, retracted = day
    more = {"same": {"dana": "aidar"} if one_child else {}, "checked": checked}
    again = standing_claims(
        data.draw(st.permutations(lodged + lodged[:3])),
        data.draw(st.permutations(retracted + retracted[:2])),
        settled=dict(data.draw(st.permutations(list(settled.items())))),
        **more,
    )
    assert again == standing_claims(lodged, retracted, settled=settled, **more)


@given(day=days())
def test_every_application_ends_exactly_once(day):
    lodged, retracted = day
    standing = standing_claims(lodged, retracted)
    assert set(standing.endings) == {a.id for a in lodged}
    assert standing.waiting <= {r.id for r in retracted}


@given(day=days())
def test_each_claim_is_one_living_application_of_its_child(day):
    lodged, retracted = day
    by_id = {a.id: a for a in lodged}
    standing = standing_claims(lodged, retracted)
    for child, claim in standing.claims.items():
        assert by_id[claim.application_id].child_key == child
        assert by_id[claim.application_id].choices == claim.choices
        expected = Ending.CONTESTED if claim.contested else Ending.STANDING
        assert standing.endings[claim.application_id] is expected
        assert claim.application_id not in claim.linked
    standing_ones = [key for key, ending in standing.endings.items() if ending is Ending.STANDING]
    assert len(standing_ones) == len([c for c in standing.claims.values() if not c.contested])


@given(day=days())
def test_an_arrival_is_always_that_of_an_application_of_the_same_child_and_choices(day):
    lodged, retracted = day
    by_id = {a.id: a for a in lodged}
    for child, claim in standing_claims(lodged, retracted).claims.items():
        same = [a.lodged_at for a in lodged if a.child_key == child and a.choices == claim.choices]
        assert claim.arrived_at in same
        assert claim.first_arrival_at <= claim.arrived_at <= by_id[claim.application_id].lodged_at


@given(day=days())
def test_only_a_family_or_a_correction_leaves_a_child_without_a_claim(day):
    lodged, retracted = day
    standing = standing_claims(lodged, retracted)
    families_words = [r for r in retracted if r.stands]
    corrections = [a for a in lodged if a.replaces is not None]
    for child in {a.child_key for a in lodged} - set(standing.claims):
        assert families_words or any(a.child_key != child for a in corrections)


@given(day=days())
def test_without_the_familys_word_nobodys_application_is_withdrawn(day):
    lodged, retracted = day
    unheard = [r for r in retracted if not r.stands]
    standing = standing_claims(lodged, unheard)
    assert Ending.WITHDRAWN not in standing.endings.values()
    moved = any(a.replaces is not None for a in lodged)
    assert moved or set(standing.claims) == {a.child_key for a in lodged}


@given(day=days())
def test_a_proven_person_is_never_outranked_by_a_claimed_one(day):
    lodged, retracted = day
    by_id = {a.id: a for a in lodged}
    standing = standing_claims([_without_replacing(a) for a in lodged], retracted)
    living = (Ending.STANDING, Ending.LINKED, Ending.CONTESTED)
    for child, claim in standing.claims.items():
        alive = [a for a in lodged if a.child_key == child and standing.endings[a.id] in living]
        assert by_id[claim.application_id].is_proven == any(a.is_proven for a in alive)
        assert claim.arrived_at == min(a.lodged_at for a in alive if a.choices == claim.choices)
        assert claim.first_arrival_at == min(a.lodged_at for a in alive)


@given(day=days(), child=st.sampled_from(CHILDREN))
def test_what_another_child_does_changes_nothing(day, child):
    lodged, _retracted = day
    alone = [_without_replacing(a) for a in lodged]
    mine = [a for a in alone if a.child_key == child]
    assert standing_claims(alone, []).claims.get(child) == standing_claims(mine, []).claims.get(child)


def _without_replacing(application: Lodged) -> Lodged:
    return Lodged(
        **{name: getattr(application, name) for name in Lodged.__slots__ if name != "replaces"}, replaces=None
    )


# Checks and decisions


@given(day=days(), checked=checked_ones())
def test_a_check_proves_as_much_as_a_document_seen(day, checked):
    lodged, retracted = day
    seen = [replace(a, is_proven=a.is_proven or a.id in checked) for a in lodged]
    assert standing_claims(lodged, retracted, checked=checked) == standing_claims(seen, retracted)


@given(day=days(), settled=decisions())
def test_a_decision_touches_no_child_it_is_not_about(day, settled):
    lodged = [_without_replacing(a) for a in day[0]]
    before, after = standing_claims(lodged, day[1]), standing_claims(lodged, day[1], settled=settled)
    decided = {a.child_key for a in lodged if a.id in settled}
    for child in CHILDREN:
        if child not in decided:
            assert after.claims.get(child) == before.claims.get(child)


@given(day=days(), settled=decisions())
def test_a_decision_ends_and_revives_nothing(day, settled):
    lodged, retracted = day
    before, after = standing_claims(lodged, retracted), standing_claims(lodged, retracted, settled=settled)
    gone = (Ending.VOID, Ending.WITHDRAWN)
    assert {k for k, e in before.endings.items() if e in gone} == {
        k for k, e in after.endings.items() if e in gone
    }
    assert set(before.claims) == set(after.claims)
    for child, claim in after.claims.items():
        assert claim.since == before.claims[child].since
        assert claim.first_arrival_at == before.claims[child].first_arrival_at


@given(day=days(), settled=decisions())
def test_of_the_decisions_for_living_applications_the_latest_counts(day, settled):
    lodged = [_without_replacing(a) for a in day[0]]
    standing = standing_claims(lodged, day[1], settled=settled)
    for child, claim in standing.claims.items():
        alive = [
            a
            for a in lodged
            if a.child_key == child and standing.endings[a.id] not in (Ending.VOID, Ending.WITHDRAWN)
        ]
        decided = [(settled[a.id], a.id) for a in alive if a.id in settled]
        if decided:
            decided_at, counts = max(decided)
            assert claim.application_id == counts
            person = next(a.person_key for a in alive if a.id == counts)
            for one in (a for a in alive if a.id in claim.contested and a.id != counts):
                assert one.lodged_at > decided_at
                assert one.person_key != person
                assert one.is_proven


@given(day=days())
def test_a_contest_has_two_proven_people_with_different_wishes_and_nobody_else(day):
    lodged = [_without_replacing(a) for a in day[0]]
    by_id = {a.id: a for a in lodged}
    for claim in standing_claims(lodged, day[1]).claims.values():
        among = [by_id[id_] for id_ in claim.contested]
        assert all(a.is_proven for a in among)
        if among:
            assert claim.application_id in claim.contested
            assert len({a.person_key for a in among}) > 1
            assert len({a.choices for a in among}) > 1


@given(day=days())
def test_no_claim_is_younger_than_what_stands_nor_older_than_everything_left(day):
    lodged, retracted = day
    standing = standing_claims(lodged, retracted)
    gone = (Ending.VOID, Ending.WITHDRAWN)
    for child, claim in standing.claims.items():
        left = [a.lodged_at for a in lodged if a.child_key == child and standing.endings[a.id] not in gone]
        assert min(left) <= claim.since <= next(a.lodged_at for a in lodged if a.id == claim.application_id)


# Two keys of one child


@given(day=days())
def test_two_keys_of_one_child_are_as_if_all_had_been_lodged_under_the_one_that_stays(day):
    lodged, retracted = day
    under_one = [replace(a, child_key="aidar") for a in lodged]
    assert standing_claims(lodged, retracted, same={"dana": "aidar"}) == standing_claims(under_one, retracted)


@given(day=days())
def test_a_link_loses_nobody_any_time(day):
    lodged = [_without_replacing(a) for a in day[0]]
    apart = standing_claims(lodged, []).claims
    linked = standing_claims(lodged, [], same={"dana": "aidar"}).claims["aidar"]
    assert linked.first_arrival_at == min(claim.first_arrival_at for claim in apart.values())
    assert linked.since == min(claim.since for claim in apart.values())


KEYS = ("200229599990", "190401599990", "PASSPORT:UZ:1", "PASSPORT:UZ:2", "OTHER:KZ:3")


@st.composite
def links(draw: st.DrawFn) -> list[Link]:
    pairs = draw(st.lists(st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique=True), max_size=8))
    return [
        Link(
            id=UUID(int=n),
            child_key=one,
            other_key=other,
            is_same=draw(st.booleans()),
            decided_at=draw(_times()),
        )
        for n, (one, other) in enumerate(pairs, start=1)
    ]


@given(stated=links(), data=st.data())
def test_links_in_any_order_and_number_make_the_same_children(stated, data):
    again = data.draw(st.permutations(stated + stated[:3]))
    assert same_children(again) == same_children(stated)


@given(stated=links())
def test_no_key_that_stays_is_moved_and_an_iin_is_moved_to_iins_only(stated):
    same = same_children(stated)
    assert not set(same.values()) & set(same)
    for key, stays in same.items():
        assert len(key) != 12 or len(stays) == 12


@given(stated=links())
def test_the_last_word_about_two_keys_is_kept(stated):
    same = same_children(stated)
    if stated:
        last = max(stated, key=lambda link: (link.decided_at, link.id))
        one, other = (same.get(key, key) for key in (last.child_key, last.other_key))
        assert (one == other) == last.is_same


@given(stated=links())
def test_without_contradictions_every_word_is_kept(stated):
    together = [link for link in stated if link.is_same]
    same = same_children(together)
    for link in together:
        assert same.get(link.child_key, link.child_key) == same.get(link.other_key, link.other_key)
    assert same_children([link for link in stated if not link.is_same]) == {}


@given(stated=links())
def test_a_word_that_two_are_two_is_broken_only_by_later_ones(stated):
    same = same_children(stated)
    for two in (link for link in stated if not link.is_same):
        one, other = (same.get(key, key) for key in (two.child_key, two.other_key))
        if one == other:
            later = [link for link in stated if (link.decided_at, link.id) > (two.decided_at, two.id)]
            joined = same_children(later)
            assert joined.get(two.child_key, two.child_key) == joined.get(two.other_key, two.other_key)


# Whose token


@given(
    day=days(),
    wishes=st.lists(st.lists(st.integers(1, 9).map(lambda n: UUID(int=n)), max_size=4), max_size=5),
    data=st.data(),
)
def test_all_children_of_a_wish_bear_one_token_that_of_one_of_them(day, wishes, data):
    lodged = [replace(a, child_key=f"child {a.id.int % 6}") for a in day[0]]
    same = {"child 4": "child 1"}
    child_of = {a.id: same.get(a.child_key, a.child_key) for a in lodged}
    tokens = token_keys(wishes, lodged=lodged, same=same)
    assert tokens == token_keys(
        data.draw(st.permutations(wishes + wishes[:2])),
        lodged=data.draw(st.permutations(lodged + lodged[:2])),
        same=same,
    )
    for wish in wishes:
        assert len({tokens[child_of[one]] for one in wish if one in child_of}) <= 1
    assert set(tokens) == set(child_of.values())
    assert set(tokens.values()) <= {a.child_key for a in lodged}


@given(day=days(), one_way=st.booleans())
def test_whoever_links_two_keys_chooses_no_token(day, one_way):
    lodged = day[0]
    moved, stays = ("dana", "aidar") if one_way else ("aidar", "dana")
    earliest = min(lodged, key=lambda a: (a.lodged_at, a.id))
    assert token_keys([], lodged=lodged, same={moved: stays}) == {stays: earliest.child_key}
