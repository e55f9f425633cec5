"""
Why a child stands where it stands, in sentences. Pure: plain values in, steps of lazy text out.

Nothing of another child is in it: of others there are counts only. What may be said to whom is
decided where the values are gathered (`selectors.explanations`). The words: docs/reference/explain.md.
"""

from .steps import DIGITS_SHOWN, HELD_FOR, explain
from .values import (
    OUTSIDE,
    TERRITORY,
    Counted,
    Explanation,
    Home,
    Round,
    Sentence,
    Standing,
    Step,
    Wish,
)

__all__ = [
    "DIGITS_SHOWN",
    "HELD_FOR",
    "OUTSIDE",
    "TERRITORY",
    "Counted",
    "Explanation",
    "Home",
    "Round",
    "Sentence",
    "Standing",
    "Step",
    "Wish",
    "explain",
]
