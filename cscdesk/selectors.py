"""What can be asked about desks: the catalogue they serve from, what became of their entries."""

import hashlib
from contextlib import suppress
from uuid import UUID

from cscdesk.entry import enrolment, read_entry
from cscdesk.models import Centre, Clerk, Desk, Entry, EntryOutcome
from cscdesk.services.delivering import UNREAD
from schools.models import Campaign, District, Intake, School, Territory
from schools.rules import Refusal, parse_moved_days


def catalogue(*, desk: Desk, campaign: Campaign) -> enrolment.Catalogue:
    """Everything a desk must know to serve any family of the country without a line."""
    centre = desk.centre
    intakes = Intake.objects.filter(campaign=campaign)
    return enrolment.Catalogue(
        campaign=enrolment.Campaign(
            year=campaign.year,
            opens_at=campaign.opens_at,
            closes_at=campaign.closes_at,
            policy=campaign.policy_data,
            moved_days=parse_moved_days(campaign.moved_days),
        ),
        centre=enrolment.Centre(
            code=centre.code,
            district=centre.district_id,
            names=_names(centre),
            address_kk=centre.address_kk,
            address_ru=centre.address_ru,
            phone=centre.phone,
        ),
        districts=[
            enrolment.District(code=district.kato, names=_names(district), help_line=district.help_line)
            for district in District.objects.all()
        ],
        schools=[
            enrolment.School(
                bin=school.bin,
                district=school.district_id,
                names=_names(school),
                address_kk=school.address_kk,
                address_ru=school.address_ru,
                help_line=school.help_line,
            )
            for school in School.objects.filter(bin__in=intakes.values("school_id"))
        ],
        intakes=[f"{school}/{language}" for school, language in intakes.values_list("school_id", "language")],
        territories=[
            enrolment.Territory(
                school=row.school_id,
                district=row.district_id,
                street_kk=row.street_kk,
                street_ru=row.street_ru,
                first_house=row.first_house,
                last_house=row.last_house,
                parity=_PARITIES[row.parity],
            )
            for row in Territory.objects.filter(campaign=campaign)
        ],
        clerks=[
            enrolment.Clerk(code=clerk.code, full_name=clerk.full_name, is_supervisor=clerk.is_supervisor)
            for clerk in Clerk.objects.filter(centre=centre, is_active=True)
        ],
    )


def etag(body: bytes) -> str:
    """The name of exactly these bytes, for `If-None-Match`."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def outcomes_after(*, desk_id: UUID, after: int) -> enrolment.EntryResults:
    """The next outcomes of a desk's entries, by their numbers, at most `OUTCOMES_MAX`."""
    rows = EntryOutcome.objects.filter(desk_id=desk_id, id__gt=after).select_related("entry").order_by("id")
    return enrolment.EntryResults(
        outcomes=[
            enrolment.EntryResult(
                id=row.id,
                sha256=bytes(row.entry.sha256).hex(),
                seq=row.entry.seq,
                state=_STATES[row.state],
                code=row.code or None,
                reason=row.reason or None,
                result=row.result,
            )
            for row in rows[: enrolment.OUTCOMES_MAX]
        ]
    )


def current_campaign() -> Campaign | None:
    """The campaign that desks serve: the newest one."""
    return Campaign.objects.order_by("-year").first()


_PARITIES: dict[str, enrolment.ParityName] = {"all": "all", "odd": "odd", "even": "even"}
_STATES: dict[str, enrolment.ResultState] = {"applied": "applied", "noted": "noted", "parked": "parked"}


def _names(place: Centre | District | School) -> enrolment.Names:
    return enrolment.Names(kk=place.name_kk, ru=place.name_ru, en=place.name_en)


def parked_applications(*, campaign: Campaign) -> frozenset[UUID]:
    """Applications that desk entries name and that a person must look at, because the entry is parked."""
    parked = EntryOutcome.objects.filter(
        state=EntryOutcome.State.PARKED, entry__kind__in=("lodge", "correct", UNREAD)
    ).select_related("entry")
    found = set()
    for outcome in parked.iterator(2000):
        with suppress(Refusal):
            text = read_entry(bytes(outcome.entry.entry))
            if text.campaign == campaign.year and text.about and text.about.application:
                found.add(text.about.application)
    return frozenset(found)


def entries_to_take_in(*, district: str) -> int:
    """
    How many entries of a district's desks are stored and not yet what they mean.

    `schools` asks it before a confirmation, by the setting `ROSTER_STILL_TO_TAKE_IN`: a desk's
    horizon moves when its entries are stored, seconds before they are applications. What lies
    behind a gap is not counted: its desk is dark until the gap is filled.
    """
    waiting = Entry.objects.filter(link__isnull=False, outcome=None, desk__centre__district=district)
    return waiting.exclude(kind=UNREAD).count()
