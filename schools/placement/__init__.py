"""
Who gets which place: nothing but this room decides it.

The rule: docs/reference/rule.md, "Places" and "Placing". Every intake fills its slots from the
children who ask it; children ask their choices in order (student-proposing deferred acceptance
with slot-specific priorities). How it is made fast: docs/decisions/0006-fast-placement.md.

- `columns.py`: a whole country as arrays, in (`Columns`) and out (`Placed`): `place_columns`
- `crowds.py`: who is taken where, crowd by crowd
- `dealing.py`: which slot each one gets
- `objects.py`: the same for children and intakes one by one: `place`
"""

from schools.placement.columns import Columns, Placed, place_columns
from schools.placement.crowds import FIRST_FOR_NONE, FIRST_FOR_O, FIRST_FOR_T
from schools.placement.objects import place
from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement, Reserve

__all__ = [
    "FIRST_FOR_NONE",
    "FIRST_FOR_O",
    "FIRST_FOR_T",
    "OUTSIDE",
    "TERRITORY",
    "Child",
    "Columns",
    "Intake",
    "Placed",
    "Placement",
    "Reserve",
    "place",
    "place_columns",
]
