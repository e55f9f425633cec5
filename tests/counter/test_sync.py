"""The line to a centre on a real socket: what counts as delivered, and what never does."""

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.counter import deliveries, journal, selectors, sync
from cscdesk.counter.models import AnchorSeen, Identity, JournalEntry, Outcome, StoredCatalogue
from cscdesk.counter.sync import exchanging
from cscdesk.counter.sync.line import Line
from cscdesk.counter.sync.runner import Courier, backoff
from cscdesk.entry import read_delivery
from schools import clock
from schools.rules import Refusal
from tests.counter.centre import Centre, Handler
from tests.counter.conftest import NOON

Lodge = Callable[..., JournalEntry]


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three seconds of silence are a failure; a test need not wait that long."""
    monkeypatch.setattr(
        exchanging,
        "_line",
        lambda identity: Line(
            url=identity.api_url,
            desk=identity.desk,
            key=journal.private_key(identity),
            silence_s=0.3,
            whole_s=1.0,
        ),
    )


def unsent() -> int:
    return selectors.gauges().unsent_entries


def test_a_signed_word_of_the_centre_delivers(centre: Centre, lodged: Lodge) -> None:
    row = lodged()

    done = sync.exchange()

    assert bytes(row.sha256).hex() in centre.stored
    assert done.has_moved
    assert selectors.gauges().unsent_applications == 0
    assert selectors.delivery_state().is_line_up


def test_what_is_delivered_are_the_stored_bytes(centre: Centre, lodged: Lodge) -> None:
    row = lodged()

    sync.exchange()

    assert centre.stored[bytes(row.sha256).hex()] == journal.sealed_of(row)


def test_an_anchor_that_covers_something_new_is_written_once(centre: Centre, lodged: Lodge) -> None:
    lodged()

    for _heartbeat in range(5):
        sync.exchange()

    assert [e.kind for e in JournalEntry.objects.all()] == ["start", "open", "lodge", "anchor"]
    assert unsent() == 0


def test_a_quiet_hour_ends_with_an_anchor(
    centre: Centre, lodged: Lodge, clock_at: Callable[..., None]
) -> None:
    lodged()
    sync.exchange()
    clock_at(NOON.replace(hour=8, minute=1))

    sync.exchange()
    sync.exchange()

    assert JournalEntry.objects.filter(kind="anchor").count() == 2


def test_the_next_entry_cites_the_last_anchor(centre: Centre, lodged: Lodge) -> None:
    sync.exchange()

    assert AnchorSeen.objects.get().boot == clock.boot_id()


@pytest.mark.parametrize(
    "lie", ["wrong_key", "captive_portal", "redirect", "old_answer", "cut", "silent", "drip"]
)
def test_a_lie_delivers_nothing_and_loses_nothing(centre: Centre, lodged: Lodge, lie: str) -> None:
    lodged()
    before = unsent()
    centre.lie = globals()[f"_{lie}"](centre)

    with pytest.raises(Refusal):
        sync.exchange()

    assert unsent() == before
    assert selectors.delivery_state().stored_seq == 0
    centre.lie = None
    sync.exchange()
    sync.exchange()
    assert unsent() == 0


def test_an_anchor_for_another_head_is_no_anchor(centre: Centre, lodged: Lodge) -> None:
    lodged()
    answers: list[bytes] = []

    def remember(handler: Handler, body: bytes) -> None:
        answers.append(centre.take(body, handler.headers["Desk-Nonce"]))
        handler.answer(200, answers[0])

    centre.lie = remember
    sync.exchange()
    lodged(minutes=1)

    with pytest.raises(Refusal):
        sync.exchange()


def test_a_centre_that_lost_entries_gets_them_again(centre: Centre, lodged: Lodge) -> None:
    row = lodged()
    sync.exchange()
    centre.stored.clear()
    centre.seqs.clear()

    sync.exchange()
    sync.exchange()

    assert bytes(row.sha256).hex() in centre.stored
    assert unsent() == 0


def test_a_gap_at_the_centre_is_not_delivered(centre: Centre, lodged: Lodge) -> None:
    row = lodged()
    centre.forgets = {row.seq}

    sync.exchange()

    assert selectors.delivery_state().stored_seq == row.seq - 1
    centre.forgets = set()
    sync.exchange()
    assert selectors.delivery_state().stored_seq >= row.seq


def test_a_long_queue_goes_in_batches(centre: Centre, lodged: Lodge) -> None:
    for minute in range(7):
        lodged(minutes=minute)

    while sync.exchange(entries_max=3).is_more_unsent:
        pass

    assert max(len(delivery) for delivery in centre.deliveries) == 3
    assert unsent() <= 1


def test_large_forms_stay_below_two_mebibytes(
    centre: Centre, lodged: Lodge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(6):
        lodged(minutes=minute)
    monkeypatch.setattr(exchanging, "_ROOM", 3_000)

    done = sync.exchange()

    assert 0 < done.entries_sent < 6
    assert done.is_more_unsent


def test_a_call_promises_nothing_later_than_its_head(centre: Centre, lodged: Lodge) -> None:
    bodies: list[bytes] = []

    def remember(handler: Handler, body: bytes) -> None:
        bodies.append(body)
        handler.answer(200, centre.take(body, handler.headers["Desk-Nonce"]))

    lodged()
    centre.lie = remember
    sync.exchange()

    delivery = read_delivery(bodies[0])
    assert NOON <= delivery.through <= clock.now()
    assert delivery.head.seq == 3
    assert delivery.gauges.unsent == 3


def test_outcomes_come_home(centre: Centre, lodged: Lodge) -> None:
    row = lodged()
    sync.exchange()

    exchanging.fetch_outcomes()

    assert Outcome.objects.get(entry=row).state == "applied"
    assert exchanging.fetch_outcomes() == 0


def test_the_catalogue_is_fetched_once_and_then_known_by_its_name(centre: Centre, enrolled: Identity) -> None:
    assert exchanging.fetch_catalogue()
    assert not exchanging.fetch_catalogue()

    assert StoredCatalogue.objects.get().etag == '"one"'


def test_a_family_code_is_asked_for(centre: Centre, enrolled: Identity) -> None:
    from cscdesk.counter.clocks import reading

    sync.request_family_code(number="27-4KQ7-M2XD-W", at=reading())

    assert centre.codes_wanted == ["27-4KQ7-M2XD-W"]


def test_a_courier_delivers_and_says_when_it_comes_again(centre: Centre, lodged: Lodge) -> None:
    lodged()
    courier = Courier()

    waits = [courier.round() for _round in range(3)]

    assert unsent() == 0
    assert Outcome.objects.filter(entry__kind="lodge", state="applied").exists()
    assert waits[-1] <= 60


def test_a_courier_survives_everything_and_calls_within_the_minute(centre: Centre, lodged: Lodge) -> None:
    lodged()
    courier = Courier()
    centre.lie = _captive_portal(centre)

    waits = [courier.round() for _round in range(9)]

    assert all(2 <= wait <= 55 for wait in waits)
    assert waits[-1] > 20
    assert not selectors.delivery_state().is_line_up
    centre.lie = None
    courier.round()
    assert selectors.delivery_state().is_line_up


def test_a_running_courier_hears_the_bell(centre: Centre, lodged: Lodge) -> None:
    courier = Courier()
    courier.start()
    try:
        _until(lambda: selectors.delivery_state().is_line_up)
        row = lodged()
        courier.ring()
        _until(lambda: bytes(row.sha256).hex() in centre.stored)
    finally:
        courier.stop()
        courier.join(timeout=10)

    assert not courier.is_alive()


def test_back_off_grows_from_two_seconds_to_less_than_a_minute() -> None:
    longest = [backoff(failures=n, jitter=lambda: 1.0) for n in range(1, 9)]
    shortest = [backoff(failures=n, jitter=lambda: 0.0) for n in range(1, 9)]

    assert longest == [2, 4, 8, 16, 32, 55, 55, 55]
    assert shortest == [2, 2, 4, 8, 16, 27.5, 27.5, 27.5]


def test_an_anchor_of_an_older_call_is_refused(centre: Centre, lodged: Lodge) -> None:
    lodged()
    identity = selectors.own_identity()
    head = journal.head()
    assert head is not None
    taken: list[bytes] = []

    def remember(handler: Handler, body: bytes) -> None:
        taken.append(centre.take(body, handler.headers["Desk-Nonce"]))
        handler.answer(200, taken[0])

    centre.lie = remember
    sync.exchange()

    from cscdesk.entry import read_answer

    with pytest.raises(deliveries.NotOurAnchor):
        deliveries.checked_anchor(
            answer=read_answer(taken[0]), identity=identity, nonce="another", stated=head
        )


def _wrong_key(centre: Centre) -> Callable[[Handler, bytes], None]:
    stranger = Ed25519PrivateKey.generate()

    def lie(handler: Handler, body: bytes) -> None:
        pretended = Centre(key=stranger)
        handler.answer(200, pretended.take(body, handler.headers["Desk-Nonce"]))

    return lie


def _captive_portal(_centre: Centre) -> Callable[[Handler, bytes], None]:
    return lambda handler, _body: handler.answer(200, b"<html>Please log in</html>", kind="text/html")


def _redirect(_centre: Centre) -> Callable[[Handler, bytes], None]:
    return lambda handler, _body: handler.answer(302, b"", Location="http://127.0.0.1:9/")


def _old_answer(centre: Centre) -> Callable[[Handler, bytes], None]:
    def lie(handler: Handler, body: bytes) -> None:
        twin = Centre(key=centre.key)
        handler.answer(200, twin.take(body, "a-nonce-of-yesterday"))

    return lie


def _cut(centre: Centre) -> Callable[[Handler, bytes], None]:
    def lie(handler: Handler, body: bytes) -> None:
        whole = centre.take(body, handler.headers["Desk-Nonce"])
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        handler.wfile.write(whole[: len(whole) // 2])

    return lie


def _silent(_centre: Centre) -> Callable[[Handler, bytes], None]:
    return lambda _handler, _body: time.sleep(0.6)


def _drip(_centre: Centre) -> Callable[[Handler, bytes], None]:
    def lie(handler: Handler, _body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _second in range(40):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    return lie


def _until(is_so: Callable[[], bool], *, seconds: float = 15) -> None:
    for _tick in range(int(seconds * 20)):
        if is_so():
            return
        time.sleep(0.05)
    pytest.fail("it did not come so")
