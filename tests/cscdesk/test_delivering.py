"""Storing what desks hand in: one by one, each with its own answer, nothing twice, gaps and forks seen."""

import json
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.entry import DeliveredEntry, Head, Hours, Sealed, base64url, deliver, sha256
from cscdesk.entry.journal import ENTRY_PREFIX
from cscdesk.models import ChainLink, Entry
from cscdesk.services import Caller, store_delivery
from schools.models import Case, Horizon
from tests.cscdesk.desks import Counter, anchor_of, at, nonce, request_of
from tests.factories import CampaignFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _campaign(db):
    CampaignFactory()


@pytest.fixture
def counter():
    return Counter()


def states(answer):
    return [(o.seq, o.state, o.code) for o in answer.outcomes]


def signed(counter, entry: bytes, form: bytes | None = None) -> DeliveredEntry:
    return deliver(Sealed(entry, form, counter.key.sign(ENTRY_PREFIX + sha256(entry)), sha256(entry)))


def changed(counter, sealed: Sealed, **fields) -> DeliveredEntry:
    entry = json.dumps({**json.loads(sealed.entry), **fields}, separators=(",", ":")).encode()
    return signed(counter, entry, sealed.form)


def hand_in_raw(counter, entries: Sequence[DeliveredEntry], *, minute: float = 1):
    return store_delivery(
        caller=Caller(desk=counter.desk, key=counter.row),
        delivery=counter.delivery_of(list(entries)),
        nonce=nonce(),
        at=at(minute),
    )


def through(answer):
    stored = anchor_of(answer)["stored_through"]
    return stored and stored["seq"]


class TestStoring:
    def test_bytes_are_kept_as_they_came(self, counter):
        counter.lodge(request_of())
        counter.hand_in(at=at(1))

        sealed, row = counter.written[1], Entry.objects.get(seq=2)
        assert (bytes(row.entry), bytes(row.form), bytes(row.sig), bytes(row.sha256)) == sealed
        assert (row.kind, row.epoch, row.key, row.received_at) == ("lodge", "epoch-1", counter.row, at(1))

    def test_sent_twice_changes_nothing(self, counter):
        counter.open()
        counter.hand_in(at=at(1))
        again = counter.hand_in(at=at(2))

        assert states(again) == [(1, "known", None), (2, "known", None)]
        assert set(Entry.objects.values_list("received_at", flat=True)) == {at(1)}
        assert through(again) == 2

    def test_twice_in_one_call_is_stored_once(self, counter):
        counter.hand_in([*counter.written, *counter.written], at=at(1))
        assert Entry.objects.count() == ChainLink.objects.count() == 1

    def test_the_number_of_queries_does_not_grow(self, counter, django_assert_num_queries):
        def batch(n):
            for _ in range(n):
                counter.open()
            return counter.written[-n:]

        counter.hand_in(at=at(1))
        with django_assert_num_queries(23):
            counter.hand_in(batch(3), at=at(2))
        with django_assert_num_queries(23):
            counter.hand_in(batch(60), at=at(3))


class TestBadOnesAmongGoodOnes:
    def test_a_bad_signature_is_parked_and_blocks_nobody(self, counter):
        counter.open()
        counter.open()
        bad = deliver(counter.written[1])
        bad = DeliveredEntry(entry=bad.entry, form=bad.form, sig=base64url(bytes(64)))
        answer = hand_in_raw(counter, [deliver(counter.written[0]), bad, deliver(counter.written[2])])

        assert states(answer) == [(1, "stored", None), (2, "parked", "bad_signature"), (3, "stored", None)]
        assert answer.outcomes[1].reason
        assert through(answer) == 3
        assert Entry.objects.get(seq=2).key is None

    @pytest.mark.parametrize("sig", ["", "x", "é", "A" * 500])
    def test_what_cannot_be_a_signature_is_one_too(self, counter, sig):
        one = deliver(counter.written[0])
        answer = hand_in_raw(counter, [DeliveredEntry(entry=one.entry, form=one.form, sig=sig)])
        assert states(answer) == [(1, "parked", "bad_signature")]

    @pytest.mark.parametrize(
        "entry", ["", "{}", "nonsense", "\0", '{"v":1,"v":1}', '{"v":1.0}', '{"a":"\\u0000"}', "x" * 40_000]
    )
    def test_what_can_never_be_read_is_kept(self, counter, entry):
        answer = hand_in_raw(counter, [signed(counter, entry.encode())])

        assert states(answer) == [(None, "parked", "malformed")]
        row = Entry.objects.get()
        assert (bytes(row.entry), row.kind, row.seq) == (entry.encode(), "", None)
        assert row.link

    def test_an_entry_of_another_desk_does_not_stand_in_its_owners_way(self, counter):
        other = Counter(name="2")
        answer = counter.hand_in([*counter.written, *other.written], at=at(1))
        assert states(answer)[1] == (None, "parked", "wrong_desk")

        answer = other.hand_in(at=at(2))
        assert states(answer) == [(1, "stored", None)]
        assert Entry.objects.get(desk=other.desk).key == other.row

    def test_a_form_that_is_not_the_one_named(self, counter):
        one = deliver(counter.written[0])
        answer = hand_in_raw(counter, [DeliveredEntry(entry=one.entry, form='{"salt":"0"}', sig=one.sig)])
        assert states(answer) == [(1, "parked", "malformed")]

    def test_an_erased_form_is_no_fault(self, counter):
        counter.lodge(request_of())
        answer = counter.hand_in([sealed._replace(form=None) for sealed in counter.written], at=at(1))
        assert states(answer) == [(1, "stored", None), (2, "stored", None)]

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"v": 2, "more": 1}, "unknown_version"),
            ({"kind": "swap"}, "unknown_kind"),
            ({"form_v": 2}, "unknown_version"),
        ],
        ids=str,
    )
    def test_what_a_newer_program_wrote_keeps_its_place_in_the_chain(self, counter, fields, code):
        counter.lodge(request_of())
        newer = changed(counter, counter.written[1], **fields)
        counter.head = Head(seq=2, sha256=sha256(newer.entry.encode()).hex())
        counter.open()
        answer = hand_in_raw(counter, [deliver(counter.written[0]), newer, deliver(counter.written[-1])])

        assert states(answer) == [(1, "stored", None), (2, "parked", code), (3, "stored", None)]
        assert Entry.objects.get(seq=2).kind == "unread"
        assert through(answer) == 3


class TestGaps:
    @pytest.fixture
    def day(self, counter):
        for _ in range(5):
            counter.open()
        return counter.written

    def test_what_comes_after_a_gap_is_stored_and_waits(self, counter, day):
        answer = counter.hand_in([*day[:2], *day[3:]], at=at(1))

        assert [o.state for o in answer.outcomes] == ["stored"] * 5
        assert through(answer) == 2
        assert set(Entry.objects.filter(link=None).values_list("seq", flat=True)) == {4, 5, 6}
        horizon = Horizon.objects.get()
        assert (horizon.through, horizon.unsent) == (None, 4)

    def test_a_filled_gap_lets_all_through(self, counter, day):
        counter.hand_in([*day[:2], *day[3:]], at=at(1))
        answer = counter.hand_in([day[2]], at=at(2), through=at(2))

        assert through(answer) == 6
        assert not Entry.objects.filter(link=None).exists()
        assert Horizon.objects.get().through == at(2)
        assert set(ChainLink.objects.filter(entry__seq__gte=3).values_list("first_sight", flat=True)) == {
            at(1)
        }

    def test_nothing_at_all_is_stored_through_nothing(self, counter, day):
        assert through(counter.hand_in(day[2:], at=at(1))) is None

    def test_a_long_backlog_is_acknowledged_batch_by_batch(self, counter, day):
        assert [through(counter.hand_in(day[i : i + 2], at=at(i))) for i in (0, 2, 4)] == [2, 4, 6]

    def test_a_heartbeat_tells_how_far_all_is_here(self, counter, day):
        counter.hand_in(day[:3], at=at(1))
        assert through(counter.hand_in([], at=at(2))) == 3

    def test_a_stated_head_of_a_wrong_seq_is_not_believed(self, counter, day):
        answer = counter.hand_in(day, at=at(1), head=Head(seq=99, sha256=day[-1].sha256.hex()))
        assert through(answer) == 6

    def test_a_start_is_no_bridge_over_a_gap(self, counter, day):
        counter.epoch = "epoch-2"
        counter.start()
        counter.open()
        answer = counter.hand_in(day[6:], at=at(1))

        assert through(answer) is None
        assert ChainLink.objects.count() == 2
        assert Horizon.objects.get().through is None
        assert through(counter.hand_in(day[:6], at=at(2))) == 8


class TestForks:
    def test_both_branches_are_kept_and_the_clone_is_found(self, counter):
        counter.open()
        trunk = counter.head
        one = counter.open()
        two = counter.open(after=trunk)
        counter.hand_in(counter.written[:3], at=at(1), head=Head(seq=3, sha256=one.sha256.hex()))
        assert not Case.objects.exists()
        answer = counter.hand_in([two], at=at(2))

        assert through(answer) == 3
        assert anchor_of(answer)["stored_through"]["sha256"] == two.sha256.hex()
        assert ChainLink.objects.count() == 4
        case = Case.objects.get()
        assert (case.kind, case.subject) == (Case.Kind.CLONED_DESK, str(counter.desk.id))
        counter.hand_in(at=at(3))
        assert Case.objects.count() == 1

    def test_a_branch_is_never_told_that_the_other_is_stored(self, counter):
        counter.open()
        trunk = counter.head
        for _ in range(3):
            counter.open()
        counter.hand_in(at=at(1))
        first = counter.open(after=trunk)
        counter.open()
        counter.hand_in([first], at=at(2))
        # The head of the second branch is not here: up to the fork, no further.
        answer = counter.hand_in([], at=at(3))
        assert anchor_of(answer)["stored_through"]["sha256"] == trunk.sha256

    def test_another_key_of_the_same_desk_signs_too(self, counter):
        counter.hand_in(at=at(1))
        old = counter.row
        counter.key = Ed25519PrivateKey.generate()
        counter.row = type(old).objects.create(
            desk=counter.desk,
            public_key=counter.key.public_key().public_bytes_raw(),
            certificate_text="{}",
            certificate_sig="",
            enrolled_at=at(1),
        )
        counter.epoch = "epoch-2"
        counter.start()
        answer = counter.hand_in(at=at(2))

        assert states(answer) == [(1, "known", None), (2, "stored", None)]
        assert list(Entry.objects.order_by("seq").values_list("key", flat=True)) == [old.id, counter.row.id]


class TestHorizon:
    def test_is_never_later_than_the_call(self, counter):
        counter.hand_in(at=at(1), through=at(60))
        assert Horizon.objects.get().through == at(1)

    def test_a_desk_that_signed_close_is_silent_not_dark(self, counter):
        counter.hand_in(at=at(1))
        assert not Horizon.objects.get().is_closed
        counter.write("close", Hours())
        counter.hand_in(at=at(2))
        assert Horizon.objects.get().is_closed
        counter.open()
        counter.hand_in(at=at(3))
        assert not Horizon.objects.get().is_closed
