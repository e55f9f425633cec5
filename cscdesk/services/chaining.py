"""Which stored entries hang together without a gap, and from when each can be at the earliest."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from cscdesk.clock import lower_bound
from cscdesk.entry import Head
from cscdesk.models import Anchor, ChainLink, Desk, Entry


def link_entries(*, desk: Desk) -> None:
    """
    Link every entry of a desk whose chain is now whole; entries behind a gap wait.

    A start, and what cannot be read, is a root of its own: a lost or broken line blocks nobody.
    Call it with the desk's row locked.
    """
    waiting = {
        bytes(entry.sha256): entry
        for entry in Entry.objects.filter(desk=desk, link=None).only(
            "id", "desk_id", "sha256", "prev", "seq", "kind", "received_at"
        )
    }
    if not waiting:
        return
    children: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in waiting.values():
        if entry.prev is not None:
            children[bytes(entry.prev)].append(entry)
    sights = _first_sights(waiting, children)
    tree = _Tree(desk)
    linked_parents = tree.links_of(set(children) - set(waiting))
    links: dict[bytes, ChainLink] = {}
    ready = [
        entry for entry in waiting.values() if _is_root(entry) or bytes(entry.prev or b"") in linked_parents
    ]
    for entry in ready:  # grows while it is walked: children follow their parents
        identity, prev = bytes(entry.sha256), bytes(entry.prev) if entry.prev is not None else None
        parent = None if _is_root(entry) or prev is None else links.get(prev) or linked_parents[prev]
        links[identity] = ChainLink(
            entry=entry,
            first_sight=sights[identity],
            not_before=lower_bound(
                parent_lower=parent.not_before if parent else None,
                anchors=tree.anchors_before(prev, parent=parent, until=sights[identity], fresh=waiting),
                first_sight=sights[identity],
            ),
        )
        ready += [child for child in children[identity] if not _is_root(child)]
    ChainLink.objects.bulk_create(links.values(), batch_size=1000)


def _is_root(entry: Entry) -> bool:
    return entry.prev is None or entry.kind == "start"


def _first_sights(waiting: dict[bytes, Entry], children: dict[bytes, list[Entry]]) -> dict[bytes, datetime]:
    """When the centre first stored each entry or anything after it."""
    sights = {identity: entry.received_at for identity, entry in waiting.items()}
    for entry in sorted(waiting.values(), key=lambda entry: entry.seq or 0, reverse=True):
        after = (sights[bytes(child.sha256)] for child in children[bytes(entry.sha256)])
        sights[bytes(entry.sha256)] = min([entry.received_at, *after])
    return sights


class _Tree:
    """The stored part of one desk's journal, asked for as far as needed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._prev: dict[bytes, bytes | None] = {}
        self._anchors: list[tuple[datetime, bytes]] | None = None

    def links_of(self, identities: Iterable[bytes]) -> dict[bytes, ChainLink]:
        found = ChainLink.objects.filter(entry__sha256__in=list(identities)).select_related("entry")
        return {bytes(link.entry.sha256): link for link in found}

    def anchors_before(
        self, prev: bytes | None, *, parent: ChainLink | None, until: datetime, fresh: dict[bytes, Entry]
    ) -> list[datetime]:
        """
        Times of anchors given against `prev` or anything before it, that the parent's bound lacks.

        What the parent had been bounded by lies before its own first sight; only anchors given
        since then are looked at, and for a root those against the head that it names.
        """
        if prev is None:
            return []
        if parent is None:
            given = Anchor.objects.filter(desk=self.desk, head_sha256=prev, time__lt=until)
            return list(given.values_list("time", flat=True))
        since = [(time, head) for time, head in self._known_anchors() if parent.first_sight <= time < until]
        ancestors = self._ancestors(prev, {head for _time, head in since}, fresh) if since else set()
        return [time for time, head in since if head in ancestors]

    def _known_anchors(self) -> list[tuple[datetime, bytes]]:
        if self._anchors is None:
            oldest = Entry.objects.filter(desk=self.desk, link=None).order_by("received_at").first()
            parents_seen = (
                ChainLink.objects.filter(
                    entry__desk=self.desk,
                    entry__sha256__in=Entry.objects.filter(desk=self.desk, link=None).values("prev"),
                )
                .order_by("first_sight")
                .values_list("first_sight", flat=True)
                .first()
            )
            since = min(filter(None, [parents_seen, oldest.received_at if oldest else None]), default=None)
            rows = Anchor.objects.filter(desk=self.desk, head_sha256__isnull=False)
            if since is not None:
                rows = rows.filter(time__gte=since)
            self._anchors = [
                (time, bytes(head)) for time, head in rows.values_list("time", "head_sha256") if head
            ]
        return self._anchors

    def _ancestors(self, tip: bytes, heads: set[bytes], fresh: dict[bytes, Entry]) -> set[bytes]:
        """Which of `heads` lie on the way from `tip` back to its root, `tip` among them."""
        found: set[bytes] = set()
        at: bytes | None = tip
        while at is not None and found != heads:
            if at in heads:
                found.add(at)
            at = self._prev_of(at, fresh)
        return found

    def _prev_of(self, identity: bytes, fresh: dict[bytes, Entry]) -> bytes | None:
        if identity in fresh:
            entry = fresh[identity]
            return None if entry.prev is None or entry.kind == "start" else bytes(entry.prev)
        if identity not in self._prev:
            # One query fetches the desk's whole chain: only when an anchor was given against an old head.
            self._prev |= {
                bytes(sha): None if prev is None or kind == "start" else bytes(prev)
                for sha, prev, kind in Entry.objects.filter(desk=self.desk).values_list(
                    "sha256", "prev", "kind"
                )
            }
        return self._prev.get(identity)


def stored_through(*, desk_id: UUID, epoch: str, head: Head, delivered: Iterable[bytes]) -> Head | None:
    """
    The last entry before the first gap, on the branch of the head that the desk stated.

    :param delivered: identities of this call's entries, on that branch by their desk's own word
    """
    stated = bytes.fromhex(head.sha256)
    if ChainLink.objects.filter(entry__sha256=stated, entry__desk_id=desk_id).exists():
        return head
    linked = Entry.objects.filter(desk_id=desk_id, link__isnull=False, seq__isnull=False, seq__lte=head.seq)
    last = linked.filter(sha256__in=list(delivered)).order_by("-seq").first()
    if last is None:
        # The branch cannot be walked back from a head that is not stored; without a fork there is but one.
        tips = list(linked.filter(epoch=epoch).order_by("-seq")[:2])
        if not tips or (len(tips) == 2 and tips[0].seq == tips[1].seq):
            return None
        last = tips[0]
    return Head(seq=last.seq or 0, sha256=bytes(last.sha256).hex())
