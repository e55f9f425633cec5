"""Who asks for a place, exactly as they asked."""

from .applications import Application, Decision, Door, Draft, Retraction
from .notices import FamilyCode, Notice, NoticeSent
from .outages import Outage, OutageEnd

__all__ = [
    "Application",
    "Decision",
    "Door",
    "Draft",
    "FamilyCode",
    "Notice",
    "NoticeSent",
    "Outage",
    "OutageEnd",
    "Retraction",
]
