"""Who is calling: every call of a desk is signed over its own words and played once."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cscdesk.entry import BadSignature, verify_call
from cscdesk.models import Desk, DeskKey, Nonce
from schools.rules import Refusal

NONCES_KEPT = timedelta(days=30)
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


class UnknownDesk(Refusal):
    message = _("This desk is not known here. Enrol it again.")


class Replayed(Refusal):
    message = _("This call was already made. A retry takes a new nonce.")


class MalformedCall(Refusal):
    message = _("The call lacks its desk, nonce or signature, or one of them cannot be read.")

    @property
    def code(self) -> str:
        return "malformed"


@dataclass(frozen=True, slots=True)
class Caller:
    """A desk that proved to be itself."""

    desk: Desk
    key: DeskKey


@dataclass(frozen=True, slots=True)
class Call:
    """A call's own words, as they stood on the request line, and what was signed over them."""

    method: str
    path: str
    query: str
    body: bytes
    desk: str
    nonce: str
    signature: str


def authenticate(*, call: Call, at: datetime) -> Caller:
    """
    Which desk signed this call.

    The nonce is used up only by a good signature, so nobody else can burn a desk's nonces.
    A revoked key still calls: what it hands in is kept, `taking_in` decides what counts.

    :raises MalformedCall: a header is missing or is no UUID, nonce or signature
    :raises UnknownDesk: no such desk, or it never enrolled
    :raises BadSignature: none of the desk's keys signed these words
    :raises Replayed: the nonce was used before
    """
    try:
        desk_id = UUID(call.desk)
    except ValueError:
        raise MalformedCall from None
    if call.desk != str(desk_id) or not _NONCE.match(call.nonce) or not call.signature:
        raise MalformedCall
    keys = list(DeskKey.objects.filter(desk_id=desk_id).select_related("desk__centre").order_by("-id"))
    if not keys:
        raise UnknownDesk
    caller = Caller(desk=keys[0].desk, key=_signer(call, keys))
    try:
        # The unique constraint is the guard: two copies of one call meet in the index.
        with transaction.atomic():
            Nonce.objects.create(desk=caller.desk, nonce=call.nonce, seen_at=at)
    except IntegrityError:
        raise Replayed from None
    return caller


def _signer(call: Call, keys: list[DeskKey]) -> DeskKey:
    for key in keys:
        try:
            verify_call(
                public_key=bytes(key.public_key),
                method=call.method,
                path=call.path,
                query=call.query,
                body=call.body,
                desk=call.desk,
                nonce=call.nonce,
                signature=call.signature,
            )
        except BadSignature:
            continue
        return key
    raise BadSignature


def forget_nonces(*, at: datetime) -> int:
    """Drop nonces older than 30 days; returns how many."""
    return Nonce.objects.filter(seen_at__lt=at - NONCES_KEPT).delete()[0]
