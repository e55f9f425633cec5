"""Writes down who would have won, and from what it was worked out; both derived."""

from collections.abc import Collection

from enrollment.reading import Facts
from enrollment.reconciliation.rosters import Roster
from schools.models import Campaign, Harmed, Intake, RetoldPlace, RetoldRound, Round


def note_harmed(
    *, campaign: Campaign, roster: Roster, facts: Facts, part: Collection[str] | None = None
) -> None:
    """
    Make the list of those known too late say what the roster says, in the transaction that publishes it.

    :param part: names of the only intakes that were computed; None: all
    """
    intakes = {
        f"{bin_}/{language}": (id_, district)
        for id_, bin_, language, district in Intake.objects.filter(campaign=campaign).values_list(
            "id", "school_id", "language", "school__district_id"
        )
    }
    rounds = dict(Round.objects.filter(campaign=campaign).values_list("number", "id"))
    if part is None:
        _note_told(
            campaign, roster, facts, intakes={name: id_ for name, (id_, _d) in intakes.items()}, rounds=rounds
        )
    wanted: dict[str, Harmed] = {}
    for one in roster.harmed:
        intake, district = intakes[one.lost.intake]
        # A child that lost several places, in several rounds, stands where it lost the first one.
        wanted.setdefault(
            one.child_key,
            Harmed(
                campaign=campaign, round_id=rounds[one.round], district_id=district, intake_id=intake,
                kind=one.lost.kind, child_key=one.child_key, child_name=one.child_name,
                application_id=one.application, application_number=one.number,
            ),
        )  # fmt: skip
    stored = Harmed.objects.filter(campaign=campaign)
    if part is not None:
        stored = stored.filter(intake__in=[intakes[name][0] for name in part if name in intakes])
    known = {_content(row): row.pk for row in stored}
    fresh = {_content(row): row for row in wanted.values()}
    Harmed.objects.filter(pk__in=[pk for content, pk in known.items() if content not in fresh]).delete()
    Harmed.objects.bulk_create(row for content, row in fresh.items() if content not in known)


def _content(row: Harmed) -> tuple[object, ...]:
    return (row.round_id, row.intake_id, row.kind, row.child_key, row.child_name, row.application_id)


def _note_told(
    campaign: Campaign, roster: Roster, facts: Facts, *, intakes: dict[str, int], rounds: dict[int, int]
) -> None:
    told = {number: one for number, one in roster.told.items() if facts.retold.get(number) != one}
    gone = facts.retold.keys() - roster.told.keys()
    RetoldRound.objects.filter(round__campaign=campaign, round__number__in=[*told, *gone]).delete()
    RetoldRound.objects.bulk_create(
        RetoldRound(round_id=rounds[number], facts=one.facts, sha256=one.sha256)
        for number, one in told.items()
    )
    RetoldPlace.objects.bulk_create(
        (
            RetoldPlace(
                retold_id=rounds[number], intake_id=intakes[lost.intake], kind=lost.kind, child_key=child
            )
            for number, one in told.items()
            for child, lost in one.lost.items()
        ),
        batch_size=2000,
    )
