"""
What people find out and decide about applications: facts, each by name, each with its reason.

- `checks.py`: what an application states, compared with a registry or a document
- `contests.py`: of two wishes for one child the one that counts; a desk's void
- `children.py`: two keys that are one child or two; twins that are not to be parted
- `cases.py`: what waits for a person is opened and closed by what the facts say
"""

from .cases import CaseNotByHand, close_case, open_matters, open_near_duplicates
from .checks import (
    CheckReused,
    FoundAddressMissing,
    NoBasis,
    OnlyAddressFound,
    RelativeWithoutAuthority,
    record_check,
    record_checks,
)
from .children import (
    LinkReused,
    NotTheirTwins,
    OneKey,
    SeedIsMade,
    Twins,
    TwinsNotAlive,
    TwinsNotBornTogether,
    TwinsNotOffered,
    UnknownChild,
    WishReused,
    link_children,
    twins_of,
    wish_twins,
)
from .contests import NotAVoid, NotContested, decide_void, settle_contest
from .scopes import NoReason, NoSuchApplication, NotYours

__all__ = [
    "CaseNotByHand",
    "CheckReused",
    "FoundAddressMissing",
    "LinkReused",
    "NoBasis",
    "NoReason",
    "NoSuchApplication",
    "NotAVoid",
    "NotContested",
    "NotTheirTwins",
    "NotYours",
    "OneKey",
    "OnlyAddressFound",
    "RelativeWithoutAuthority",
    "SeedIsMade",
    "Twins",
    "TwinsNotAlive",
    "TwinsNotBornTogether",
    "TwinsNotOffered",
    "UnknownChild",
    "WishReused",
    "close_case",
    "decide_void",
    "link_children",
    "open_matters",
    "open_near_duplicates",
    "record_check",
    "record_checks",
    "settle_contest",
    "twins_of",
    "wish_twins",
]
