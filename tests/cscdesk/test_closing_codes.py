"""A closing code that was read aloud, against what the desk delivered afterwards."""

from datetime import datetime
from uuid import uuid4

import pytest

from cscdesk import agreement
from schools.models import Account, Intake, SpokenClosing
from tests.cscdesk.desks import Counter, at, request_of
from tests.factories import AccountFactory, CampaignFactory, IntakeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def intake() -> Intake:
    CampaignFactory()
    return IntakeFactory()


@pytest.fixture
def counter(intake: Intake) -> Counter:
    """A desk whose start and one application are written, and nothing delivered."""
    made = Counter()
    made.lodge(request_of(intake), wall=at(60))
    return made


def spoken(counter: Counter, *, through: datetime, bins: list[str], digits: str = "") -> SpokenClosing:
    assert counter.head is not None
    official: Account = AccountFactory()
    return SpokenClosing.objects.create(
        id=uuid4(),
        campaign=CampaignFactory(),
        door=str(counter.desk.id),
        district=counter.desk.centre.district,
        through=through,
        last_seq=counter.head.seq,
        last_sha256=digits or counter.head.sha256[:8],
        school_bins=bins,
        read_by="Дәурен",
        official=official,
        spoken_at=through,
    )


def faults() -> list[tuple[int, str]]:
    found = agreement.find_false_closing_codes(campaign=CampaignFactory())
    return [(one.seq, one.fault) for one in found]


def test_a_true_code_agrees_before_and_after_the_entries_come(counter: Counter, intake: Intake):
    spoken(counter, through=at(120), bins=[intake.school_id])
    assert faults() == [], "nothing has come that could contradict it"
    counter.lodge(request_of(intake, n=2), wall=at(121))

    counter.hand_in(at=at(200))

    assert faults() == []


def test_another_hash_than_was_read(counter: Counter, intake: Intake):
    spoken(counter, through=at(120), bins=[intake.school_id], digits="00000000")

    counter.hand_in(at=at(200))

    assert faults() == [(2, "its hash is another one than was read")]


def test_an_entry_that_was_kept_back(counter: Counter, intake: Intake):
    spoken(counter, through=at(120), bins=[intake.school_id])
    counter.lodge(request_of(intake, n=2), wall=at(119))

    counter.hand_in(at=at(200))

    assert faults() == [(3, "it was written before the code was read")]


def test_a_school_that_was_not_read_out(counter: Counter, intake: Intake):
    spoken(counter, through=at(120), bins=[])

    counter.hand_in(at=at(200))

    assert faults() == [(2, f"it names schools that were not read: {intake.school_id}")]


def test_what_was_delivered_before_the_call_needs_no_naming(counter: Counter):
    counter.hand_in(at=at(100))

    spoken(counter, through=at(120), bins=[])

    assert faults() == []
