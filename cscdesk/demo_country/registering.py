"""The families' accounts, and what they sent, as the portal stores it."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import Final

from django.utils import translation
from django.utils.translation import gettext

from enrollment.models import Application, Door, Notice, NoticeSent, Retraction
from enrollment.rules import canonical, child_key, person_key
from schools.clock import ALMATY
from schools.models import Account
from schools.rules import answer_date

from .copying import add_missing, ids_by
from .families import Family, Parent, families
from .morning import OPENS_AT, Lodged, morning
from .numbers import demo_id
from .places import Country

_BATCH: Final = 20_000
"""Applications at a time: bounds the memory, not the transaction."""
_NO_PASSWORD: Final = "!" + "0" * 40
"""Families sign in by a code."""
_TOLD_AFTER: Final = timedelta(seconds=20)


def register(
    country: Country, *, name: str, issuer: str, applications: int, families_at_least: int = 0, start: int = 0
) -> dict[str, int]:
    """
    Store the first `applications` requests of the morning, and an account for each family.

    :param issuer: three characters of the receipts, of the portal's own (they begin with Q)
    :return: how much was added
    """
    seen: list[Family] = []

    def watched(people: Iterator[Family]) -> Iterator[Family]:
        for family in people:
            seen.append(family)
            yield family

    everybody = families(max(applications, families_at_least), country=country, start=start)
    sent = islice(morning(watched(everybody), country=country, name=name, issuer=issuer), applications)
    added = {"families": 0, "applications": 0, "withdrawals": 0, "notices": 0}
    while batch := list(islice(sent, _BATCH)):
        senders = [lodged.sender for lodged in batch]
        first = [family.parents[0] for family in seen]
        added["families"] += _add_accounts({parent.email: parent for parent in chain(first, senders)})
        seen.clear()
        accounts = ids_by(Account, "email", [sender.email for sender in senders])
        added["applications"] += _add_applications(batch, accounts)
        added["withdrawals"] += _add_withdrawals(batch, accounts)
        added["notices"] += _add_notices(batch)
    rest = families(families_at_least, country=country, start=start)
    added["families"] += _add_accounts({f.parents[0].email: f.parents[0] for f in rest})
    return added


def _add_accounts(parents: dict[str, Parent]) -> int:
    joined_at = OPENS_AT - timedelta(days=7)
    return add_missing(
        Account,
        [
            "email",
            "password",
            "phone",
            "full_name",
            "language",
            "is_active",
            "is_staff",
            "is_superuser",
            "joined_at",
        ],
        (
            (email, _NO_PASSWORD, parent.phone, str(parent.name), "kk", True, False, False, joined_at)
            for email, parent in parents.items()
        ),
    )


def _add_applications(batch: list[Lodged], accounts: dict[object, object]) -> int:
    return add_missing(
        Application,
        [
            "id",
            "number",
            "campaign",
            "child_key",
            "person_key",
            "is_proven",
            "choices",
            "form",
            "salt",
            "language",
            "door",
            "account",
            "lodged_at",
            "received_at",
            "content_sha256",
        ],
        (_application(lodged, accounts[lodged.sender.email]) for lodged in batch),
    )


def _application(lodged: Lodged, account: object) -> tuple[object, ...]:
    request = lodged.request
    content = canonical(request)
    return (
        lodged.id,
        lodged.number,
        OPENS_AT.year,
        child_key(request.child),
        person_key(request.applicant),
        False,
        request.choices,
        content.decode(),
        hashlib.sha256(b"demo salt" + lodged.id.bytes).digest()[:16],
        request.language,
        Door.PORTAL.value,
        account,
        lodged.lodged_at,
        lodged.lodged_at,
        hashlib.sha256(content).digest(),
    )


def _add_withdrawals(batch: list[Lodged], accounts: dict[object, object]) -> int:
    return add_missing(
        Retraction,
        [
            "id",
            "kind",
            "campaign",
            "application_id",
            "application_number",
            "person_key",
            "reason",
            "is_verified",
            "door",
            "account",
            "lodged_at",
            "received_at",
        ],
        (
            (
                demo_id("withdrawal", lodged.id),
                Retraction.Kind.WITHDRAWAL.value,
                OPENS_AT.year,
                lodged.id,
                lodged.number,
                person_key(lodged.request.applicant),
                "",
                True,
                Door.PORTAL.value,
                accounts[lodged.sender.email],
                lodged.withdrawn_at,
                lodged.withdrawn_at,
            )
            for lodged in batch
            if lodged.withdrawn_at is not None
        ),
    )


def _add_notices(batch: list[Lodged]) -> int:
    """The messages these families were sent already, so that no phone rings for them again."""
    return _add_sent_notices(
        Notice.Kind.REGISTERED, [(lodged, _registered(lodged), lodged.lodged_at) for lodged in batch]
    ) + _add_sent_notices(
        Notice.Kind.WITHDRAWN,
        [
            (lodged, _withdrawn(lodged), lodged.withdrawn_at)
            for lodged in batch
            if lodged.withdrawn_at is not None
        ],
    )


def _add_sent_notices(kind: Notice.Kind, told: list[tuple[Lodged, str, datetime]]) -> int:
    added = add_missing(
        Notice,
        ["application", "kind", "occasion", "text", "owed_at"],
        ((lodged.id, kind.value, "", text, at) for lodged, text, at in told),
    )
    owed = ids_by(
        Notice, "application", [lodged.id for lodged, _text, _at in told], kind=kind.value, occasion=""
    )
    add_missing(
        NoticeSent,
        ["notice", "to", "sent_at"],
        (
            (owed[lodged.id], lodged.request.phone or lodged.sender.email, at + _TOLD_AFTER)
            for lodged, _text, at in told
        ),
    )
    return added


@lru_cache
def _sentence(sentence: str, language: str) -> str:
    with translation.override(language):
        return gettext(sentence)


def _registered(lodged: Lodged) -> str:
    lodged_at = lodged.lodged_at.astimezone(ALMATY)
    sentence = _sentence(
        "Your application is registered. Time: %(time)s. Number: %(number)s. "
        "This is not yet a decision on admission. Answer by: %(date)s. Help: 1414.",
        lodged.request.language,
    )
    return sentence % {
        "time": f"{_printed(lodged_at.date())} {lodged_at.hour:02d}:{lodged_at.minute:02d}",
        "number": lodged.number,
        "date": _printed(_answer_by(lodged_at.date())),
    }


@lru_cache
def _answer_by(day: date) -> date:
    return answer_date(day, opening_date=OPENS_AT.date())


@lru_cache
def _printed(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _withdrawn(lodged: Lodged) -> str:
    sentence = _sentence("Application %(number)s is withdrawn. Help: 1414.", lodged.request.language)
    return sentence % {"number": lodged.number}
