"""Writes lists where they differ from what stands in the tables, and nothing else."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Campaign, IntakeState, Lane, RosterEntry, RosterState, Round
from schools.rules import Refusal

from .copying import copied_out
from .listing import WAITING, IntakeList, escaped, held_reasons, lists_sha256
from .rows import BEGINNING, COPY_ROWS, END, name_key, rows_of

_AT_ONCE = 100
"""Lists whose rows are compared, or written, in one go."""


class FewerFactsRead(Refusal):
    message = _("A roster that has read more facts is already published.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What a roster was made of."""

    facts_read: int
    facts_sha256: bytes = b""
    setup_sha256: bytes = b""
    round_number: int | None = None
    """None: no round has closed yet."""
    closing_at: datetime | None = None
    round_facts: int = 0
    """How many of the facts happened before the closing."""


def publish_roster(
    *,
    campaign: Campaign,
    lists: Sequence[IntakeList],
    knowing: Knowing,
    at: datetime,
    stopped: Collection[str] = (),
    is_distrustful: bool = False,
) -> int:
    """
    Make the published lists say exactly this; rows that already do are left alone.

    :param lists: those of intakes that are not among them stay as they are
    :param stopped: components whose lists stay as they are: the brake is on
    :param is_distrustful: compare every row, not only the lists whose hash is another one
    :returns: rows written or removed; 0 when nothing changed
    :raises FewerFactsRead: the published roster knows more; nothing is written
    """
    with transaction.atomic():
        RosterState.objects.get_or_create(campaign=campaign)
        known = {
            "facts_read": knowing.facts_read,
            "facts_sha256": knowing.facts_sha256,
            "setup_sha256": knowing.setup_sha256,
            "round": _round(campaign, knowing.round_number),
            "closing_at": knowing.closing_at,
            "round_facts": knowing.round_facts,
            "known_at": at,
        }
        # Compare-and-set: whoever read fewer facts finds no row to update.
        if not RosterState.objects.filter(campaign=campaign, facts_read__lte=knowing.facts_read).update(
            **known
        ):
            raise FewerFactsRead
        published = _published(campaign)
        free = [one for one in lists if one.component not in stopped]
        changed = changed_lists(free, published=published, is_distrustful=is_distrustful)
        written = _write(campaign, changed)
        _note_states(free, published)
        hashes = {state.choice: state.sha256 for state in published.values()}
        after: dict[str, object] = {
            "roster_sha256": lists_sha256(hashes | {one.choice: one.sha256 for one in free})
        }
        if written:
            after["published_at"] = at
        RosterState.objects.filter(campaign=campaign).update(**after)
    return written


def note_nothing_new(*, campaign: Campaign, facts_read: int, at: datetime) -> None:
    """Say that at `at` the facts were read and were the ones already on the roster."""
    RosterState.objects.filter(campaign=campaign, facts_read=facts_read).update(known_at=at)


def published_sha256(*, campaign: Campaign) -> bytes:
    """The hash of the whole roster as it is published, worked out from its lists' hashes."""
    return lists_sha256({state.choice: state.sha256 for state in _published(campaign).values()})


def district_sha256(*, campaign: Campaign, district: str) -> bytes:
    """The hash of the published lists of one district, 32 bytes, in canonical form (law 6)."""
    rows = IntakeState.objects.filter(
        intake__campaign=campaign, intake__school__district=district
    ).values_list("intake__school_id", "intake__language", "lines_sha256")
    return lists_sha256({f"{bin_}/{language}": bytes(sha256) for bin_, language, sha256 in rows})


@dataclass(frozen=True, slots=True)
class _State:
    """What is noted of one list."""

    choice: str
    component: str = ""
    slots: str = ""
    sha256: bytes = b""
    arrived: tuple[int, int] = (0, 0)


def changed_lists(
    lists: Sequence[IntakeList], *, published: Mapping[int, _State], is_distrustful: bool
) -> list[IntakeList]:
    """The lists that may have to be written."""
    if is_distrustful:
        return list(lists)
    nothing = _State("")
    return [one for one in lists if one.sha256 != published.get(one.intake_id, nothing).sha256]


def _round(campaign: Campaign, number: int | None) -> Round | None:
    return None if number is None else Round.objects.get(campaign=campaign, number=number)


def _published(campaign: Campaign) -> dict[int, _State]:
    rows = IntakeState.objects.filter(intake__campaign=campaign).values_list(
        "intake_id", "intake__school_id", "intake__language", "component", "slots", "lines_sha256",
        "arrived_territory", "arrived_outside",
    )  # fmt: skip
    return {
        id_: _State(f"{bin_}/{language}", component, slots, bytes(sha256), (territory, outside))
        for id_, bin_, language, component, slots, sha256, territory, outside in rows
    }


def _note_states(lists: Sequence[IntakeList], published: Mapping[int, _State]) -> None:
    states = {
        one.intake_id: _State(one.choice, one.component, one.slots, one.sha256, one.arrived) for one in lists
    }
    rows = [
        b"%d\t%b\t%b\t\\\\x%b\t%d\t%d\n"
        % (
            id_,
            state.component.encode(),
            state.slots.encode(),
            state.sha256.hex().encode(),
            *state.arrived,
        )
        for id_, state in states.items()
        if published.get(id_) != state
    ]
    if not rows:
        return
    columns = "intake_id, component, slots, lines_sha256, arrived_territory, arrived_outside"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE fresh_state ON COMMIT DROP AS"  # noqa: S608 (our own words only)
            f" SELECT {columns} FROM schools_intakestate WITH NO DATA"
        )
        with cursor.copy(f"COPY fresh_state ({columns}) FROM STDIN") as copy:
            copy.write(b"".join(rows))
        cursor.execute(
            f"INSERT INTO schools_intakestate ({columns}) SELECT {columns} FROM fresh_state"  # noqa: S608
            " ON CONFLICT (intake_id) DO UPDATE SET component = excluded.component,"
            " slots = excluded.slots, lines_sha256 = excluded.lines_sha256,"
            " arrived_territory = excluded.arrived_territory, arrived_outside = excluded.arrived_outside"
        )
        cursor.execute("DROP TABLE fresh_state")


def _write(campaign: Campaign, lists: Sequence[IntakeList]) -> int:
    """First out, then in: two children that change slots would meet in one slot otherwise."""
    gone: list[int] = []
    known: dict[int, set[bytes]] = {}
    differing: list[IntakeList] = []
    rest = iter(lists)
    while some := list(islice(rest, _AT_ONCE)):
        stored = _stored([one.intake_id for one in some])
        for one in some:
            rows = stored.get(one.intake_id)
            if not rows:
                differing.append(one)
                continue
            wanted = set(_texts(one))
            there = {text for _id, text in rows}
            if there != wanted:
                gone += [id_ for id_, text in rows if text not in wanted]
                known[one.intake_id] = there & wanted
                differing.append(one)
    RosterEntry.objects.filter(id__in=gone).delete()
    fresh = _insert(campaign, differing, known)
    return max(len(gone), fresh)


def find_differing_lists(lists: Sequence[IntakeList]) -> Iterator[str]:
    """The choices whose rows, or whose noted hash, are not what these lists say."""
    hashes = dict(
        IntakeState.objects.filter(intake__in=[one.intake_id for one in lists]).values_list(
            "intake_id", "lines_sha256"
        )
    )
    rest = iter(lists)
    while some := list(islice(rest, _AT_ONCE)):
        stored = _stored([one.intake_id for one in some])
        for one in some:
            rows = sorted(text for _id, text in stored.get(one.intake_id, ()))
            if rows != sorted(_texts(one)) or bytes(hashes.get(one.intake_id, b"")) != one.sha256:
                yield one.choice


_LANES = (Lane.TERRITORY.value.encode(), Lane.OUTSIDE.value.encode())
_STORED = """
    SELECT id, intake_id, child_key, child_name, application_number, door, name_key,
        replace(application_id::text, '-', ''), lane, slot, draw_number, is_contested, is_held, held_for,
        is_confirmed, (extract(epoch FROM arrived_at) * 1000000)::bigint,
        (extract(epoch FROM moment) * 1000000)::bigint
    FROM schools_rosterentry WHERE intake_id = ANY(%s)
"""


def _stored(intakes: Sequence[int]) -> dict[int, list[tuple[int, bytes]]]:
    """Row ids and rows, as `_texts` writes them, of these intakes."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    for row in copied_out(_STORED, values=[list(intakes)]):
        id_, intake, text = row[:-1].split(b"\t", 2)
        found.setdefault(int(intake), []).append((int(id_), text))
    return found


def _texts(one: IntakeList) -> Iterator[bytes]:
    """The rows of one list as COPY writes them: what is compared."""
    for text, times in zip(_bare(one), _times(one), strict=True):
        yield b"%b\t%d\t%d" % (text, *times)


def _times(one: IntakeList) -> list[tuple[int, int]]:
    records = one.records
    return list(zip(records["arrived_at"].tolist(), records["moment"].tolist(), strict=True))


def _bare(one: IntakeList) -> Iterator[bytes]:
    """The columns from `child_key` to `is_confirmed`."""
    records = one.records
    for child, label, application, outside, slot, number, contested, held, confirmed in zip(
        records["child_key"].tolist(),
        one.labels,
        records["application"].tolist(),
        records["is_outside"].tolist(),
        records["slot"].tolist(),
        records["number"].tolist(),
        records["is_contested"].tolist(),
        records["held_for"].tolist(),
        records["is_confirmed"].tolist(),
        strict=True,
    ):
        yield b"%b\t%b\t%b\t%b\t%b\t%b\t%b\t%b\t%b\t%b\t%b" % (
            escaped(child) if b"\\" in child else child,
            label,
            name_key(label.partition(b"\t")[0]),
            application.hex().encode(),
            _LANES[outside],
            b"\\N" if slot == WAITING else b"%d" % slot,
            number.hex().encode(),
            b"t" if contested else b"f",
            b"t" if held else b"f",
            _held_for(held),
            b"t" if confirmed else b"f",
        )


@lru_cache(maxsize=256)
def _held_for(mask: int) -> bytes:
    return b"{" + ",".join(held_reasons(mask)).encode() + b"}"


def _insert(campaign: Campaign, lists: Sequence[IntakeList], known: Mapping[int, Collection[bytes]]) -> int:
    """The rows of the lists that are not `known`; how many these were."""
    count = 0
    rest = iter([one for one in lists if len(one.records)])
    with connection.cursor() as cursor, cursor.copy(COPY_ROWS) as copy:
        copy.write(BEGINNING)
        while some := list(islice(rest, _AT_ONCE)):
            for one, rows in zip(some, rows_of(some, campaign=campaign.pk), strict=True):
                there = known.get(one.intake_id)
                fresh = (
                    [row for row, text in zip(rows, _texts(one), strict=True) if text not in there]
                    if there
                    else rows
                )
                copy.write(b"".join(fresh))
                count += len(fresh)
        copy.write(END)
    return count
