"""
What officials decide about places by name: confirmations, and what changes a place afterwards.

Every function here writes facts in one transaction and is safe to call twice. What follows
from them is the next reconciliation's work.
"""

from .annulling import NotConfirmed, annul_place
from .braking import CandidateChanged, NotStopped, acknowledge, candidate_sha256
from .capacity import (
    NotOnTheList,
    NotOpenYet,
    TooManyPlaces,
    capacity_known,
    change_capacity,
    grant_place,
)
from .closing_codes import (
    MalformedCode,
    NobodyNamed,
    NotItsDistrict,
    NotReadYet,
    UnknownDesk,
    UnknownSchool,
    read_closing_code,
)
from .proposing import (
    AlreadyProposed,
    NothingProposed,
    propose_annulment,
    propose_confirmation,
    sign_proposal,
    take_back_proposal,
)
from .rounds import (
    AlreadyConfirmed,
    Braked,
    FactsNotRead,
    MovedOn,
    NotClosedYet,
    NotHeardFrom,
    confirm_round,
    district_sha256,
    is_braked,
)
from .signing import NoReason, NotYours, OneOfficial

__all__ = [
    "AlreadyConfirmed",
    "AlreadyProposed",
    "Braked",
    "CandidateChanged",
    "FactsNotRead",
    "MalformedCode",
    "MovedOn",
    "NoReason",
    "NobodyNamed",
    "NotClosedYet",
    "NotConfirmed",
    "NotHeardFrom",
    "NotItsDistrict",
    "NotOnTheList",
    "NotOpenYet",
    "NotReadYet",
    "NotStopped",
    "NotYours",
    "NothingProposed",
    "OneOfficial",
    "TooManyPlaces",
    "UnknownDesk",
    "UnknownSchool",
    "acknowledge",
    "annul_place",
    "candidate_sha256",
    "capacity_known",
    "change_capacity",
    "confirm_round",
    "district_sha256",
    "grant_place",
    "is_braked",
    "propose_annulment",
    "propose_confirmation",
    "read_closing_code",
    "sign_proposal",
    "take_back_proposal",
]
