"""
Whose application counts: all applications of both doors in, one standing claim per child out.

Pure functions of the set of facts: their order and repetition change nothing. The rule:
docs/reference/rule.md, "Standing claim" and "Children without an IIN".
"""

from enrollment.claims.children import Link, same_children, token_keys
from enrollment.claims.facts import Claim, Ending, Lodged, Retracted, Standing
from enrollment.claims.standing import standing_claims

__all__ = [
    "Claim",
    "Ending",
    "Link",
    "Lodged",
    "Retracted",
    "Standing",
    "same_children",
    "standing_claims",
    "token_keys",
]
