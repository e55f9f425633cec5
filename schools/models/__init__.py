"""What can be given, and to whom it was given."""

from .accounts import Account, Role, Scope
from .campaigns import Campaign, Intake, Language, Round, Territory
from .confirming import (
    Acknowledgement,
    Annulment,
    Confirmation,
    ConfirmedPlace,
    Proposal,
    SlotChange,
    SpokenClosing,
)
from .doors import Case, Horizon
from .places import District, Region, School
from .rosters import (
    Harmed,
    Held,
    IntakeState,
    Lane,
    RetoldPlace,
    RetoldRound,
    RosterEntry,
    RosterState,
)

__all__ = [
    "Account",
    "Acknowledgement",
    "Annulment",
    "Campaign",
    "Case",
    "Confirmation",
    "ConfirmedPlace",
    "District",
    "Harmed",
    "Held",
    "Horizon",
    "Intake",
    "IntakeState",
    "Lane",
    "Language",
    "Proposal",
    "Region",
    "RetoldPlace",
    "RetoldRound",
    "Role",
    "RosterEntry",
    "RosterState",
    "Round",
    "School",
    "Scope",
    "SlotChange",
    "SpokenClosing",
    "Territory",
]
