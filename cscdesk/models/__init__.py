"""The counters as the centre knows them, and everything they ever sent."""

from .desks import Centre, Clerk, Desk, DeskKey, EnrolmentCode, Nonce, ReceiptPrefix
from .entries import Anchor, ChainLink, Entry, EntryOutcome

__all__ = [
    "Anchor",
    "Centre",
    "ChainLink",
    "Clerk",
    "Desk",
    "DeskKey",
    "EnrolmentCode",
    "Entry",
    "EntryOutcome",
    "Nonce",
    "ReceiptPrefix",
]
