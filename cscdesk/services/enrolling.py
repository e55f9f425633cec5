"""Binding a counter to its desk: a one-time code, then a key that never leaves the counter."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cscdesk.entry import Certificate, SignedText, base64url, compose_certificate, key_id
from cscdesk.models import Centre, Desk, DeskKey, EnrolmentCode, ReceiptPrefix
from enrollment.keys import centre_key, centre_public_key
from enrollment.receipts import ALPHABET
from schools.models import Campaign, Horizon
from schools.rules import Refusal

CODE_LIVES: Final = timedelta(minutes=15)
PREFIXES_GIVEN: Final = 4
"""One for the epoch that begins, the others spare for epochs that begin without a line."""


class CodeRefused(Refusal):
    message = _("The enrolment code is wrong, used or older than 15 minutes. Ask for a new one.")


class NoSuchDesk(Refusal):
    message = _("There is no desk “%(name)s” in the centre %(centre)s.")


class NoSuchCentre(Refusal):
    message = _("There is no service centre with the code %(centre)s.")


class PrefixesUsedUp(Refusal):
    message = _("All receipt prefixes are given. Call the system's operators.")


class KeyAlreadyKnown(Refusal):
    message = _("This key already belongs to a desk. Make a new one.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolled counter is told about itself."""

    desk: Desk
    certificate: SignedText
    prefixes: list[str]


@transaction.atomic
def issue_enrolment_code(*, name: str, centre_code: str, at: datetime) -> str:
    """
    A new one-time code for a desk, made if the centre has none of this name; older codes end.

    :returns: the code in clear: shown once, only its hash is kept
    :raises NoSuchCentre: no centre has this code
    """
    centre = Centre.objects.filter(code=centre_code).first()
    if centre is None:
        raise NoSuchCentre(centre=centre_code)
    desk, _made = Desk.objects.get_or_create(centre=centre, name=name, defaults={"id": uuid4()})
    EnrolmentCode.objects.filter(desk=desk, used_at=None).delete()
    code = "-".join("".join(secrets.choice(ALPHABET) for _n in range(4)) for _group in range(3))
    EnrolmentCode.objects.create(desk=desk, code_sha256=_hash(code), issued_at=at, expires_at=at + CODE_LIVES)
    return code


@transaction.atomic
def enroll_desk(*, code: str, public_key: bytes, at: datetime) -> Enrolment:
    """
    Give a counter its identity in exchange for a good code; a code is used once.

    :param public_key: Ed25519, 32 bytes, made on the counter
    :raises CodeRefused: wrong, used or expired
    :raises KeyAlreadyKnown: the key is already some desk's
    """
    # Compare-and-set: of two counters that bring the same code one finds it unused.
    fresh = EnrolmentCode.objects.filter(code_sha256=_hash(code), used_at=None, expires_at__gt=at)
    if not fresh.update(used_at=at):
        raise CodeRefused
    if DeskKey.objects.filter(public_key=public_key).exists():
        raise KeyAlreadyKnown
    desk = Desk.objects.select_related("centre").get(enrolment_codes__code_sha256=_hash(code))
    prefixes = [_new_prefix(desk, at=at) for _spare in range(PREFIXES_GIVEN)]
    certificate = compose_certificate(
        key=centre_key(),
        certificate=Certificate(
            desk=desk.id,
            name=desk.name,
            centre=desk.centre_id,
            public_key=base64url(public_key),
            prefixes=prefixes,
            issued_at=at,
            key=key_id(centre_public_key()),
        ),
    )
    DeskKey.objects.create(
        desk=desk,
        public_key=public_key,
        certificate_text=certificate.text,
        certificate_sig=certificate.sig,
        enrolled_at=at,
    )
    Desk.objects.filter(id=desk.id).update(enrolled_at=at, revoked_at=None)
    _expect_to_hear_from(desk)
    return Enrolment(desk=desk, certificate=certificate, prefixes=prefixes)


@transaction.atomic
def revoke_desk(*, name: str, centre_code: str, at: datetime) -> int:
    """
    Trust no key of this desk any longer; what it had delivered and been answered for stays.

    :returns: how many keys were revoked now
    :raises NoSuchDesk: the centre has no such desk
    """
    desk = Desk.objects.filter(centre_id=centre_code, name=name).first()
    if desk is None:
        raise NoSuchDesk(name=name, centre=centre_code)
    Desk.objects.filter(id=desk.id, revoked_at=None).update(revoked_at=at)
    return DeskKey.objects.filter(desk=desk, revoked_at=None).update(revoked_at=at)


def _expect_to_hear_from(desk: Desk) -> None:
    """A desk that enrols and never calls is not heard from; without a row nobody would miss it."""
    campaign = Campaign.objects.first()
    if campaign is None:
        return
    Horizon.objects.get_or_create(campaign=campaign, door=str(desk.id), defaults=desk.horizon)


def _new_prefix(desk: Desk, *, at: datetime) -> str:
    # Q begins the portal's own prefixes.
    letters = ALPHABET.replace("Q", "")
    for _try in range(200):
        prefix = secrets.choice(letters) + secrets.choice(ALPHABET) + secrets.choice(ALPHABET)
        if ReceiptPrefix.objects.filter(prefix=prefix).exists():
            continue
        ReceiptPrefix.objects.create(prefix=prefix, desk=desk, given_at=at)
        return prefix
    raise PrefixesUsedUp


def _hash(code: str) -> bytes:
    """Codes are typed from a screen or a call: case, spaces and hyphens do not matter."""
    return hashlib.sha256("".join(code.upper().replace("-", "").split()).encode()).digest()
