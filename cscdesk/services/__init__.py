"""What can be done with desks; one public function is one transaction."""

from .calls import Caller, MalformedCall, Replayed, UnknownDesk, authenticate
from .delivering import store_delivery
from .enrolling import CodeRefused, enroll_desk, issue_enrolment_code, revoke_desk
from .taking_in import take_in_entries

__all__ = [
    "Caller",
    "CodeRefused",
    "MalformedCall",
    "Replayed",
    "UnknownDesk",
    "authenticate",
    "enroll_desk",
    "issue_enrolment_code",
    "revoke_desk",
    "store_delivery",
    "take_in_entries",
]
