"""Which round the facts have reached, and the intervals that move its closing."""

from collections.abc import Mapping, Sequence

from enrollment import arrival
from enrollment.reading import Facts, Setup
from enrollment.rounds import RoundAt, current_round


def round_of(*, setup: Setup, facts: Facts) -> RoundAt | None:
    """The round that these facts have reached, and when it closed; None before the first."""
    return closed_round(setup, facts, intervals_of(setup, facts))


def closed_round(
    setup: Setup, facts: Facts, intervals: Mapping[str, Sequence[arrival.Interval]]
) -> RoundAt | None:
    """The same, of intervals that are worked out already."""
    return current_round(
        rounds=setup.rounds,
        opens_at=setup.opens_at,
        intervals_by_district=intervals,
        seeded=facts.seeds.keys(),
    )


def intervals_of(setup: Setup, facts: Facts) -> dict[str, Sequence[arrival.Interval]]:
    """By district; those without outages of their own share one list."""
    own = {outage.district for outage in facts.outages}
    found: dict[str, Sequence[arrival.Interval]] = {}
    shared: Sequence[arrival.Interval] | None = None
    for district in sorted({intake.district for intake in setup.intakes.values()}):
        if district in own or shared is None:
            worked_out = arrival.intervals_for(
                district=district,
                outages=facts.outages,
                opens_at=setup.opens_at,
                grain=setup.policy.grain,
                has_opening_interval=setup.policy.opening_interval,
            )
            if district not in own:
                shared = worked_out
            found[district] = worked_out
        else:
            found[district] = shared
    return found
