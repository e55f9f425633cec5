"""Who asks for a place, exactly as they asked."""

from .applications import Application, Decision, Door, Draft, Retraction
from .checks import Check, ChildLink, TwinsWish
from .draws import DaySeed, DrawCommitment, PublicValue
from .notices import FamilyCode, Notice, NoticeSent
from .outages import Outage, OutageEnd, OutageForecast
from .readings import ReadFact, Reading
from .scenarios import Scenario, ScenarioPart, ScenarioResult

__all__ = [
    "Application",
    "Check",
    "ChildLink",
    "DaySeed",
    "Decision",
    "Door",
    "Draft",
    "DrawCommitment",
    "FamilyCode",
    "Notice",
    "NoticeSent",
    "Outage",
    "OutageEnd",
    "OutageForecast",
    "PublicValue",
    "ReadFact",
    "Reading",
    "Retraction",
    "Scenario",
    "ScenarioPart",
    "ScenarioResult",
    "TwinsWish",
]
