"""Which stored entries hang together without a gap, and from when each can be at the earliest."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Min

from cscdesk.clock import Sight, lower_bound, whole_since
from cscdesk.entry import Head
from cscdesk.models import Anchor, ChainLink, Desk, Entry

START = "start"


def link_entries(*, desk: Desk) -> None:
    """
    Link every entry of a desk whose chain is now whole; entries behind a gap wait.

    A start, and what cannot be read, waits for nothing: a lost or broken line blocks nobody. What is
    written is what `cscdesk.clock.bounds` says of the whole journal. Call it with the desk's row locked.
    """
    waiting = {
        bytes(entry.sha256): entry
        for entry in Entry.objects.filter(desk=desk, link=None)
        .only("id", "desk_id", "sha256", "prev", "seq", "kind", "received_at")
        .order_by("seq", "id")
    }
    if waiting:
        ChainLink.objects.bulk_create(_Linking(desk, waiting).links(), batch_size=1000)


class _Linking:
    """One run over what waits, with the stored part of the journal asked for as far as needed."""

    def __init__(self, desk: Desk, waiting: dict[bytes, Entry]) -> None:
        self.desk = desk
        self.waiting = waiting
        self.children: dict[bytes, list[Entry]] = defaultdict(list)
        for entry in waiting.values():
            if entry.prev is not None:
                self.children[bytes(entry.prev)].append(entry)
        self._sights = self._first_sights()
        self._links = self._stored_parents()
        self._made: dict[bytes, ChainLink] = {}
        self._anchors: list[tuple[datetime, bytes]] | None = None
        self._before: dict[bytes, tuple[bytes | None, bool]] | None = None

    def links(self) -> Iterable[ChainLink]:
        """The new links, parents before children."""
        entries = list(self.waiting.values())
        for entry in entries:
            if entry.prev is None or bytes(entry.prev) in self._links:
                self._link_from(entry)
        # Only now: a start whose named head became whole in this very run has a parent after all.
        for entry in entries:
            if entry.kind == START:
                self._link_from(entry)
        return self._made.values()

    def _link_from(self, root: Entry) -> None:
        ready = [root]
        for entry in ready:  # grows while it is walked: children follow their parents
            identity = bytes(entry.sha256)
            if identity in self._made:
                continue
            self._links[identity] = self._made[identity] = self._link(entry)
            ready += self.children[identity]

    def _link(self, entry: Entry) -> ChainLink:
        prev = None if entry.prev is None else bytes(entry.prev)
        parent = None if prev is None else self._links.get(prev)
        sight = self._sights[bytes(entry.sha256)]
        inherited = parent.not_before if parent else None
        if prev is None:
            anchors = []
        elif inherited is not None and inherited >= sight:
            # Seen before its parent's bound, through a start that came early: that bound says nothing of it.
            inherited, anchors = None, self._anchors_until(prev, until=sight)
        else:
            anchors = self._anchors_before(prev, parent=parent, until=sight)
        return ChainLink(
            entry=entry,
            first_sight=sight,
            not_before=lower_bound(parent_lower=inherited, anchors=anchors, first_sight=sight),
        )

    def _first_sights(self) -> dict[bytes, datetime]:
        """When the centre first stored each waiting entry or anything after it."""
        sights = {identity: entry.received_at for identity, entry in self.waiting.items()}
        # A start is linked at once, so it may have been there before the head that it names.
        earlier_starts = (
            Entry.objects.filter(desk=self.desk, kind=START, link__isnull=False, prev__in=list(self.waiting))
            .values_list("prev")
            .annotate(sight=Min("link__first_sight"))
        )
        for prev, sight in earlier_starts:
            sights[bytes(prev or b"")] = min(sights[bytes(prev or b"")], sight)
        for entry in sorted(self.waiting.values(), key=lambda entry: entry.seq or 0, reverse=True):
            after = (sights[bytes(child.sha256)] for child in self.children[bytes(entry.sha256)])
            sights[bytes(entry.sha256)] = min([sights[bytes(entry.sha256)], *after])
        return sights

    def _stored_parents(self) -> dict[bytes, ChainLink]:
        wanted = [identity for identity in self.children if identity not in self.waiting]
        found = ChainLink.objects.filter(entry__desk=self.desk, entry__sha256__in=wanted)
        return {bytes(link.entry.sha256): link for link in found.select_related("entry")}

    def _anchors_before(self, prev: bytes, *, parent: ChainLink | None, until: datetime) -> list[datetime]:
        """
        Times of anchors given against `prev` or anything before it, as far as the parent's bound lacks them.

        Against `prev` itself all count; against what lies before that only those given since the
        parent was seen, because the older ones are in its bound.
        """
        given = self._known_anchors()
        direct = [time for time, head in given if head == prev]
        if parent is None:
            return direct
        since = {head for time, head in given if head != prev and parent.first_sight <= time < until}
        on_the_way = self._ancestors(prev, since) if since else set()
        return direct + [
            time for time, head in given if head in on_the_way and parent.first_sight <= time < until
        ]

    def _anchors_until(self, prev: bytes, *, until: datetime) -> list[datetime]:
        """Times of all anchors given until then against `prev` or anything before it."""
        rows = Anchor.objects.filter(desk=self.desk, head_sha256__isnull=False, time__lt=until)
        given = [(time, bytes(head)) for time, head in rows.values_list("time", "head_sha256") if head]
        on_the_way = self._ancestors(prev, {head for _time, head in given})
        return [time for time, head in given if head in on_the_way]

    def _known_anchors(self) -> list[tuple[datetime, bytes]]:
        """Anchors against the heads that waiting entries follow, and all since the oldest parent was seen."""
        if self._anchors is None:
            stated = Anchor.objects.filter(desk=self.desk, head_sha256__isnull=False)
            against_parents = stated.filter(head_sha256__in=list(self.children))
            oldest = min(
                [
                    *self._sights.values(),
                    *(link.first_sight for link in self._links.values()),
                ]
            )
            rows = against_parents.union(stated.filter(time__gte=oldest)).values_list("time", "head_sha256")
            self._anchors = [(time, bytes(head)) for time, head in rows if head]
        return self._anchors

    def _ancestors(self, tip: bytes, heads: set[bytes]) -> set[bytes]:
        """Which of `heads` lie on the way from `tip` back to its root; a root's named head among them."""
        found: set[bytes] = set()
        at: bytes | None = tip
        goes_on = True
        while at is not None:
            if at in heads:
                found.add(at)
            if not goes_on or found == heads:
                break
            at, goes_on = self._step_back(at)
        return found

    def _step_back(self, identity: bytes) -> tuple[bytes | None, bool]:
        """What an entry follows, and whether that one's own past counts for it."""
        if self._before is None:
            # One query fetches the desk's whole chain: only when an anchor was given against an old head.
            rows = Entry.objects.filter(desk=self.desk).values_list("sha256", "prev", "kind", "received_at")
            sights = [
                Sight(bytes(sha).hex(), bytes(prev).hex() if prev else None, seen, kind == START)
                for sha, prev, kind, seen in rows
            ]
            whole = whole_since(sights)
            self._before = {
                bytes.fromhex(one.sha256): (
                    bytes.fromhex(one.prev) if one.prev else None,
                    not one.is_start or (one.prev in whole and whole[one.prev] <= one.seen_at),
                )
                for one in sights
            }
        return self._before.get(identity, (None, False))


def stored_through(*, desk_id: UUID, epoch: str, head: Head, delivered: Iterable[bytes]) -> Head | None:
    """
    The last entry before the first gap, on the branch of the head that the desk stated.

    :param delivered: identities of this call's entries, on that branch by their desk's own word
    """
    linked = Entry.objects.filter(desk_id=desk_id, link__isnull=False, seq__isnull=False)
    last = linked.filter(sha256=bytes.fromhex(head.sha256)).first()
    if last is None:
        before = linked.filter(seq__lt=head.seq)
        last = before.filter(sha256__in=list(delivered)).order_by("-seq").first()
    if last is None:
        # The branch cannot be walked back from a head that is not stored: up to the first fork there is but one.
        forks = (
            Entry.objects.filter(desk_id=desk_id, epoch=epoch, prev__isnull=False)
            .values("prev")
            .annotate(branches=Count("id"), first=Min("seq"))
            .filter(branches__gt=1)
        )
        first_fork = min((fork["first"] for fork in forks), default=head.seq)
        last = before.filter(epoch=epoch, seq__lt=first_fork).order_by("-seq").first()
    if last is None or not _is_joined(last):
        return None
    return Head(seq=last.seq or 0, sha256=bytes(last.sha256).hex())


def _is_joined(last: Entry) -> bool:
    """
    Whether nothing is missing before a linked entry, through all epochs back to the journal's beginning.

    A start is linked without the head that it names; but what lies before it may still be on the
    desk, which forgets what it is told was stored.
    """
    linked = Entry.objects.filter(desk_id=last.desk_id, link__isnull=False)
    at: Entry | None = last
    while at is not None:
        start = linked.filter(epoch=at.epoch, kind=START, seq__lte=at.seq).order_by("-seq").first()
        if start is None or start.prev is None:
            return True
        at = linked.filter(sha256=bytes(start.prev)).first()
    return False


_STATED_AFTER = """
WITH RECURSIVE branch AS (
    SELECT sha256 FROM cscdesk_entry WHERE id = %(entry)s
    UNION
    SELECT later.sha256 FROM cscdesk_entry later JOIN branch ON later.prev = branch.sha256
    WHERE later.desk_id = %(desk)s
)
SELECT EXISTS (
    SELECT 1 FROM branch JOIN cscdesk_anchor anchor ON anchor.head_sha256 = branch.sha256
    WHERE anchor.desk_id = %(desk)s AND anchor.time <= %(until)s
)
"""


def was_stated(*, entry: Entry, until: datetime) -> bool:
    """
    Whether the desk had stated this entry, or a successor of it, as its head in a call anchored by `until`.

    A head's hash covers everything before it, so nobody who got the key later can have made this entry.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATED_AFTER, {"entry": entry.id, "desk": entry.desk_id, "until": until})
        (is_stated,) = cursor.fetchone()
    return bool(is_stated)
