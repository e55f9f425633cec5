"""`python -m tests.bench.placing CHILDREN`: one placement of a made-up nation; its seconds and memory as JSON."""

import gc
import json
import sys
from collections.abc import Iterator
from random import Random
from time import perf_counter

from schools.placement import Child, Intake, place
from schools.rules import slots
from tests.bench.resources import peak_mb

_FAMOUS_EVERY = 50


def nation(children: int, *, seed: int = 1) -> tuple[list[Intake], list[Child]]:
    """
    Intakes of 20 to 75 places for that many children, about as many places as children.

    Four of five children ask the school of their territory, one in ten a famous one (one
    intake in fifty), the rest any. All arrive at one moment, as on a first day: the draw decides.
    """
    random = Random(seed)
    intakes: list[Intake] = []
    capacity = 0
    while capacity < children:
        places = random.randrange(20, 76)
        capacity += places
        intakes.append(Intake(id=f"{len(intakes):012}/kk", slots=slots(places, "TTTO")))
    famous = intakes[::_FAMOUS_EVERY]
    return intakes, list(_children(children, intakes, famous, random))


def _children(count: int, intakes: list[Intake], famous: list[Intake], random: Random) -> Iterator[Child]:
    for serial in range(count):
        home = intakes[int(random.random() * len(intakes))].id
        what = random.random()
        if what < 0.8:
            choice = home
        else:
            among = famous if what < 0.9 else intakes
            choice = among[int(random.random() * len(among))].id
        yield Child(
            id=f"{serial:08}",
            choices=[choice],
            moments=[0],
            number=f"{random.getrandbits(256):064x}",
            territory=frozenset([choice] if choice == home else []),
        )


def main() -> None:
    intakes, children = nation(int(sys.argv[1]))
    gc.collect()
    began = perf_counter()
    result = place(intakes=intakes, children=children, hold_territory=False)
    seconds = perf_counter() - began
    print(json.dumps({"s": seconds, "mb": peak_mb(), "placed": len(result.placements)}))


if __name__ == "__main__":
    main()
