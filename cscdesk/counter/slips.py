"""The receipt as the family takes it away: its words, its number, its signed text."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec
import segno
from django.utils.safestring import SafeString, mark_safe

from cscdesk.counter import journal
from cscdesk.counter.models import Identity, JournalEntry
from cscdesk.counter.offers import Offer, offer_of
from cscdesk.entry import SignedText, read_entry, read_form
from cscdesk.entry.enrolment import Catalogue
from enrollment.receipts import qr_text
from enrollment.rules import Request, child_key
from schools.clock import ALMATY
from schools.rules import answer_date


@dataclass(frozen=True, slots=True)
class Slip:
    """One receipt; made from the stored entry only, so it cannot exist before the commit."""

    number: str
    lodged_at: datetime
    request: Request
    offer: Offer | None
    is_offline: bool
    answer_date: date
    qr: SafeString

    @property
    def language(self) -> str:
        """The family's, not the clerk's."""
        return self.request.language


def slip(*, row: JournalEntry, identity: Identity, catalogue: Catalogue, is_line_up: bool) -> Slip | None:
    """The receipt of a stored application in the active language; None once its form was erased."""
    entry = read_entry(bytes(row.entry))
    form = read_form(entry, None if row.form is None else bytes(row.form))
    if form is None or not isinstance(form.content, Request) or row.application is None:
        return None
    request = form.content
    return Slip(
        number=row.number,
        lodged_at=entry.at.wall,
        request=request,
        offer=offer_of(catalogue=catalogue, choice=request.choices[0]) if request.choices else None,
        is_offline=not is_line_up,
        answer_date=answer_date(
            entry.at.wall.astimezone(ALMATY).date(),
            opening_date=catalogue.campaign.opens_at.astimezone(ALMATY).date(),
            moved=catalogue.campaign.moved_days,
        ),
        qr=_svg(signed_text(row=row, identity=identity)),
    )


def signed_text(*, row: JournalEntry, identity: Identity) -> str:
    """
    What the QR says: with it alone the family can prove what was lodged, and when.

    :raises ValueError: the entry made no application, or its form was erased
    """
    entry = read_entry(bytes(row.entry))
    form = read_form(entry, None if row.form is None else bytes(row.form))
    if form is None or not isinstance(form.content, Request) or row.application is None:
        raise ValueError("no application, or erased")
    return qr_text(
        number=row.number,
        application_id=row.application,
        lodged_at=entry.at.wall,
        child_key=child_key(form.content.child),
        n=form.salt,
        private_key=journal.private_key(identity),
        entry_sha256=bytes(row.sha256),
        certificate=_certificate(identity),
    )


def _certificate(identity: Identity) -> str:
    signed = SignedText(text=identity.certificate_text, sig=identity.certificate_sig)
    return msgspec.json.encode(signed).decode()


def _svg(text: str) -> SafeString:
    # A cost: choosing the best of eight masks takes four times as long; signed bytes look like noise
    # under any of them.
    drawn = segno.make(text, error="l", boost_error=False, mask=2).svg_inline(border=2, omitsize=True)
    # Safe: segno draws paths from bits; no word of the text stands in the picture.
    return mark_safe(drawn)  # noqa: S308
