"""
What can be asked about applications.

Scoped to one account by `own`; `public_state` by number, digits and tries; explanations are for whoever
a door has let in.
"""

from enrollment.selectors.children import Children, children_of
from enrollment.selectors.explanations import applications_numbered, explanations_of
from enrollment.selectors.own import own_application, own_applications, own_draft, sent_number
from enrollment.selectors.public import (
    STATUS_TRIES,
    STATUS_WINDOW,
    NothingFound,
    TooManyTries,
    public_state,
)
from enrollment.selectors.states import State, states_of
from enrollment.selectors.terms import Decided, answer_by

__all__ = [
    "STATUS_TRIES",
    "STATUS_WINDOW",
    "Children",
    "Decided",
    "NothingFound",
    "State",
    "TooManyTries",
    "answer_by",
    "applications_numbered",
    "children_of",
    "explanations_of",
    "own_application",
    "own_applications",
    "own_draft",
    "public_state",
    "sent_number",
    "states_of",
]
