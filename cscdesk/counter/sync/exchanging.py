"""
One exchange with the centre: hand in what it does not have, believe its signed word, take news home.

Everything can be said again: the centre knows an entry by its bytes. What counts as
delivered is only what the `stored_through` of a signed anchor covers.
"""

import logging
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from cscdesk.counter import deliveries, journal, selectors
from cscdesk.counter.clocks import Reading, reading, turn
from cscdesk.counter.models import Identity, JournalEntry
from cscdesk.counter.sync.line import Line, LineFault, Reply, fresh_nonce
from cscdesk.entry import (
    DELIVERY_SIZE_MAX,
    ENTRIES_MAX,
    Answer,
    DeliveredEntry,
    Delivery,
    Gauges,
    Head,
    base64url,
    deliver,
    public_bytes,
    read_answer,
    write_delivery,
)
from cscdesk.entry.enrolment import (
    UNKNOWN_DESK,
    Catalogue,
    CodeWanted,
    Enrolled,
    Enrolment,
    EntryResults,
    read_body,
    write_body,
)
from schools.rules import Refusal

log = logging.getLogger(__name__)

_ROOM: Final = DELIVERY_SIZE_MAX - 16 * 1024
"""For entries: the rest is for the words around them."""


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""


class CentreRefused(LineFault):
    """The centre, or something in its place, answered with another status than 200."""

    def __init__(self, *, reply: Reply) -> None:
        super().__init__(what=_problem_code(reply) or f"HTTP {reply.status}")
        self.status = reply.status
        self.retry_after_s = _seconds(reply.headers.get("retry-after", ""))


@dataclass(frozen=True, slots=True)
class Exchange:
    """How one exchange went, for whoever decides when the next one comes."""

    entries_sent: int
    has_moved: bool
    """The centre's signed word covers more than before."""
    is_more_unsent: bool


def exchange(*, entries_max: int = ENTRIES_MAX) -> Exchange:
    """
    Call the centre once, with what it lacks or with nothing: a heartbeat.

    :raises NotEnrolled: there is nobody to speak for
    :raises Refusal: whatever came back, it was not the centre's signed word on this call
    """
    identity = selectors.own_identity()
    with turn() as sent:
        # Inside the turn nobody is between reading the clock and writing: `through` holds.
        head = journal.head()
    if head is None:
        raise selectors.NotEnrolled
    before = selectors.delivery_state().stored_seq
    entries = _unsent(after=before, up_to=head.seq, entries_max=entries_max)
    answer, nonce = _hand_in(identity=identity, entries=entries, head=head, sent=sent)
    anchor = deliveries.checked_anchor(answer=answer, identity=identity, nonce=nonce, stated=head)
    with turn() as at:
        deliveries.take_anchor(answer=answer, anchor=anchor, identity=identity, sent=sent, at=at)
    stored = anchor.stored_through.seq if anchor.stored_through else 0
    return Exchange(entries_sent=len(entries), has_moved=stored > before, is_more_unsent=stored < head.seq)


def fetch_outcomes() -> int:
    """
    Take home what entries became.

    :raises Refusal: no line, or no answer that can be read
    """
    identity = selectors.own_identity()
    taken = 0
    while True:
        after = selectors.delivery_state().outcomes_after
        reply = _line(identity).call(
            method="GET", path="/outcomes", query=f"after={after}", at=reading().wall
        )
        results = read_body(_expected(reply), EntryResults).outcomes
        with turn():
            taken += deliveries.take_outcomes(results=results)
        if not results or selectors.delivery_state().outcomes_after == after:
            return taken


def fetch_catalogue() -> bool:
    """
    Fetch the catalogue if it changed.

    :returns: whether it did
    :raises Refusal: no line, or an answer that is no catalogue; the one here stays
    """
    identity = selectors.own_identity()
    etag = selectors.catalogue_etag()
    reply = _line(identity).call(
        method="GET",
        path="/catalogue",
        at=reading().wall,
        headers={"If-None-Match": etag} if etag else None,
    )
    if reply.status == 304:
        with turn() as at:
            deliveries.keep_catalogue(at=at)
        return False
    read_body(_expected(reply), Catalogue)
    with turn() as at:
        deliveries.take_catalogue(text=reply.body, etag=reply.headers.get("etag", ""), at=at)
    return True


def enroll(*, url: str, code: str, key: Ed25519PrivateKey, at: Reading) -> Enrolled:
    """
    Exchange a one-time code and a fresh public key for an identity.

    :raises LineFault: the centre cannot be reached, or does not accept the code
    :raises MalformedDelivery: the answer is not an identity
    """
    wanted = Enrolment(code=code, public_key=base64url(public_bytes(key)))
    line = Line(url=url, desk=UNKNOWN_DESK, key=key, silence_s=15)
    reply = line.call(method="POST", path="/enroll", body=write_body(wanted), at=at.wall)
    return read_body(_expected(reply), Enrolled)


def request_family_code(*, number: str, at: Reading) -> None:
    """
    Ask the centre to send the family its one-time code for a withdrawal.

    :raises LineFault: no line; the withdrawal can be written without a code
    """
    identity = selectors.own_identity()
    body = write_body(CodeWanted(number=number))
    _expected(_line(identity).call(method="POST", path="/codes", body=body, at=at.wall))


def _hand_in(
    *, identity: Identity, entries: list[DeliveredEntry], head: Head, sent: Reading
) -> tuple[Answer, str]:
    gauges = selectors.gauges()
    body = write_delivery(
        Delivery(
            desk=identity.desk,
            epoch=identity.epoch,
            entries=entries,
            head=head,
            through=sent.wall,
            gauges=Gauges(
                unsent=gauges.unsent_entries, last_lodged=gauges.last_lodged_at, disk_mb=gauges.disk_mb
            ),
            boot=sent.boot,
        )
    )
    nonce = fresh_nonce()
    reply = _line(identity).call(method="POST", path="/entries", body=body, nonce=nonce, at=sent.wall)
    return read_answer(_expected(reply)), nonce


def _unsent(*, after: int, up_to: int, entries_max: int) -> list[DeliveredEntry]:
    """The next entries that the centre lacks, as many as fit into one delivery."""
    rows = JournalEntry.objects.filter(seq__gt=after, seq__lte=up_to).order_by("seq")
    entries: list[DeliveredEntry] = []
    size = 0
    for row in rows[: min(entries_max, ENTRIES_MAX)]:
        entry = deliver(journal.sealed_of(row))
        size += len(write_body(entry)) + 1
        if size > _ROOM:
            break
        entries.append(entry)
    return entries


def _line(identity: Identity) -> Line:
    return Line(
        url=identity.api_url or settings.DESK_API_URL, desk=identity.desk, key=journal.private_key(identity)
    )


def _expected(reply: Reply) -> bytes:
    """:raises CentreRefused: any status but 200"""
    if reply.status != 200:
        raise CentreRefused(reply=reply)
    return reply.body


def _problem_code(reply: Reply) -> str:
    """The stable code of a problem, where the answer is one."""
    if not reply.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    try:
        return str(read_body(reply.body, _Problem).code)[:40]
    except Refusal:
        return ""


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
