"""How big a telling of the story is, and which laws can be broken in it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

BREAKS = Path(__file__).parent / "breaks"
LAWS = ("law2", "law3", "law4", "law5")

OPENS_AT = datetime(2027, 4, 1, 4, tzinfo=UTC)
"""09:00 in Kazakhstan, the opening of the demo campaign."""
YEAR = 2027
DISTRICTS = {"751110000": 2, "711210000": 1}
"""Districts of the story, with the number of their intakes that are asked for by more than they can take."""
CENTRES = {"counter-1": "ALA-01", "counter-2": "AST-01"}


@dataclass(frozen=True)
class Plan:
    """One telling."""

    first_wave: int
    """Families before the portal on day one."""
    second_wave: int
    """On day two, when minutes count."""
    at_counters: int
    """Families that come to each counter and nowhere else."""
    portal_kills: int
    wave_s: float
    """Real seconds over which a wave comes."""
    second_wave_s: float
    places: tuple[int, ...]
    """Of the intakes that have too few."""
    rate: float
    """Shown seconds a real second."""
    breaks: str = ""
    """The law that this telling breaks; empty: none."""

    @property
    def patience_s(self) -> float:
        """Within which the sweeps must have brought everything in; a broken law is not waited for so long."""
        return 15.0 if self.breaks else 60.0

    @property
    def sitecustomize(self) -> Path | None:
        """The directory that every process loads the break from; law 2 is broken in the database."""
        directory = BREAKS / self.breaks
        return directory if self.breaks and directory.is_dir() else None


def full(*, rate: float, breaks: str = "") -> Plan:
    return Plan(36, 14, 7, 3, 8.0, 9.0, (11, 9, 13), rate, breaks)


def quick(*, rate: float, breaks: str = "") -> Plan:
    return Plan(12, 6, 3, 2, 4.0, 5.0, (5, 4, 5), rate, breaks)
