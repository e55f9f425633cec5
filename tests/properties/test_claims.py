"""What is true of every set of applications, withdrawals and voids."""

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from enrollment.claims import Ending, Lodged, Retracted, standing_claims
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


@given(day=days(), data=st.data())
def test_order_and_repetition_change_nothing(day, data):
    lodged, retracted = day
    again = standing_claims(
        data.draw(st.permutations(lodged + lodged[:3])), data.draw(st.permutations(retracted + retracted[:2]))
    )
    assert again == standing_claims(lodged, retracted)


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
