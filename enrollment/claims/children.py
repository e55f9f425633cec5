"""When two child keys are one child, and when two children share one token. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from enrollment.claims.facts import Lodged
from schools.rules import Refusal, parse_iin


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A person's word on two child keys."""

    id: UUID
    child_key: str
    other_key: str
    """The key that stays when they are one child."""
    is_same: bool
    decided_at: datetime


class _Groups:
    """Things that belong together, each group under one of its members."""

    def __init__(self) -> None:
        self._leader: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}

    def leader(self, one: str) -> str:
        return self._leader.get(one, one)

    def join(self, one: str, other: str) -> tuple[str, str]:
        """The leader from now on, and the one it took over; the smaller group moves, so all joins stay n log n."""
        kept, moved = self.leader(one), self.leader(other)
        if len(self._members.get(kept, (kept,))) < len(self._members.get(moved, (moved,))):
            kept, moved = moved, kept
        joining = self._members.pop(moved, [moved])
        self._members.setdefault(kept, [kept]).extend(joining)
        self._leader.update(dict.fromkeys(joining, kept))
        return kept, moved

    def __iter__(self) -> Iterator[list[str]]:
        return iter(self._members.values())


def same_children(links: Iterable[Link]) -> dict[str, str]:
    """
    The key that stays, for every key that is another child's key too; no key that stays is moved itself.

    Links are chained. Where they contradict each other, directly or along a chain, the later
    one by (decided_at, id) counts. Of one child's keys an IIN stays before a document, then one
    that no link leads away from, then the one that the latest link leads to.
    """
    groups = _Groups()
    apart: dict[str, set[str]] = defaultdict(set)
    counting: list[Link] = []
    for link in sorted(links, key=lambda link: (link.decided_at, link.id), reverse=True):
        one, other = groups.leader(link.child_key), groups.leader(link.other_key)
        if one == other:
            continue
        if not link.is_same:
            apart[one].add(other)
            apart[other].add(one)
        elif other not in apart[one]:
            kept, moved = groups.join(one, other)
            for stranger in apart.pop(moved, ()):
                apart[stranger].add(kept)
                apart[kept].add(stranger)
            counting.append(link)
    led_away = {link.child_key for link in counting}
    rank = {link.other_key: n for n, link in reversed(list(enumerate(counting)))}
    stays: dict[str, str] = {}
    for keys in groups:
        staying = min(
            keys, key=lambda key: (not _is_iin(key), key in led_away, rank.get(key, len(counting)), key)
        )
        stays |= {key: staying for key in keys if key != staying}
    return stays


def token_keys(
    wishes: Iterable[Sequence[UUID]], *, lodged: Iterable[Lodged], same: Mapping[str, str]
) -> dict[str, str]:
    """
    For every child of these applications, by the key that stays, the key whose token it bears.

    That of its earliest application by (lodged_at, id), alive or not: who links two keys after
    a draw chooses no number. Twins bear the token of the smallest of these keys among them.

    :param wishes: the applications that each wish names, one of each child; unknown ones are passed over
    :param lodged: all applications for each of the children
    :param same: the key that stays, by the keys that do not (`same_children`)
    """
    backwards = sorted(lodged, key=lambda one: (one.lodged_at, one.id), reverse=True)
    child_of = {one.id: same.get(one.child_key, one.child_key) for one in backwards}
    token_of = {child_of[one.id]: one.child_key for one in backwards}
    groups = _Groups()
    for wish in wishes:
        children = [child_of[one] for one in wish if one in child_of]
        for first, second in pairwise(children):
            groups.join(first, second)
    for twins in groups:
        token_of.update(dict.fromkeys(twins, min(token_of[one] for one in twins)))
    return token_of


def _is_iin(key: str) -> bool:
    try:
        return parse_iin(key) == key
    except Refusal:
        return False
