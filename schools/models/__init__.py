"""What can be given, and to whom it was given."""

from .accounts import Account, Role, Scope
from .campaigns import Campaign, Intake, Language, Round, Territory
from .doors import Case, Horizon
from .places import District, Region, School
from .rosters import Lane, RosterEntry, RosterState

__all__ = [
    "Account",
    "Campaign",
    "Case",
    "District",
    "Horizon",
    "Intake",
    "Lane",
    "Language",
    "Region",
    "Role",
    "RosterEntry",
    "RosterState",
    "Round",
    "School",
    "Scope",
    "Territory",
]
