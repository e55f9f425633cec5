"""How many children ask for each intake: all that officials see of a round that is still open."""

from collections.abc import Mapping

from django.db import transaction

from schools.models import Campaign, Intake, IntakeState


@transaction.atomic
def note_arrivals(*, campaign: Campaign, counts: Mapping[str, tuple[int, int]]) -> int:
    """
    Write how many children ask for each intake, wherever they were placed; derived, like a roster.

    Call it under the lock of reconciliations. Intakes that `counts` does not name have none.

    :param counts: by choice (`BIN/language`): children of the territory, children from outside
    :returns: rows written; 0 when nothing changed
    """
    intakes = {
        f"{bin_}/{language}": pk
        for pk, bin_, language in Intake.objects.filter(campaign=campaign).values_list(
            "pk", "school_id", "language"
        )
    }
    stored = {state.intake_id: state for state in IntakeState.objects.filter(intake__campaign=campaign)}
    fresh, changed = [], []
    for name, pk in intakes.items():
        territory, outside = counts.get(name, (0, 0))
        state = stored.get(pk)
        if state is None:
            if territory or outside:
                fresh.append(IntakeState(intake_id=pk, arrived_territory=territory, arrived_outside=outside))
        elif (state.arrived_territory, state.arrived_outside) != (territory, outside):
            state.arrived_territory, state.arrived_outside = territory, outside
            changed.append(state)
    IntakeState.objects.bulk_create(fresh, batch_size=2000)
    IntakeState.objects.bulk_update(changed, ["arrived_territory", "arrived_outside"], batch_size=2000)
    return len(fresh) + len(changed)
