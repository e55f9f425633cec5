"""What disagrees is found; where all is well nothing is."""

import pytest
from django.db import connection

from cscdesk import agreement
from cscdesk.models import ChainLink, Entry, EntryOutcome
from cscdesk.services import take_in_entries
from cscdesk.tasks import take_in_entries as take_in_task
from schools.models import Case
from tests.cscdesk.desks import Counter, at, request_of
from tests.cscdesk.test_delivering import changed, hand_in_raw
from tests.factories import ApplicationFactory, CampaignFactory, IntakeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def counter():
    CampaignFactory()
    intake = IntakeFactory()
    counter = Counter()
    counter.lodge(request_of(intake))
    counter.open()
    return counter


def plant(sql: str, *values: object) -> None:
    """Change facts behind the triggers, as a broken disk or an intruder would."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def found():
    late = at(500)
    return {
        "without outcome": sorted(e.seq for e in agreement.find_entries_without_outcome(older_than=late)),
        "gapped": [e.seq for e in agreement.find_gapped_entries(older_than=late)],
        "broken": [e.seq for e in agreement.find_broken_chains()],
        "without entry": [a.seq for a in agreement.find_applications_without_entry()],
    }


NOTHING = {"without outcome": [], "gapped": [], "broken": [], "without entry": []}


def test_a_sound_day_shows_nothing(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    assert found() == NOTHING


def test_parked_entries_are_no_disagreement(counter):
    sealed = counter.written
    counter.hand_in([sealed[0], sealed[1]._replace(sig=bytes(64)), sealed[2]], at=at(1))
    hand_in_raw(counter, [changed(counter, sealed[0], v=2)], minute=2)
    take_in_entries(at=at(2))
    assert EntryOutcome.objects.filter(state="parked").exists()
    assert found() == NOTHING


def test_entries_not_taken_in(counter):
    counter.hand_in(at=at(1))
    assert found() == {**NOTHING, "without outcome": [1, 2, 3]}
    assert not agreement.find_entries_without_outcome(older_than=at(1)).exists()


def test_a_changed_text(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    plant("UPDATE cscdesk_entry SET entry = %s WHERE seq = 2", b"{}")
    assert found() == {**NOTHING, "broken": [2]}


def test_a_changed_text_with_a_fitting_hash(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    plant("UPDATE cscdesk_entry SET entry = '{}', sha256 = sha256('{}') WHERE seq = 3")
    assert found()["broken"] == [3]


def test_a_signature_of_nobody_on_a_counted_entry(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    plant("UPDATE cscdesk_entry SET sig = %s WHERE seq = 2", bytes(64))
    assert found() == {**NOTHING, "broken": [2]}
    plant("UPDATE cscdesk_entry SET key_id = NULL WHERE seq = 2")
    assert found() == {**NOTHING, "broken": [2]}


def test_columns_that_say_other_than_the_text(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    plant("UPDATE cscdesk_entry SET kind = 'close' WHERE seq = 3")
    assert found() == {**NOTHING, "broken": [3]}


def test_an_application_that_no_entry_vouches_for(counter):
    counter.hand_in(at=at(1))
    take_in_entries(at=at(2))
    ApplicationFactory(at_desk=True, seq=77)
    ApplicationFactory()
    assert found() == {**NOTHING, "without entry": [77]}


class TestGaps:
    def cases(self):
        return [
            (c.subject, c.closed_at, c.detail["entries_after"])
            for c in Case.objects.filter(kind=Case.Kind.GAP)
        ]

    def test_entries_behind_a_gap_are_a_case_after_an_hour(self, counter):
        counter.hand_in([counter.written[0], counter.written[2]], at=at(1))
        take_in_entries(at=at(2))
        assert found() == {**NOTHING, "gapped": [3]}

        assert agreement.repair_gapped_entries(at=at(61)) == 0
        assert agreement.repair_gapped_entries(at=at(61.1)) == 1
        assert agreement.repair_gapped_entries(at=at(70)) == 1
        assert self.cases() == [(str(counter.desk.id), None, 1)]
        assert Case.objects.get().opened_at == at(61.1)

    def test_a_filled_gap_closes_its_case_and_the_next_one_opens_it_again(self, counter):
        counter.hand_in([counter.written[0], counter.written[2]], at=at(1))
        agreement.repair_gapped_entries(at=at(62))
        counter.hand_in(at=at(63))
        assert agreement.repair_gapped_entries(at=at(64)) == 0
        assert self.cases() == [(str(counter.desk.id), at(64), 1)]
        assert found()["gapped"] == []

        counter.open()
        counter.open()
        counter.open()
        counter.hand_in(counter.written[-2:], at=at(70))
        agreement.repair_gapped_entries(at=at(200))
        assert self.cases() == [(str(counter.desk.id), None, 2)]

    def test_a_start_after_a_lost_head_is_taken_in_and_asked_about(self, counter):
        counter.epoch = "epoch-2"
        counter.start()
        counter.hand_in(counter.written[-1:], at=at(1))
        take_in_entries(at=at(2))
        assert (ChainLink.objects.count(), EntryOutcome.objects.count()) == (1, 1)
        assert found() == {**NOTHING, "gapped": [4]}

    def test_the_clock_rings_for_them(self, counter, clock_at):
        counter.hand_in([counter.written[0], counter.written[2]], at=at(1))
        clock_at(at(90), rate=0)
        assert take_in_task() == 1
        assert len(self.cases()) == 1
        assert Entry.objects.count() == 2
