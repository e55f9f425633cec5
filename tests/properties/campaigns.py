"""
Whole campaigns as Hypothesis makes them, and a world in which their facts arrive in any way.

A `Story` tells what happened, in three parts: before the first confirmation, between the two,
and afterwards; each part may tell of what happened long before. `World` hands its facts in as
the doors do: again, in any order, in pieces, and with workers that die between two transactions.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.db import models, transaction
from hypothesis import strategies as st
from msgspec.structs import replace

from cscdesk.entry import About, Head, Sealed, Voiding, Withdrawal
from cscdesk.models import Centre, EntryOutcome
from cscdesk.services import take_in_entries
from enrollment import services
from enrollment.agreement import find_children_with_two_places, find_roster_differences
from enrollment.ledger import Column, ledger
from enrollment.models import (
    Application,
    Check,
    ChildLink,
    Decision,
    Outage,
    OutageEnd,
    Retraction,
    TwinsWish,
)
from enrollment.receipts import make_number
from enrollment.reconciliation import reconcile
from schools.models import (
    Acknowledgement,
    Annulment,
    Campaign,
    Case,
    Confirmation,
    ConfirmedPlace,
    District,
    Harmed,
    Intake,
    IntakeState,
    RosterEntry,
    RosterState,
    SlotChange,
)
from schools.rules import Refusal
from schools.services.confirming import (
    acknowledge,
    annul_place,
    candidate_sha256,
    change_capacity,
    confirm_round,
    grant_place,
)
from schools.services.officials import add_official
from tests.country import (
    ABAY,
    ABAY_LYCEUM,
    BOSTANDYK,
    DAY_TWO,
    MEDEU,
    ON_ABAY_STREET,
    ON_DOSTYK_STREET,
    SATBAYEV,
    apply_online,
    iin,
    make_country,
    make_seed,
    parent,
    plan_rounds,
    request,
)
from tests.cscdesk.desks import Counter

PARTS = 3
RUSSIAN = f"{ABAY_LYCEUM}/ru"
CHOICES = (
    (ABAY,),
    (ABAY,),
    (SATBAYEV,),
    (ABAY, SATBAYEV),
    (SATBAYEV, ABAY),
    (RUSSIAN, ABAY),
    (ABAY, RUSSIAN, SATBAYEV),
)
PEOPLE = ("850101199993", "900615199983", "850101299996")
NAMES = ("", "Дана", "Айдар", "Мадина", "Санжар", "Әлия", "Тимур")
DISTRICTS = (BOSTANDYK, MEDEU)
SEEDS = (
    (date(2027, 4, 1), date(2027, 4, 2)),
    (date(2027, 4, 3), date(2027, 4, 4), date(2027, 4, 5)),
    (date(2027, 4, 6),),
)
"""The days that each part makes the seeds of: the rounds of Friday, of Monday and of Tuesday."""
ENDS = tuple(DAY_TWO.astimezone(UTC) + timedelta(days=days) for days in (10, 20, 30))
"""When the facts of each part arrive: long after everything in them, so that no clock bounds an arrival."""
REASON = "Телефон соғылмады, кезекші үстел жауап бермеді."


@dataclass(frozen=True)
class Asked:
    """One application as a family asks for it; `desk` 2 is a copy of desk 0's journal."""

    child: int
    person: int
    choices: tuple[str, ...]
    is_neighbour: bool
    is_seen: bool
    desk: int | None
    minute: int
    replaces: int | None
    part: int


@dataclass(frozen=True)
class Ended:
    """A withdrawal or a void; `of` counts round the applications, known by then or not."""

    kind: str
    of: int
    is_named_by_number: bool
    person: int
    desk: int | None
    minute: int
    part: int
    is_decided: bool = False
    """A void: a person has said that it stands."""


@dataclass(frozen=True)
class Broken:
    """An outage; its end becomes known later, or never."""

    minute: int
    minutes: int
    district: str | None
    part: int
    ends_in_part: int | None


@dataclass(frozen=True)
class Looked:
    """A check of what an application states."""

    of: int
    subject: str
    agrees: bool
    minute: int
    part: int


@dataclass(frozen=True)
class Settled:
    """An official's word on a contest."""

    of: int
    minute: int
    part: int


@dataclass(frozen=True)
class Linked:
    """An official's word on two keys."""

    child: int
    other: int
    is_same: bool
    minute: int
    part: int


@dataclass(frozen=True)
class Wished:
    """Parents' wish for twins."""

    of: int
    other: int
    part: int


@dataclass(frozen=True)
class Signed:
    """What officials do at the end of a part."""

    districts: tuple[str, ...]
    annulled: int | None
    granted: int | None
    places: int | None


@dataclass(frozen=True)
class Story:
    """A whole campaign."""

    asked: list[Asked]
    ended: list[Ended]
    broken: list[Broken]
    looked: list[Looked]
    settled: list[Settled]
    linked: list[Linked]
    wished: list[Wished]
    signed: list[Signed]
    is_everything_checked: bool
    brake: int


# From the opening to the afternoon after: inside and outside the opening interval; and the Monday.
minutes = st.integers(-24 * 60, 8 * 60) | st.integers(0, 5) | st.integers(3 * 1440, 3 * 1440 + 300)
parts = st.sampled_from((0, 0, 0, 1, 2))
applications = st.integers(0, 9)
children = st.integers(1, 6)
people = st.integers(0, 2)
stories = st.builds(
    Story,
    asked=st.lists(
        st.builds(
            Asked,
            child=children,
            person=people,
            choices=st.sampled_from(CHOICES),
            is_neighbour=st.booleans(),
            is_seen=st.booleans(),
            desk=st.sampled_from((None, 0, 0, 1, 2)),
            minute=minutes,
            replaces=st.none() | st.none() | applications,
            part=parts,
        ),
        min_size=1,
        max_size=10,
    ),
    ended=st.lists(
        st.builds(
            Ended,
            kind=st.sampled_from(("withdrawal", "withdrawal", "void")),
            of=applications,
            is_named_by_number=st.booleans(),
            person=people,
            desk=st.sampled_from((None, 0, 1, 2)),
            minute=minutes,
            part=parts,
            is_decided=st.booleans(),
        ),
        max_size=3,
    ),
    broken=st.lists(
        st.builds(
            Broken,
            minute=minutes,
            minutes=st.integers(1, 200) | st.integers(800, 1000),
            district=st.sampled_from((None, *DISTRICTS)),
            part=parts,
            ends_in_part=st.sampled_from((0, 1, 2, 0, 1, 2, None)),
        ),
        max_size=2,
    ),
    looked=st.lists(
        st.builds(
            Looked,
            of=applications,
            subject=st.sampled_from(("relation", "address")),
            agrees=st.booleans(),
            minute=minutes,
            part=parts,
        ),
        max_size=3,
    ),
    settled=st.lists(st.builds(Settled, of=applications, minute=minutes, part=parts), max_size=1),
    linked=st.lists(
        st.builds(Linked, child=children, other=children, is_same=st.booleans(), minute=minutes, part=parts),
        max_size=2,
    ),
    wished=st.lists(st.builds(Wished, of=applications, other=applications, part=parts), max_size=1),
    signed=st.lists(
        st.builds(
            Signed,
            districts=st.sampled_from((DISTRICTS, DISTRICTS, (BOSTANDYK,), (MEDEU,), ())),
            annulled=st.none() | st.none() | st.integers(0, 5),
            granted=st.none() | st.integers(1, 6),
            places=st.none() | st.none() | st.integers(0, 4),
        ),
        min_size=PARTS - 1,
        max_size=PARTS - 1,
    ),
    is_everything_checked=st.sampled_from((True, True, False)),
    brake=st.sampled_from((100, 100, 0)),
)


@dataclass(frozen=True)
class Call:
    """One delivery: the facts it brings, how many entries are taken in at once, and what the workers do then."""

    facts: list[int]
    limit: int
    works: str
    dies_at: int | None
    """The transaction at whose end the worker dies; None: it lives."""
    dies_before_commit: bool


@st.composite
def deliveries(draw: st.DrawFn, size: int) -> list[Call]:
    """Calls in which every fact comes at least once."""
    order = draw(st.permutations(range(size)))
    cuts = sorted(draw(st.sets(st.integers(1, size), max_size=4)) | {0, size}) if size else []
    brought = [list(order[a:b]) for a, b in pairwise(cuts)]
    if size:
        brought += draw(st.lists(st.lists(st.integers(0, size - 1), min_size=1, max_size=4), max_size=2))
    return [
        Call(
            facts=facts,
            limit=draw(st.integers(1, 5)),
            works=draw(st.sampled_from(("nothing", "takes in", "reconciles", "both"))),
            dies_at=draw(st.none() | st.integers(1, 6)),
            dies_before_commit=draw(st.booleans()),
        )
        for facts in brought
    ]


class Died(BaseException):
    """The worker is gone; nothing of the program may catch it."""


@contextmanager
def dying(at: int | None, *, before_commit: bool) -> Iterator[None]:
    """Let the worker die when it ends its `at`-th transaction or savepoint: just before, or just after."""
    if at is None:
        yield
        return
    left = at
    original = transaction.Atomic.__exit__

    def ends(self: transaction.Atomic, kind: Any, raised: Any, trace: Any) -> None:
        nonlocal left
        left -= 1
        if left != 0 or kind is not None:
            original(self, kind, raised, trace)
            return
        died = Died()
        if before_commit:
            original(self, Died, died, None)
        else:
            original(self, None, None, None)
        raise died

    with patch.object(transaction.Atomic, "__exit__", ends), suppress(Died):
        yield


@dataclass
class Fact:
    """Something that happened, ready to be handed in, again and at any time."""

    part: int
    rows: Sequence[models.Model] = ()
    entry: tuple[int, Sealed] | None = None
    """Desk and entry."""
    seed: date | None = None


@dataclass
class World:
    """One campaign in which a story happens."""

    story: Story
    campaign: Campaign = field(init=False)
    facts: list[Fact] = field(default_factory=list)
    most_read: int = 0

    def __post_init__(self) -> None:
        story = self.story
        self.campaign = make_country(
            policy={
                "choices_max": 3,
                "brake_children": story.brake,
                "brake_percent": story.brake,
                "hold_unchecked": [] if story.is_everything_checked else ["address", "relation"],
            }
        )
        Intake.objects.create(campaign=self.campaign, school_id=ABAY_LYCEUM, language="ru", slots="TO")
        self.campaign.intakes.update(slots="TO")
        plan_rounds(self.campaign)
        # A cost: every run asks all rounds; the story ends long before the tenth.
        self.campaign.rounds.filter(number__gt=6).delete()
        self.districts = {one.kato: one for one in District.objects.all()}
        self.officials = [
            add_official(
                email=f"{name}@example.kz", full_name=name, region=self.districts[MEDEU].region, at=DAY_TWO,
                password="a-b-c-1",
            ).account
            for name in ("saule", "dina")
        ]  # fmt: skip
        self.desks = [self._desk(n, kato) for n, kato in enumerate(DISTRICTS)]
        start = self.desks[0].head
        self.heads: list[Head | None] = [self.desks[0].head, self.desks[1].head, start]
        for n in (0, 1):
            self.facts.append(Fact(0, entry=(n, self.desks[n].written[0])))
        # Ids in another order than the facts: ids decide ties.
        self.ids = [UUID(int=0xF00 + (n * 7) % 10) for n in range(len(story.asked))]
        self.numbers = [_number(n, asked.desk) for n, asked in enumerate(story.asked)]
        for n, asked in enumerate(story.asked):
            self.facts.append(self._asked(n, asked))
        for n, ended in enumerate(story.ended):
            self.facts.append(self._ended(n, ended))
            if ended.kind == "void" and ended.is_decided:
                stands = Decision(
                    id=UUID(int=0xD50 + n), campaign=self.campaign, kind=Decision.Kind.VOID_STANDS,
                    subject=UUID(int=0xE000 + n), decided_at=ENDS[0],
                )  # fmt: skip
                self.facts.append(Fact(ended.part, rows=[stands]))
        for n, broken in enumerate(story.broken):
            self.facts += self._broken(n, broken)
        self.facts += self._words()
        self.facts += [Fact(part, seed=day) for part, days in enumerate(SEEDS) for day in days]

    def _desk(self, n: int, kato: str) -> Counter:
        counter = Counter(name=str(n))
        centre, _is_new = Centre.objects.get_or_create(
            code=f"C-{n}", defaults={"district": self.districts[kato], "name_kk": "–", "name_ru": "–"}
        )
        counter.desk.centre = centre
        counter.desk.save()
        return counter

    def _write(self, desk: int, kind: Any, content: Any, *, minute: int, about: About, id_: UUID) -> Sealed:
        counter = self.desks[desk % 2]
        sealed = counter.write(kind, content, about=about, wall=at(minute), after=self.heads[desk], id=id_)
        self.heads[desk] = counter.head
        return sealed

    def _asked(self, n: int, asked: Asked) -> Fact:
        corrected = None if asked.replaces is None else self.ids[asked.replaces % len(self.ids)]
        wanted = request(
            child=iin(asked.child),
            applicant=PEOPLE[asked.person],
            choices=asked.choices,
            address=ON_ABAY_STREET if asked.is_neighbour else ON_DOSTYK_STREET,
            seen=asked.is_seen and asked.desk is not None,
            replaces=corrected if asked.desk is not None and corrected != self.ids[n] else None,
        )
        # A desk's form is judged: names have letters only.
        wanted = replace(wanted, child=replace(wanted.child, given_name=NAMES[asked.child]))
        if asked.desk is None:
            # Sent once through its door; to be there earlier or later, the very same row is taken along.
            with transaction.atomic():
                row = Application.objects.get(
                    id=apply_online(campaign=self.campaign, wanted=wanted, at=at(asked.minute))
                )
                transaction.set_rollback(True)
            # Its account is a draft's owner and stays; id and number are minted at random.
            row.account, row.id, row.number = parent(), self.ids[n], self.numbers[n]
            return Fact(asked.part, rows=[row])
        sealed = self._write(
            asked.desk,
            "correct" if wanted.replaces else "lodge",
            wanted,
            minute=asked.minute,
            about=About(application=self.ids[n], number=self.numbers[n]),
            id_=UUID(int=0xA000 + n),
        )
        return Fact(asked.part, entry=(asked.desk % 2, sealed))

    def _ended(self, n: int, ended: Ended) -> Fact:
        of = ended.of % len(self.story.asked)
        asked = self.story.asked[of]
        id_ = UUID(int=0xE000 + n)
        if ended.desk is None and asked.desk is None:
            # As `withdraw` leaves it.
            row = Retraction(
                id=id_, kind="withdrawal", campaign=self.campaign, application_id=self.ids[of],
                application_number=self.numbers[of], person_key=PEOPLE[asked.person], is_verified=True,
                door="portal", account=parent(), lodged_at=at(ended.minute), received_at=at(ended.minute),
            )  # fmt: skip
            return Fact(ended.part, rows=[row])
        desk = ended.desk or 0
        is_by_number = ended.is_named_by_number and ended.kind == "withdrawal"
        sealed = self._write(
            desk,
            "withdraw" if ended.kind == "withdrawal" else "void",
            Withdrawal(person=PEOPLE[ended.person], code=None)
            if ended.kind == "withdrawal"
            else Voiding(reason="typed twice", code=None),
            minute=ended.minute,
            about=About(application=None if is_by_number else self.ids[of], number=self.numbers[of]),
            id_=id_,
        )
        return Fact(ended.part, entry=(desk % 2, sealed))

    def _broken(self, n: int, broken: Broken) -> list[Fact]:
        outage = Outage(
            id=UUID(int=0xB00 + n), campaign=self.campaign, district_id=broken.district,
            started_at=at(broken.minute), reason="no line", recorded_at=ENDS[0], recorded_by=["A", "B"],
        )  # fmt: skip
        facts = [Fact(broken.part, rows=[outage])]
        if broken.ends_in_part is not None:
            ended_at = at(broken.minute + broken.minutes)
            end = OutageEnd(outage=outage, ended_at=ended_at, recorded_at=ENDS[0])
            facts.append(Fact(max(broken.part, broken.ends_in_part), rows=[outage, end]))
        return facts

    def _words(self) -> list[Fact]:
        """Rows as the services of `checking` leave them; they speak of what is known by then or not."""
        story, of = self.story, lambda n: self.ids[n % len(self.ids)]
        facts = []
        for n, looked in enumerate(story.looked):
            found = {"district": MEDEU, "street": "Достық даңғылы", "house": "7", "flat": ""}
            check = Check(
                id=UUID(int=0xC00 + n), campaign=self.campaign, application_id=of(looked.of),
                subject=looked.subject, agrees=looked.agrees, basis="a document", checked_at=at(looked.minute),
                found=found if looked.subject == "address" and not looked.agrees else None,
            )  # fmt: skip
            facts.append(Fact(looked.part, rows=[check]))
        for n, settled in enumerate(story.settled):
            decision = Decision(
                id=UUID(int=0xD00 + n), campaign=self.campaign, kind=Decision.Kind.CONTEST_SETTLED,
                subject=of(settled.of), decided_at=at(settled.minute),
            )  # fmt: skip
            facts.append(Fact(settled.part, rows=[decision]))
        for n, linked in enumerate(story.linked):
            if linked.child != linked.other:
                link = ChildLink(
                    id=UUID(int=0x100 + n), campaign=self.campaign, child_key=iin(linked.child),
                    other_key=iin(linked.other), is_same=linked.is_same, reason="a document",
                    decided_at=at(linked.minute),
                )  # fmt: skip
                facts.append(Fact(linked.part, rows=[link]))
        for n, wished in enumerate(story.wished):
            twins = sorted({of(wished.of), of(wished.other)})
            if len(twins) == 2:
                wish = TwinsWish(
                    id=UUID(int=0x200 + n), campaign=self.campaign, applications=twins, wished_at=DAY_TWO
                )
                facts.append(Fact(wished.part, rows=[wish]))
        return facts

    def of_part(self, part: int) -> list[int]:
        """The facts that arrive in a part, by index."""
        return [i for i, fact in enumerate(self.facts) if fact.part == part]

    def hand_in(self, indices: Collection[int], *, at: datetime) -> None:
        """As the doors do: what is there already stays as it is."""
        entries: dict[int, list[Sealed]] = {}
        for fact in (self.facts[i] for i in indices):
            for row in fact.rows:
                if isinstance(row, Application):
                    row.received_at = at
                type(row)._default_manager.bulk_create([row], ignore_conflicts=True)
            if fact.seed is not None:
                make_seed(self.campaign, fact.seed)
            if fact.entry is not None:
                entries.setdefault(fact.entry[0], []).append(fact.entry[1])
        for desk, sealed in entries.items():
            leaves = self.leaves(desk)
            head = leaves[len(sealed) % len(leaves)]
            self.desks[desk].hand_in(sealed, at=at, head=head, through=at)

    def leaves(self, desk: int) -> list[Head | None]:
        """
        The heads of a desk's journal and of its copy, as after the last entry of the story.

        Everything was written before the first call, so no anchor is given before an entry: it
        would bound that entry's time, and be a fact of its own.
        """
        heads = self.heads[desk::2]
        return [head for head in heads if head is not None and head.seq > 1] or heads

    def take_in(self, *, limit: int = 500, at: datetime) -> None:
        take_in_entries(limit=limit, at=at)

    def settle(self, part: int) -> None:
        """Withdrawals of this part stand, as nobody has opposed them."""
        services.settle_withdrawals(at=ENDS[part] + timedelta(days=3))

    def reconcile(self, *, at: datetime) -> None:
        reconcile(campaign=self.campaign, at=at)

    def live(self, part: int, calls: Sequence[Call]) -> None:
        """Let the facts of a part arrive in these calls, and workers work and die meanwhile; then all is done."""
        indices, now = self.of_part(part), ENDS[part]
        for call in calls:
            self.hand_in([indices[i] for i in call.facts], at=now)
            if call.works in ("takes in", "both"):
                with dying(call.dies_at, before_commit=call.dies_before_commit):
                    self.take_in(limit=call.limit, at=now)
            if call.works in ("reconciles", "both"):
                with dying(call.dies_at, before_commit=call.dies_before_commit):
                    reconcile(campaign=self.campaign, at=now)
                self.check_places()
        self.take_in(at=now)
        self.settle(part)
        self.reconcile(at=now + timedelta(days=4))
        self.check()

    def sign(self, part: int, signed: Signed) -> None:
        """What officials decide at the end of a part, as far as the rules let them."""
        now = ENDS[part] + timedelta(days=5)
        for kato in signed.districts:
            self.confirm(kato, at=now)
        given = list(ConfirmedPlace.objects.order_by("intake__school", "intake__language", "slot"))
        if signed.annulled is not None and given:
            annul_place(
                place=given[signed.annulled % len(given)], official=self.officials[0],
                second_official=self.officials[1], reason=REASON, at=now,
            )  # fmt: skip
        intake = self.campaign.intakes.get(school=ABAY_LYCEUM, language="kk")
        if signed.places is not None:
            with suppress(Refusal):
                change_capacity(
                    intake=intake, places=signed.places, official=self.officials[0], reason=REASON, at=now
                )
        self.reconcile(at=now)
        if signed.granted is not None:
            with suppress(Refusal):
                grant_place(
                    intake=intake,
                    child_key=iin(signed.granted),
                    official=self.officials[0],
                    reason=REASON,
                    at=now,
                )
        self.release(at=now)

    def confirm(self, kato: str, *, at: datetime) -> None:
        with suppress(Refusal):
            confirm_round(
                campaign=self.campaign, district=self.districts[kato], official=self.officials[0],
                second_official=self.officials[1], reason=REASON, at=at,
            )  # fmt: skip

    def release(self, *, at: datetime) -> None:
        """Officials let every stopped roster stand."""
        for n in range(4):
            self.reconcile(at=at + timedelta(minutes=n))
            cases = Case.objects.filter(kind=Case.Kind.BRAKE, closed_at=None)
            if not cases:
                self.check()
                return
            for case in cases:
                acknowledge(
                    campaign=self.campaign, district=self.districts[case.subject], official=self.officials[0],
                    reason=REASON, seen_sha256=candidate_sha256(case.detail["places"]),
                    at=at + timedelta(minutes=n),
                )  # fmt: skip
        raise AssertionError("the brake is never released")

    def signatures(self) -> list[models.Model]:
        """Facts that were made by looking at a roster; a copy of the set takes them along."""
        kinds: list[type[models.Model]] = [
            Confirmation, ConfirmedPlace, Annulment, SlotChange, Acknowledgement, Decision,
        ]  # fmt: skip
        return [row for kind in kinds for row in kind._default_manager.order_by("pk")]

    def take_over(self, signatures: Sequence[models.Model]) -> None:
        for row in signatures:
            type(row)._default_manager.bulk_create([row], ignore_conflicts=True)

    def check_places(self) -> None:
        """What must be true at every instant, also of the roster that a dead worker left behind."""
        read = RosterState.objects.values_list("facts_read", flat=True).first() or 0
        assert read >= self.most_read, "a roster forgot facts"
        self.most_read = read
        assert not find_children_with_two_places(campaign=self.campaign)

    def check(self) -> None:
        """What must be true after every run that ended, whatever is still to come."""
        self.check_places()
        assert not find_roster_differences(campaign=self.campaign)
        if not Case.objects.filter(kind=Case.Kind.BRAKE, closed_at=None).exists():
            self._check_ledger()
            self._check_confirmed()

    def _check_ledger(self) -> None:
        assert not EntryOutcome.objects.filter(state="parked").exists()
        columns = ledger(campaign=self.campaign)
        assert columns.keys() == set(Application.objects.values_list("id", flat=True))
        assert Column.LOST not in columns.values()
        placed = RosterEntry.objects.filter(slot__isnull=False).values_list("application_id", flat=True)
        assert {columns[id_] for id_ in placed} <= {Column.ON_ROSTERS, Column.CONTESTED}

    def _check_confirmed(self) -> None:
        """Whoever said nothing more has its confirmed place, or one that it likes better."""
        if RosterState.objects.get().round is None:
            return
        for place in ConfirmedPlace.objects.filter(annulment=None).select_related("intake"):
            own = list(Application.objects.filter(child_key=place.child_key))
            if len(own) != 1 or self._is_spoken_of(own[0]):
                continue
            entry = RosterEntry.objects.filter(child_key=place.child_key, slot__isnull=False).first()
            assert entry is not None, f"{place.child_key} lost its place"
            rank = own[0].choices.index
            assert rank(entry.intake.name) <= rank(place.intake.name)

    def _is_spoken_of(self, application: Application) -> bool:
        links = ChildLink.objects.filter(child_key=application.child_key) | ChildLink.objects.filter(
            other_key=application.child_key
        )
        retractions = Retraction.objects.filter(application_number=application.number)
        corrections = Application.objects.filter(replaces=application.id)
        return links.exists() or retractions.exists() or corrections.exists() or bool(application.replaces)

    def outcome(self) -> dict[str, object]:
        """Everything that must be the same however it came about; no row ids, no computation times."""
        rows = RosterEntry.objects.values_list(
            "child_key", "intake__school", "intake__language", "slot", "lane", "moment", "arrived_at",
            "draw_number", "application_id", "application_number", "door", "child_name", "name_key",
            "is_contested", "is_held", "held_for", "is_confirmed",
        )  # fmt: skip
        states = IntakeState.objects.exclude(lines_sha256=b"", arrived_territory=0, arrived_outside=0)
        return {
            "state": RosterState.objects.values_list(
                "roster_sha256", "facts_sha256", "facts_read", "round__number", "closing_at"
            ).get(),
            "intakes": sorted(
                states.values_list(
                    "intake__school", "intake__language", "component", "slots", "lines_sha256",
                    "arrived_territory", "arrived_outside",
                )
            ),
            "rows": sorted(rows, key=str),
            "harmed": sorted(
                Harmed.objects.values_list(
                    "round__number", "intake__school", "intake__language", "kind", "child_key", "application_id"
                )
            ),
            "ledger": ledger(campaign=self.campaign),
            "applications": sorted(
                Application.objects.values_list("id", "lodged_at", "number", "desk", "seq", "replaces"), key=str
            ),
            "retractions": sorted(
                Retraction.objects.values_list("id", "application_id", "lodged_at", "is_verified"), key=str
            ),
        }  # fmt: skip


def at(minute: int) -> datetime:
    """So many minutes after nine on the second day."""
    return DAY_TWO.astimezone(UTC) + timedelta(minutes=minute)


def _number(n: int, desk: int | None) -> str:
    """Receipts of the portal are its own; of the desks' some bear one number, as after a clone."""
    letters = "23456789AB"
    if desk is None:
        return make_number(year=27, issuer="QAB", random=f"2222{letters[n]}")
    return make_number(year=27, issuer="ABC", random=f"2222{letters[n % 3]}")
