"""One family in Almaty, and all that people say of it: what tests of the claims are written with."""

from datetime import datetime
from uuid import UUID

from enrollment.claims import Claim, Ending, Link, Lodged, Retracted, Standing
from schools.clock import ALMATY

AIDAR, DANA = "190401599990", "190401699997"
MOTHER, FATHER, GRANDMOTHER = "850101299996", "850101199993", "900615199983"
NEAR, FAR = ("990140999995/kk",), ("010240999986/kk",)
DESK, OTHER_DESK = UUID(int=1001), UUID(int=1002)


def at(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    return datetime(2027, 4, day, hour, minute, tzinfo=ALMATY)


def lodged(
    key: int,
    lodged_at: datetime,
    *,
    child: str = AIDAR,
    person: str = MOTHER,
    choices: tuple[str, ...] = NEAR,
    proven: bool = False,
    replaces: int | None = None,
    desk: UUID | None = None,
    seq: int | None = None,
    number: str = "",
) -> Lodged:
    return Lodged(
        id=UUID(int=key),
        number=number or f"27-{key:04}",
        child_key=child,
        person_key=person,
        choices=choices,
        lodged_at=lodged_at,
        is_proven=proven,
        replaces=None if replaces is None else UUID(int=replaces),
        desk=desk,
        seq=seq,
    )


def withdrawal(
    of: int | str,
    lodged_at: datetime,
    *,
    person: str = MOTHER,
    stands: bool = True,
    desk: UUID | None = None,
    seq: int | None = None,
) -> Retracted:
    return Retracted(
        id=UUID(int=9000 + seq if seq else 9000),
        kind="withdrawal",
        application_id=UUID(int=of) if isinstance(of, int) else None,
        number=of if isinstance(of, str) else None,
        person_key=person,
        lodged_at=lodged_at,
        stands=stands,
        desk=desk,
        seq=seq,
    )


def void(of: int, *, stands: bool = False, key: int = 9500) -> Retracted:
    return Retracted(
        id=UUID(int=key),
        kind="void",
        application_id=UUID(int=of),
        number=None,
        person_key="",
        lodged_at=at(18),
        stands=stands,
        desk=DESK,
        seq=99,
    )


def of(standing: Standing, child: str = AIDAR) -> Claim:
    return standing.claims[child]


def ending(standing: Standing, key: int) -> Ending:
    return standing.endings[UUID(int=key)]


def ids(*numbers: int) -> frozenset[UUID]:
    return frozenset(UUID(int=number) for number in numbers)


PASSPORT, CERTIFICATE = "PASSPORT:UZ:AB123", "BIRTH_CERTIFICATE:UZ:77"


def link(
    key: str, other: str, *, number: int = 1, is_same: bool = True, decided_at: datetime | None = None
) -> Link:
    return Link(
        id=UUID(int=number),
        child_key=key,
        other_key=other,
        is_same=is_same,
        decided_at=decided_at or at(12, number),
    )
