"""Questions of officials about the rule: asked as a row, answered by the clock (docs/reference/what-if.md)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from enrollment.arrival import Outage as RecordedOutage
from enrollment.models import Outage, Scenario, ScenarioPart, ScenarioResult
from enrollment.reading import read_facts
from enrollment.reconciliation import read_setup
from enrollment.services.outages import NoSuchOutage
from enrollment.what_if import Change, Difference, Moves, WithoutOutage, WithPolicy, changed_policy, what_if
from schools.models import Account, Campaign
from schools.rules import Refusal

OPEN_MAX: Final = 3
"""Questions of one official that wait for their answer: each costs as much as four whole rosters."""


class TooManyOpen(Refusal):
    message = _("%(most)s of your questions are being worked out. Ask again when one is answered.")


class NamesBothOrNothing(Refusal):
    message = _("Name one outage or changed rules, not both.")


def outage_named(*, campaign: Campaign, name: str) -> Outage:
    """
    The outage with this id, or with this number in `outage list`, counted from 1 by start.

    :raises NoSuchOutage: there is none
    """
    outages = (
        Outage.objects.filter(campaign=campaign)
        .order_by("started_at", "recorded_at", "id")
        .select_related("end")
    )
    if name.isascii() and name.isdigit():
        index = int(name[:9])
        found = outages[index - 1 : index].first() if index else None
    else:
        try:
            found = outages.filter(id=UUID(name)).first()
        except ValueError:
            found = None
    if found is None:
        raise NoSuchOutage
    return found


@transaction.atomic
def ask_scenario(
    *,
    campaign: Campaign,
    official: Account,
    at: datetime,
    without_outage: UUID | None = None,
    policy_data: Mapping[str, object] | None = None,
) -> Scenario:
    """
    Put a question; it is answered when the bell rings.

    :param policy_data: changed keys, each with value and legal basis
    :raises NamesBothOrNothing: neither an outage nor rules, or both
    :raises NoSuchOutage: the campaign has no such outage
    :raises InvalidPolicy: rules that make no sense
    :raises NothingChanged: rules as they are
    :raises DecidesNoPlace: rules that move nobody
    :raises TooManyOpen: `OPEN_MAX` questions of this official wait already
    """
    if (without_outage is None) == (policy_data is None):
        raise NamesBothOrNothing
    if without_outage is not None:
        outage_named(campaign=campaign, name=str(without_outage))
    else:
        changed_policy(stored=campaign.policy_data, changed=policy_data or {})
    # Two presses at once would both count one question fewer.
    Account.objects.select_for_update(no_key=True).get(pk=official.pk)
    if Scenario.objects.filter(official=official, result=None).count() >= OPEN_MAX:
        raise TooManyOpen(most=OPEN_MAX)
    return Scenario.objects.create(
        id=uuid4(),
        campaign=campaign,
        official=official,
        without_outage_id=without_outage,
        policy_data=dict(policy_data or {}),
        asked_at=at,
    )


def compute_scenarios(*, at: datetime, limit: int = 1) -> int:
    """Answer the oldest questions that have no answer; how many. One that another worker is at is passed over."""
    answered = 0
    while answered < limit and _answer_next(at=at):
        answered += 1
    return answered


def _answer_next(*, at: datetime) -> bool:
    try:
        with transaction.atomic():
            _take_one_snapshot()
            waiting = Scenario.objects.filter(result=None).order_by("asked_at", "id")
            scenario = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if scenario is None:
                return False
            _store(scenario, answer(scenario=scenario), at=at)
    except IntegrityError:
        # A race: this snapshot is older than the answer that another worker has just stored.
        return True
    return True


def _take_one_snapshot() -> None:
    # Inside a caller's transaction the level can no longer be chosen; tests run so.
    if len(connection.savepoint_ids) == 0:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def answer(*, scenario: Scenario) -> Difference | Refusal:
    """The answer from the facts stored now, or why there is none; nothing is written."""
    campaign = scenario.campaign
    try:
        change = change_of(
            campaign=campaign, outage=scenario.without_outage, policy_data=scenario.policy_data
        )
        return what_if(
            setup=read_setup(campaign=campaign), facts=read_facts(campaign=campaign), change=change
        )
    except Refusal as refusal:
        return refusal


def change_of(*, campaign: Campaign, outage: Outage | None, policy_data: Mapping[str, object]) -> Change:
    """
    What is to be different, from what is stored.

    :raises InvalidPolicy: rules that make no sense
    :raises NothingChanged: rules as they are
    :raises DecidesNoPlace: rules that move nobody
    """
    if outage is None:
        return WithPolicy(changed_policy(stored=campaign.policy_data, changed=policy_data))
    end = getattr(outage, "end", None)
    return WithoutOutage(RecordedOutage(outage.started_at, end.ended_at if end else None, outage.district_id))


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One intake in the two answers: application numbers, each with the child's other place."""

    choice: str
    gained: list[tuple[str, str | None]]
    lost: list[tuple[str, str | None]]
    gained_from_nothing: list[tuple[str, str | None]]
    lost_from_nothing: list[tuple[str, str | None]]


def school_lines(*, difference: Difference) -> list[SchoolLine]:
    """Every intake that one of the two answers names, in order."""
    today, start = difference.as_confirmed.by_school(), difference.from_nothing.by_school()
    return [
        SchoolLine(
            choice=choice,
            gained=today[choice].gained if choice in today else [],
            lost=today[choice].lost if choice in today else [],
            gained_from_nothing=start[choice].gained if choice in start else [],
            lost_from_nothing=start[choice].lost if choice in start else [],
        )
        for choice in sorted(today.keys() | start.keys())
    ]


def _store(scenario: Scenario, answered: Difference | Refusal, *, at: datetime) -> None:
    if isinstance(answered, Refusal):
        ScenarioResult.objects.create(scenario=scenario, refusal=answered.code, computed_at=at)
        return
    result = ScenarioResult.objects.create(
        scenario=scenario,
        rounds=list(answered.as_confirmed.rounds),
        totals={
            "as_confirmed": _totals(answered.as_confirmed),
            "from_nothing": _totals(answered.from_nothing),
        },
        computed_at=at,
    )
    districts = dict(scenario.campaign.intakes.values_list("school_id", "school__district_id").distinct())
    parts: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for line in school_lines(difference=answered):
        parts[districts[line.choice[:12]]][line.choice] = {
            "gained": line.gained,
            "lost": line.lost,
            "gained_from_nothing": line.gained_from_nothing,
            "lost_from_nothing": line.lost_from_nothing,
        }
    ScenarioPart.objects.bulk_create(
        ScenarioPart(result=result, district_id=district, schools=schools)
        for district, schools in parts.items()
    )


def _totals(moves: Moves) -> dict[str, int]:
    return moves.totals | {"schools": len(moves.by_school())}
