"""What can be done at a counter. One function, one transaction, on the disk when it returns."""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cscdesk.counter import journal, selectors
from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import APPLICATION_KINDS, Identity, JournalEntry, StoredCatalogue
from cscdesk.entry import (
    About,
    Hours,
    Kind,
    Start,
    Voiding,
    Withdrawal,
    base64url,
    from_base64url,
    public_bytes,
    sha256,
    verify_certificate,
)
from cscdesk.entry.enrolment import Enrolled, write_body
from enrollment.receipts import make_number, random_body
from enrollment.rules import Request, content_sha256
from schools.clock import ALMATY
from schools.rules import Refusal

UNVOUCHED_CLOCK: Final = timedelta(hours=1)
"""How far the machine's own clock may be wrong before it closes the desk to families."""


class IdReused(Refusal):
    message = _("This form was already used for other answers. Start a new one.")


class NotOpenYet(Refusal):
    message = _("Applications are taken from %(opens_at)s on.")


class Over(Refusal):
    message = _("The admission is over since %(closes_at)s.")


class NoSuchApplication(Refusal):
    message = _("This application was not made at this counter.")


class AlreadyReplaced(Refusal):
    message = _("This application was already corrected. The new number: %(number)s.")


class AlreadyVoid(Refusal):
    message = _("This application was already cancelled at this counter.")


class AlreadyWithdrawn(Refusal):
    message = _("This application was already withdrawn at this counter.")


class AlreadyEnrolled(Refusal):
    message = _("This counter is already enrolled as “%(name)s”.")


class OtherDesk(Refusal):
    message = _("This journal belongs to another desk: take an empty folder (COUNTER_DIR) for a new one.")


class WrongCertificate(Refusal):
    message = _("The centre's certificate is not for this desk and key. Nothing was stored.")


def lodge(*, application: UUID, request: Request, clerk: str, at: Reading) -> JournalEntry:
    """
    Write one family's request into the journal; opens the desk where nobody has yet.

    The form minted `application`: the same id with the same answers finds the first entry,
    whose receipt is shown again. Nothing else is asked: no line, no registry, no places.

    :raises IdReused: the id was used for other answers
    :raises NotOpenYet, Over: outside the campaign, by the best clock there is
    :raises NotEnrolled: this counter is no desk yet
    """
    return _make(kind="lodge", application=application, request=request, clerk=clerk, at=at)


def correct(*, application: UUID, request: Request, clerk: str, at: Reading) -> JournalEntry:
    """
    Write what should stand instead of `request.replaces`: an application of its own, with its own receipt.

    :raises NoSuchApplication: what it replaces was not made here
    :raises AlreadyReplaced, AlreadyVoid, AlreadyWithdrawn: there is nothing left to correct
    :raises IdReused, NotOpenYet, Over, NotEnrolled: as `lodge`
    """
    return _make(kind="correct", application=application, request=request, clerk=clerk, at=at)


@transaction.atomic(durable=True)
def withdraw(*, entry_id: UUID, number: str, person: str, code: str, clerk: str, at: Reading) -> JournalEntry:
    """
    Write that a family takes its application back; made here or anywhere.

    :param number: as `parse_number` gives it
    :param person: `person_key` of who withdraws
    :param code: the family's one-time code; without it the withdrawal stands after some days, unopposed
    :raises AlreadyVoid, AlreadyWithdrawn: there is nothing left to take back
    :raises IdReused, NotEnrolled: as `lodge`
    """
    identity = selectors.own_identity()
    made = selectors.application_by_number(number=number)
    about = About(application=made.application if made else None, number=number)
    content = Withdrawal(person=person, code=code or None)
    if first := _repeated(entry_id=entry_id, about=about, content=content):
        return first
    if made and made.application:
        _check_living(made.application)
    _open_if_closed(identity=identity, clerk=clerk, at=at)
    return journal.append(
        identity=identity,
        kind="withdraw",
        content=content,
        entry_id=entry_id,
        at=at,
        clerk=clerk,
        about=about,
        content_sha256=_sha256_of(about, content),
    )


@transaction.atomic(durable=True)
def void(
    *, entry_id: UUID, application: UUID, reason: str, code: str, clerk: str, at: Reading
) -> JournalEntry:
    """
    Write that the counter's own application should not count; it stays in the journal all the same.

    :raises NoSuchApplication: it was not made here
    :raises AlreadyVoid, AlreadyWithdrawn, AlreadyReplaced: there is nothing left to cancel
    :raises IdReused, NotEnrolled: as `lodge`
    """
    identity = selectors.own_identity()
    made = selectors.application(application=application)
    if made is None:
        raise NoSuchApplication
    about = About(application=application, number=made.number)
    content = Voiding(reason=reason, code=code or None)
    if first := _repeated(entry_id=entry_id, about=about, content=content):
        return first
    _check_living(application)
    return journal.append(
        identity=identity,
        kind="void",
        content=content,
        entry_id=entry_id,
        at=at,
        clerk=clerk,
        about=about,
        content_sha256=_sha256_of(about, content),
    )


@transaction.atomic(durable=True)
def open_desk(*, clerk: str, at: Reading) -> JournalEntry | None:
    """Write that the desk serves from now on; None where it already does."""
    return _open_if_closed(identity=selectors.own_identity(), clerk=clerk, at=at)


@transaction.atomic(durable=True)
def close_desk(*, clerk: str, at: Reading) -> JournalEntry | None:
    """Write that nothing more comes today: a closed desk is silent, not lost. None where it is closed."""
    identity = selectors.own_identity()
    if not selectors.is_desk_open():
        return None
    return journal.append(
        identity=identity, kind="close", content=Hours(), entry_id=uuid4(), at=at, clerk=clerk
    )


@transaction.atomic(durable=True)
def start_epoch(
    *, enrolled: Enrolled, private_key: bytes, api_url: str, at: Reading, again: bool = False
) -> JournalEntry:
    """
    Become the desk that the centre enrolled, and write the epoch's first entry.

    A restart of the program is no new epoch; a first start and a change of key are.

    :param again: the counter has a key already and gets a new one
    :raises AlreadyEnrolled: it has one and `again` was not said
    :raises OtherDesk: the journal was begun by another desk
    :raises WrongCertificate: the certificate is not for this desk, or was not signed by the centre's key
    """
    before = selectors.identity()
    if before and not again:
        raise AlreadyEnrolled(name=before.name)
    if before and before.desk != enrolled.desk:
        raise OtherDesk
    centre_key = _checked_centre_key(enrolled, private_key)
    identity = Identity(
        id=1,
        desk=enrolled.desk,
        name=enrolled.name,
        campaign=enrolled.campaign,
        private_key=private_key,
        certificate_text=enrolled.certificate.text,
        certificate_sig=enrolled.certificate.sig,
        centre_public_key=centre_key,
        prefixes=list(enrolled.prefixes),
        epoch=secrets.token_hex(8),
        prefix=enrolled.prefixes[0],
        api_url=api_url,
        enrolled_at=at.wall,
    )
    identity.save()
    StoredCatalogue(id=1, text=write_body(enrolled.catalogue), etag="", fetched_at=at.wall).save()
    return journal.append(
        identity=identity,
        kind="start",
        content=Start(
            reason="key change" if before else "first start",
            public_key=base64url(public_bytes(journal.private_key(identity))),
        ),
        entry_id=uuid4(),
        at=at,
    )


@transaction.atomic(durable=True)
def _make(*, kind: Kind, application: UUID, request: Request, clerk: str, at: Reading) -> JournalEntry:
    identity = selectors.own_identity()
    content = content_sha256(request)
    first = selectors.application(application=application)
    if first is not None:
        if bytes(first.content_sha256) != content or first.kind != kind:
            raise IdReused
        return first
    _check_campaign(at)
    if kind == "correct":
        _check_living(_made_here(request.replaces))
    _open_if_closed(identity=identity, clerk=clerk, at=at)
    return journal.append(
        identity=identity,
        kind=kind,
        content=request,
        entry_id=uuid4(),
        at=at,
        clerk=clerk,
        about=About(application=application, number=_new_number(identity)),
        content_sha256=content,
    )


def _repeated(*, entry_id: UUID, about: About, content: msgspec.Struct) -> JournalEntry | None:
    first = JournalEntry.objects.filter(entry_id=entry_id).first()
    if first is not None and bytes(first.content_sha256) != _sha256_of(about, content):
        raise IdReused
    return first


def _sha256_of(about: About, content: msgspec.Struct) -> bytes:
    return sha256(msgspec.json.encode([about, content], order="sorted"))


def _made_here(replaces: str | None) -> UUID:
    if not replaces or selectors.application(application=UUID(replaces)) is None:
        raise NoSuchApplication
    return UUID(replaces)


def _check_living(application: UUID) -> None:
    for entry in selectors.entries_about(application=application):
        if entry.kind == "void":
            raise AlreadyVoid
        if entry.kind == "withdraw":
            raise AlreadyWithdrawn
        raise AlreadyReplaced(number=entry.number)


def _check_campaign(at: Reading) -> None:
    catalogue = selectors.catalogue()
    if catalogue is None:
        raise selectors.NotEnrolled
    time, is_vouched = selectors.best_time(at)
    # Nobody is sent away because this machine's clock is wrong while the line is down.
    doubt = timedelta(0) if is_vouched else UNVOUCHED_CLOCK
    if time < catalogue.campaign.opens_at - doubt:
        raise NotOpenYet(opens_at=f"{catalogue.campaign.opens_at.astimezone(ALMATY):%d.%m.%Y %H:%M}")
    if time > catalogue.campaign.closes_at + doubt:
        raise Over(closes_at=f"{catalogue.campaign.closes_at.astimezone(ALMATY):%d.%m.%Y %H:%M}")


def _open_if_closed(*, identity: Identity, clerk: str, at: Reading) -> JournalEntry | None:
    if selectors.is_desk_open():
        return None
    return journal.append(
        identity=identity, kind="open", content=Hours(), entry_id=uuid4(), at=at, clerk=clerk
    )


def _new_number(identity: Identity) -> str:
    """A number not yet in this counter's book; of a prefix's 33 million only a sliver is ever used."""
    while True:
        number = make_number(year=identity.campaign, issuer=identity.prefix, random=random_body())
        if not JournalEntry.objects.filter(kind__in=APPLICATION_KINDS, number=number).exists():
            return number


def _checked_centre_key(enrolled: Enrolled, private_key: bytes) -> bytes:
    own = base64url(public_bytes(Ed25519PrivateKey.from_private_bytes(private_key)))
    try:
        centre_key = from_base64url(enrolled.centre_key, size=32)
        certificate = verify_certificate(
            public_key=centre_key, text=enrolled.certificate.text, sig=enrolled.certificate.sig
        )
    except (ValueError, Refusal) as error:
        raise WrongCertificate from error
    if certificate.desk != enrolled.desk or certificate.public_key != own or not enrolled.prefixes:
        raise WrongCertificate
    return centre_key
