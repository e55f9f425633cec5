"""
Reads a campaign's facts from the tables into the plain values that the pure rooms work on.

- `applications.py`: all applications as columns
- `facts.py`: everything a roster is a function of (law 6)
- `setup.py`: the campaign itself: policy, rounds, intakes, territories
- `before.py`: how many facts happened before a closing
- `digesting.py`: one hash for a set of facts, one for a setup
"""

from .applications import Applications, Asked
from .before import count_before
from .digesting import Parts, count_facts, read_kinds, setup_sha256
from .facts import (
    Checked,
    ConfirmedRound,
    Facts,
    Lost,
    Part,
    Reference,
    Retold,
    read_facts,
    retracted,
)
from .setup import IntakeAt, Setup, Territories, read_setup

__all__ = [
    "Applications",
    "Asked",
    "Checked",
    "ConfirmedRound",
    "Facts",
    "IntakeAt",
    "Lost",
    "Part",
    "Parts",
    "Reference",
    "Retold",
    "Setup",
    "Territories",
    "count_before",
    "count_facts",
    "read_facts",
    "read_kinds",
    "read_setup",
    "retracted",
    "setup_sha256",
]
