"""
What a request for a place is, and when it is well formed: both doors judge with this room.

No database and no clock: the portal, the counter and the centre's take-in import the same names.
"""

from enrollment.rules.contact import InvalidPhone, masked_phone, normal_phone
from enrollment.rules.judging import faults
from enrollment.rules.request import (
    IDENTITY_DOCUMENTS,
    LANGUAGES,
    RELATIONS,
    SEEN_DOCUMENTS,
    Address,
    Applicant,
    Child,
    Document,
    MalformedForm,
    Request,
    SeenDocument,
    canonical,
    child_key,
    content_sha256,
    decode_request,
    full_name,
    is_proven,
    person_key,
    tidied,
)

__all__ = [
    "IDENTITY_DOCUMENTS",
    "LANGUAGES",
    "RELATIONS",
    "SEEN_DOCUMENTS",
    "Address",
    "Applicant",
    "Child",
    "Document",
    "InvalidPhone",
    "MalformedForm",
    "Request",
    "SeenDocument",
    "canonical",
    "child_key",
    "content_sha256",
    "decode_request",
    "faults",
    "full_name",
    "is_proven",
    "masked_phone",
    "normal_phone",
    "person_key",
    "tidied",
]
