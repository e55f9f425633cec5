"""What an education department asks of its rosters; every list is scoped by `Visible`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Collate, RowNumber
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from schools.models import Campaign, Case, District, Held, Horizon, Intake, Lane, RosterEntry, RosterState
from schools.rules import kazakh_sort_key
from schools.selectors.visibility import Visible

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE: Final = 100
"""Lines on one page of a list."""
FOUND_MAX: Final = 50
"""Children that one search shows."""
DARK_AFTER: Final = timedelta(minutes=5)
"""A desk calls at least once a minute; one that has not for so long is not heard from."""
DOORS: Final = {"portal": _("Portal"), "desk": _("Service centre")}

# The order inside a line: docs/reference/rule.md, "Number".
_IN_LINE = ("moment", "draw_number", "application_id")
_BY_NAME = (Collate("name_key", "C"), "child_name", "application_id")
_LATIN_OF = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How far the facts behind a list are known."""

    known_at: datetime | None
    desks: list[Horizon]
    dark: list[Horizon]
    """Desks that were silent for `DARK_AFTER` and have not signed off; the longest silent first."""

    @property
    def since(self) -> datetime | None:
        """When the longest silent desk was last heard from; None when none of them ever was."""
        return min((desk.heard_at for desk in self.dark if desk.heard_at), default=None)

    @property
    def unsent(self) -> int:
        """Entries that desks said they still had when last heard from."""
        return sum(desk.unsent for desk in self.desks)


@dataclass(slots=True)
class Numbers:
    """A district on one line."""

    district: District
    knowledge: Knowledge
    portal: int = 0
    desk: int = 0
    placed: int = 0
    waiting_territory: int = 0
    waiting_outside: int = 0
    contested: int = 0
    cases: int = 0

    @property
    def waiting(self) -> int:
        return self.waiting_territory + self.waiting_outside


@dataclass(slots=True)
class Lengths:
    """How long the parts of one intake's list are."""

    placed_territory: int = 0
    placed_outside: int = 0
    waiting_territory: int = 0
    waiting_outside: int = 0

    @property
    def placed(self) -> int:
        return self.placed_territory + self.placed_outside

    @property
    def waiting(self) -> int:
        return self.waiting_territory + self.waiting_outside


@dataclass(frozen=True, slots=True)
class Offered:
    """One intake with the lengths of its list."""

    intake: Intake
    lengths: Lengths

    @property
    def free(self) -> int:
        return max(self.intake.capacity - self.lengths.placed, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """One printed line of a list: a place, given or free, or a child that waits."""

    number: int
    """Of the place, or in the child's own line; from 1."""
    entry: RosterEntry | None
    kind: str = ""
    """For a free place: whose turn it is, as `Lane`."""


@dataclass(frozen=True, slots=True)
class Part:
    """One page of one part of an intake's list."""

    rows: list[Row]
    total: int
    page: int
    pages: int
    first: int = field(init=False)
    last: int = field(init=False)

    def __post_init__(self) -> None:
        start = (self.page - 1) * PAGE if self.pages > 1 else 0
        object.__setattr__(self, "first", start + 1 if self.rows else 0)
        object.__setattr__(self, "last", start + len(self.rows))


def held_reasons(entry: RosterEntry) -> list["StrOrPromise"]:
    """Why a place is held, in words."""
    return [Held(reason).label for reason in entry.held_for if reason in Held.values]


def state_of(entry: RosterEntry) -> "StrOrPromise":
    """How sure a line of the list is, in a few words; for a held place with the reasons."""
    if entry.slot is None:
        return Held.CONTESTED.label if entry.is_contested else _("Waiting")
    if entry.is_confirmed:
        return _("Confirmed")
    if entry.is_held or entry.held_for:
        reasons = "; ".join(str(reason) for reason in held_reasons(entry))
        return format_lazy("{}: {}", _("Held"), reasons) if reasons else _("Held")
    return _("Provisional")


def knowledge(*, visible: Visible, campaign: Campaign, at: datetime, district: str) -> Knowledge:
    """How far the lists of one district are known at `at`. Two queries."""
    state = RosterState.objects.filter(campaign=campaign).first()
    horizons = visible.horizons.filter(campaign=campaign, district=district)
    return _knowledge(state.known_at if state else None, horizons, at=at)


def _knowledge(known_at: datetime | None, horizons: Iterable[Horizon], *, at: datetime) -> Knowledge:
    desks = [horizon for horizon in horizons if horizon.district_id is not None]
    dark = [
        desk
        for desk in desks
        if not desk.is_closed and (desk.heard_at is None or desk.heard_at < at - DARK_AFTER)
    ]
    dark.sort(key=lambda desk: (desk.heard_at is not None, desk.heard_at or at, desk.door))
    return Knowledge(known_at=known_at, desks=desks, dark=dark)


def numbers(*, visible: Visible, campaign: Campaign, at: datetime) -> list[Numbers]:
    """Every visible district with its numbers. Five queries, however many districts and children."""
    state = RosterState.objects.filter(campaign=campaign).first()
    horizons: dict[str | None, list[Horizon]] = {}
    for horizon in visible.horizons.filter(campaign=campaign):
        horizons.setdefault(horizon.district_id, []).append(horizon)
    known_at = state.known_at if state else None
    by_kato = {
        district.kato: Numbers(
            district=district, knowledge=_knowledge(known_at, horizons.get(district.kato, []), at=at)
        )
        for district in visible.districts.select_related("region").order_by("kato")
    }
    counted = (
        visible.entries.filter(campaign=campaign)
        .order_by()
        .values("district")
        .annotate(
            portal=Count("application_id", distinct=True, filter=Q(door="portal")),
            desk=Count("application_id", distinct=True, filter=Q(door="desk")),
            placed=Count("id", filter=Q(slot__isnull=False)),
            waiting_territory=Count("id", filter=Q(slot__isnull=True, lane=Lane.TERRITORY)),
            waiting_outside=Count("id", filter=Q(slot__isnull=True, lane=Lane.OUTSIDE)),
            contested=Count("child_key", distinct=True, filter=Q(is_contested=True)),
        )
    )
    for row in counted:
        line = by_kato[row["district"]]
        line.portal, line.desk, line.placed = row["portal"], row["desk"], row["placed"]
        line.waiting_territory, line.waiting_outside = row["waiting_territory"], row["waiting_outside"]
        line.contested = row["contested"]
    waiting = cases(visible=visible, campaign=campaign).order_by().values("district")
    for case in waiting.annotate(count=Count("id")):
        if case["district"] is not None:
            by_kato[case["district"]].cases = case["count"]
    return list(by_kato.values())


def joint_knowledge(*, numbers: list[Numbers], at: datetime) -> Knowledge:
    """How far the lists of all these districts are known."""
    known_at = numbers[0].knowledge.known_at if numbers else None
    return _knowledge(known_at, [desk for line in numbers for desk in line.knowledge.desks], at=at)


def cases(*, visible: Visible, campaign: Campaign) -> QuerySet[Case]:
    """What waits for a person, the oldest first."""
    return (
        visible.cases.filter(campaign=campaign, closed_at=None)
        .select_related("district")
        .order_by("opened_at", "id")
    )


def offered(*, visible: Visible, campaign: Campaign, district: str, search: str = "") -> list[Offered]:
    """Intakes of a district, by school; `search` looks in names of any language and the BIN. Two queries."""
    intakes = visible.intakes.filter(campaign=campaign, school__district=district).select_related("school")
    for word in search.split()[:5]:
        intakes = intakes.filter(
            Q(school__name_kk__icontains=word)
            | Q(school__name_ru__icontains=word)
            | Q(school__name_en__icontains=word)
            | Q(school__bin__startswith=word)
        )
    lengths = _lengths(visible.entries.filter(campaign=campaign, district=district))
    ordered = sorted(
        intakes,
        key=lambda intake: (kazakh_sort_key(intake.school.name_kk), intake.school_id, intake.language),
    )
    return [Offered(intake=intake, lengths=lengths.get(intake.pk, Lengths())) for intake in ordered]


def lengths_of(*, visible: Visible, intake: Intake) -> Lengths:
    """How long the parts of one list are. One query."""
    return _lengths(visible.entries.filter(intake=intake)).get(intake.pk, Lengths())


def _lengths(entries: QuerySet[RosterEntry]) -> dict[int, Lengths]:
    lengths: dict[int, Lengths] = {}
    counted = entries.order_by().values("intake", "lane").annotate(placed=Count("slot"), children=Count("id"))
    for row in counted:
        of_intake = lengths.setdefault(row["intake"], Lengths())
        setattr(of_intake, f"placed_{row['lane']}", row["placed"])
        setattr(of_intake, f"waiting_{row['lane']}", row["children"] - row["placed"])
    return lengths


def places(
    *, visible: Visible, intake: Intake, placed: int, page: int | None = 1, by_name: bool = False
) -> Part:
    """
    Places with their children, in the order of places: free ones are lines too.

    :param placed: how many are given (`Lengths.placed`)
    :param page: from 1, moved to the nearest page there is; None for all
    :param by_name: by the Kazakh alphabet instead, only the given ones
    """
    given = visible.entries.filter(intake=intake, slot__isnull=False)
    if by_name:
        part = _page(placed, page)
        rows = [Row(_number(entry), entry) for entry in _cut(given.order_by(*_BY_NAME), part)]
        return Part(rows, placed, *part)
    # A list can be older than a change of places: a child on a removed place is shown all the same.
    open_slots = {index for index, kind in enumerate(intake.slots) if kind != "-"}
    taken = {slot for slot in given.values_list("slot", flat=True) if slot is not None}
    indexes = sorted(open_slots | taken)
    part = _page(len(indexes), page)
    shown = indexes if page is None else indexes[(part[0] - 1) * PAGE : part[0] * PAGE]
    first, last = (shown[0], shown[-1]) if shown else (0, -1)
    by_slot = {entry.slot: entry for entry in given.filter(slot__range=(first, last))}
    rows = [Row(index + 1, by_slot.get(index), _kind(intake.slots, index)) for index in shown]
    return Part(rows, len(indexes), *part)


def waiting(
    *, visible: Visible, intake: Intake, lane: str, total: int, page: int | None = 1, by_name: bool = False
) -> Part:
    """One reserve line with the number in line, counted when asked; in its order or by the alphabet."""
    line = visible.entries.filter(intake=intake, lane=lane, slot__isnull=True).annotate(
        in_line=Window(RowNumber(), order_by=[F(name).asc() for name in _IN_LINE])
    )
    part = _page(total, page)
    ordered = line.order_by(*(_BY_NAME if by_name else _IN_LINE))
    rows = [Row(getattr(entry, "in_line", 0), entry) for entry in _cut(ordered, part)]
    return Part(rows, total, *part)


def whole_list(*, visible: Visible, intake: Intake) -> Iterator[tuple[str, Row]]:
    """
    Every child of one list for a download: places, then both lines; `place`, or the lane it waits in.

    Read in portions, so that a long list costs no memory.
    """
    entries = visible.entries.filter(intake=intake)
    for entry in entries.filter(slot__isnull=False).order_by("slot").iterator(2000):
        yield "place", Row(_number(entry), entry)
    for lane in Lane:
        line = entries.filter(lane=lane, slot__isnull=True).order_by(*_IN_LINE).iterator(2000)
        for number, entry in enumerate(line, start=1):
            yield lane.value, Row(number, entry)


def children_found(*, visible: Visible, campaign: Campaign, text: str) -> tuple[list[Row], bool]:
    """
    Lines of children by receipt number, IIN or document, or words of the name in any alphabet order.

    :returns: at most `FOUND_MAX` lines, and whether there are more
    """
    entries = visible.entries.filter(campaign=campaign).select_related("intake__school__district")
    compact = "".join(text.split())
    named = Q(application_number=_receipt_number(compact)) | Q(child_key__iexact=compact)
    words = kazakh_sort_key(text).split()[:5]
    if words and not any(letter.isdigit() for letter in compact):
        by_words = Q()
        for word in words:
            by_words &= Q(name_key__contains=word)
        named |= by_words
    earlier = RosterEntry.objects.filter(
        Q(moment__lt=OuterRef("moment"))
        | Q(moment=OuterRef("moment"), draw_number__lt=OuterRef("draw_number"))
        | Q(
            moment=OuterRef("moment"),
            draw_number=OuterRef("draw_number"),
            application_id__lt=OuterRef("application_id"),
        ),
        intake=OuterRef("intake"),
        lane=OuterRef("lane"),
        slot__isnull=True,
    )
    before = earlier.order_by().values("intake").annotate(count=Count("id")).values("count")
    found = list(
        entries.filter(named)
        .annotate(before=Coalesce(Subquery(before, output_field=IntegerField()), 0))
        .order_by(*_BY_NAME, "intake_id")[: FOUND_MAX + 1]
    )
    rows = [Row(_number(one) if one.slot is not None else one.before + 1, one) for one in found[:FOUND_MAX]]
    return rows, len(found) > FOUND_MAX


def _receipt_number(compact: str) -> str:
    symbols = compact.upper().translate(_LATIN_OF).replace("-", "")
    return "-".join((symbols[:2], symbols[2:6], symbols[6:10], symbols[10:])) if len(symbols) == 11 else ""


def _number(entry: RosterEntry) -> int:
    return (entry.slot or 0) + 1


def _kind(slots: str, index: int) -> str:
    kind = slots[index] if index < len(slots) else "-"
    return {"T": Lane.TERRITORY.value, "O": Lane.OUTSIDE.value}.get(kind, "")


def _page(total: int, page: int | None) -> tuple[int, int]:
    """The page shown and how many there are."""
    if page is None:
        return 1, 1
    pages = max(-(-total // PAGE), 1)
    return min(max(page, 1), pages), pages


def _cut(lines: QuerySet[RosterEntry], part: tuple[int, int]) -> QuerySet[RosterEntry]:
    if part == (1, 1):
        return lines
    return lines[(part[0] - 1) * PAGE : part[0] * PAGE]
