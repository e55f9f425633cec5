"""
Reads a campaign's facts from the tables into the plain values that the pure rooms work on.

- `applications.py`: all applications as columns
- `facts.py`: everything a roster is a function of (law 6)
- `setup.py`: the campaign itself: policy, rounds, intakes, territories
- `digesting.py`: one hash for a set of facts, one for a setup
"""

from .applications import Applications, Asked
from .digesting import count_facts, facts_sha256, setup_sha256
from .facts import Checked, Facts, Reference, read_facts, retracted
from .setup import IntakeAt, Setup, Territories, read_setup

__all__ = [
    "Applications",
    "Asked",
    "Checked",
    "Facts",
    "IntakeAt",
    "Reference",
    "Setup",
    "Territories",
    "count_facts",
    "facts_sha256",
    "read_facts",
    "read_setup",
    "retracted",
    "setup_sha256",
]
