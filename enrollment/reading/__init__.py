"""
Reads a campaign's facts from the tables into the plain values that the pure rooms work on.

- `applications.py`: all applications as columns
- `facts.py`: everything a roster is a function of (law 6)
- `setup.py`: the campaign itself: policy, rounds, intakes, territories
- `digesting.py`: one hash for a set of facts, one for a setup
"""

from .applications import Applications, Asked
from .digesting import Parts, count_facts, read_kinds, setup_sha256
from .facts import Checked, Facts, Part, Reference, read_facts, retracted
from .setup import IntakeAt, Setup, Territories, read_setup

__all__ = [
    "Applications",
    "Asked",
    "Checked",
    "Facts",
    "IntakeAt",
    "Part",
    "Parts",
    "Reference",
    "Setup",
    "Territories",
    "count_facts",
    "read_facts",
    "read_kinds",
    "read_setup",
    "retracted",
    "setup_sha256",
]
