"""What goes into the claims and what comes out: plain values, no database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodged:
    """One application, as its sender handed it in."""

    id: UUID
    number: str
    child_key: str
    person_key: str
    """The sender, by the IIN or document stated with the application."""
    choices: tuple[str, ...]
    lodged_at: datetime
    is_proven: bool
    """A registry, or a document seen by a clerk, proves the sender's relation to the child."""
    replaces: UUID | None = None
    desk: UUID | None = None
    """None: the portal."""
    seq: int | None = None
    """Place in the desk's chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    """A withdrawal by a family, or a clerk's word that an application was none."""

    id: UUID
    kind: Literal["withdrawal", "void"]
    application_id: UUID | None
    number: str | None
    """Names the application where its id is not given."""
    person_key: str
    """Who withdraws; empty: the sender of the named application."""
    lodged_at: datetime
    stands: bool
    """The family's code was right, its sender was signed in, or nobody objected for 48 h."""
    desk: UUID | None = None
    seq: int | None = None
    is_refused: bool = False
    """A person decided that this void has no effect, whatever else becomes known."""


class Ending(StrEnum):
    """Where one application ended; of several that are true the first counts."""

    VOID = "void"
    WITHDRAWN = "withdrawn"
    CONTESTED = "contested"
    LINKED = "linked"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one child asks for, and since when."""

    application_id: UUID
    choices: tuple[str, ...]
    arrived_at: datetime
    """The earliest arrival of the same choices, whoever sent them."""
    first_arrival_at: datetime
    """The earliest arrival of any living application of the child: its day is the day of its draw."""
    linked: frozenset[UUID]
    """The child's other applications, those replaced by a correction among them."""
    contested: frozenset[UUID]
    """Applications of proven people who want different schools; empty when nobody need be asked."""
    since: datetime
    """
    The earliest time of a living application of the child, or of what one of them replaces for
    the same child; withdrawn and void ones excepted. A place confirmed before it is not this claim's.
    """
    is_proven: bool
    """The relation to the child of who sent the standing application is proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What all applications together mean."""

    claims: dict[str, Claim]
    """By child key."""
    endings: dict[UUID, Ending]
    """Of every application."""
    waiting: frozenset[UUID]
    """Withdrawals and voids without effect so far: for time, for the application named, or for a person."""
