"""
A country as small as a story needs: two districts, a few schools, families with names.

A roster needs a closed round: `close_round(campaign)`. Its places are held until what they rest
on was looked at: `check(application)`; `confirm(campaign)` gives them for good.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from enrollment import arrival
from enrollment.models import Check, DaySeed, Draft, Outage
from enrollment.reconciliation import reconcile
from enrollment.rounds import needed_days, planned_closings
from enrollment.rules import (
    Address,
    Applicant,
    Child,
    Request,
    SeenDocument,
    child_key,
    content_sha256,
    person_key,
)
from enrollment.services.draws import commit_draw, enter_public_value, make_day_seed
from enrollment.services.lodging import DeskRequest, form_of, lodge_applications, lodge_draft
from schools.models import (
    Account,
    Campaign,
    Confirmation,
    ConfirmedPlace,
    District,
    Intake,
    Region,
    RosterEntry,
    RosterState,
    Round,
    School,
    Territory,
)
from schools.rules import parse_moved_days, slots, street_key

ALMATY = ZoneInfo("Asia/Almaty")
OPENING = datetime(2027, 4, 1, 9, tzinfo=ALMATY)
DAY_TWO = OPENING + timedelta(days=1)
BOSTANDYK, MEDEU = "751410000", "751710000"
ABAY_LYCEUM, SATBAYEV_SCHOOL = "990140999995", "010240999986"
DESK = UUID("00000000-0000-4000-8000-00000000d35c")

_numbers = count(1)


def iin(serial: int, *, birth: str = "200229") -> str:
    """A made-up valid IIN; serials whose check digit does not exist are passed over."""
    for tail in range(serial * 7 % 1000, 10_000):
        digits = f"{birth}5{tail:04}"[:11]
        total = sum((i + 1) * int(d) for i, d in enumerate(digits)) % 11
        if total == 10:
            weights = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
            total = sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11
        if total < 10:
            return f"{digits}{total}"
    raise ValueError(serial)


def make_country(*, places: int = 4, policy: dict[str, object] | None = None) -> Campaign:
    """One campaign, open; two schools in two districts, each with a Kazakh intake of `places`."""
    region = Region.objects.create(kato="750000000", name_kk="Алматы", name_ru="Алматы", name_en="Almaty")
    campaign = Campaign.objects.create(year=2027, opens_at=OPENING, closes_at=OPENING + timedelta(days=150))
    for key, value in (policy or {}).items():
        campaign.policy_data[key] = {"value": value, "legal_basis": "a test"}
    campaign.save()
    for kato, bin_, street in (
        (BOSTANDYK, ABAY_LYCEUM, "Абай даңғылы"),
        (MEDEU, SATBAYEV_SCHOOL, "Достық даңғылы"),
    ):
        district = District.objects.create(kato=kato, region=region, name_kk=kato, name_ru=kato, name_en=kato)
        school = School.objects.create(
            bin=bin_,
            district=district,
            name_kk=bin_,
            name_ru=bin_,
            name_en=bin_,
            address_kk="–",
            address_ru="–",
        )
        Intake.objects.create(campaign=campaign, school=school, language="kk", slots=slots(places, "TTTO"))
        Territory.objects.create(
            campaign=campaign,
            school=school,
            district=district,
            street_kk=street,
            street_keys=[street_key(street)],
        )
    return campaign


ABAY, SATBAYEV = f"{ABAY_LYCEUM}/kk", f"{SATBAYEV_SCHOOL}/kk"
ON_ABAY_STREET = Address(district=BOSTANDYK, street="Абай даңғылы", house="10")
ON_DOSTYK_STREET = Address(district=MEDEU, street="Достық даңғылы", house="5")


def request(
    *,
    child: str,
    applicant: str | None = None,
    choices: Sequence[str] = (ABAY,),
    address: Address = ON_ABAY_STREET,
    relation: str = "mother",
    seen: bool = False,
    replaces: UUID | None = None,
) -> Request:
    """A well-formed request for a child, named by its IIN."""
    return Request(
        child=Child(
            iin=child, family_name="Серікова", given_name=f"Дана {child[-3:]}", birth_date="2020-02-29"
        ),
        choices=list(choices),
        applicant=Applicant(iin=applicant or "850101199993", family_name="Серікова", given_name="Айгерім"),
        relation=relation,
        document=SeenDocument(type="birth_certificate", number="AA 1") if seen else None,
        address=address,
        phone="+77000000001",
        language="kk",
        replaces=str(replaces) if replaces else None,
    )


def parent(email: str = "aigerim@example.kz") -> Account:
    """An account that signs in by e-mail code."""
    account = Account.objects.filter(email=email).first()
    return account or Account.objects.create_user(email)


def checked_draft(*, account: Account, campaign: Campaign, wanted: Request, id_: UUID | None = None) -> Draft:
    """A draft as the check page leaves it: judged and ready to be sent."""
    at = OPENING - timedelta(hours=1)
    return Draft.objects.create(
        id=id_ or uuid4(),
        account=account,
        campaign=campaign,
        form=form_of(wanted),
        salt=bytes(16),
        started_at=at,
        saved_at=at,
        child_key=child_key(wanted.child),
        person_key=person_key(wanted.applicant),
        choices=list(wanted.choices),
        language=wanted.language,
        content_sha256=content_sha256(wanted),
    )


def apply_online(
    *, campaign: Campaign, wanted: Request, at: datetime, email: str = "aigerim@example.kz"
) -> UUID:
    """A whole application through the portal's own door; returns its id."""
    draft = checked_draft(account=parent(email), campaign=campaign, wanted=wanted)
    lodge_draft(
        draft_id=draft.id,
        account_id=draft.account_id,
        shown_sha256=content_sha256(wanted),
        year=campaign.year,
        at=at.astimezone(UTC),
    )
    return draft.id


def desk_request(
    *, wanted: Request, at: datetime, id_: UUID | None = None, seq: int | None = None
) -> DeskRequest:
    """What a desk's entry says, as `lodge_applications` takes it."""
    serial = seq or next(_numbers)
    id_ = id_ or uuid4()
    return DeskRequest(
        id=id_,
        number="27-4KQ7-M2XD-W",
        year=2027,
        request=wanted,
        salt=bytes(16),
        desk=DESK,
        seq=serial,
        entry_sha256=id_.bytes * 2,
        lodged_at=at.astimezone(UTC),
    )


def apply_at_desk(*, wanted: Request, at: datetime, received_at: datetime | None = None) -> UUID:
    """A whole application through a desk; returns its id."""
    one = desk_request(wanted=wanted, at=at)
    lodge_applications(requests=[one], at=(received_at or at).astimezone(UTC))
    return one.id


def plan_rounds(campaign: Campaign) -> list[Round]:
    """The campaign's rounds, one a working day, also when it has opened already."""
    if not campaign.rounds.exists():
        closings = planned_closings(
            opens_at=campaign.opens_at,
            closes_at=campaign.closes_at,
            moved=parse_moved_days(campaign.moved_days),
        )
        Round.objects.bulk_create(
            Round(campaign=campaign, number=number, closes_at=closes_at)
            for number, closes_at in enumerate(closings, start=1)
        )
    return list(campaign.rounds.order_by("number"))


def make_seed(campaign: Campaign, day: date) -> DaySeed:
    """One day's draw, with a secret and a public value that everybody knows."""
    made, _is_new = DaySeed.objects.get_or_create(
        campaign=campaign,
        date=day,
        defaults={
            "s": hashlib.sha256(f"secret {day}".encode()).digest(),
            "v": f"public {day}",
            "made_at": arrival.midnight_after(day) + timedelta(minutes=10),
        },
    )
    return made


def draw_really(campaign: Campaign, *days: date) -> None:
    """The draw of these days, the first ones of the campaign, bound before its opening; nobody's secret is known."""
    commit_draw(
        campaign=campaign, public_source="the lottery", length=200, at=campaign.opens_at - timedelta(days=1)
    )
    for day in days:
        over = arrival.midnight_after(day)
        enter_public_value(
            campaign=campaign, date=day, value=f"public {day}", entered_by=["A. One", "B. Two"], at=over
        )
        make_day_seed(campaign=campaign, date=day, at=over + timedelta(minutes=10))


def close_round(campaign: Campaign, number: int = 1) -> datetime:
    """
    Let a round be closed: its days are drawn. Runs of the reconciliation find it; its effective closing.

    Outages recorded later may move it: then it is closed again.
    """
    planned = plan_rounds(campaign)[number - 1]
    policy = campaign.policy
    outages = [
        arrival.Outage(start=start, end=end, district=district)
        for start, end, district in Outage.objects.filter(campaign=campaign).values_list(
            "started_at", "end__ended_at", "district_id"
        )
    ]
    intervals = {
        district: arrival.intervals_for(
            district=district,
            outages=outages,
            opens_at=campaign.opens_at,
            grain=policy.grain,
            has_opening_interval=policy.opening_interval,
        )
        for district in (BOSTANDYK, MEDEU)
    }
    closing = arrival.effective_closing(planned.closes_at, intervals_by_district=intervals)
    assert closing is not None, "an outage goes on: no round closes"
    for day in needed_days(campaign.opens_at, closing):
        make_seed(campaign, day)
    return closing


def check(
    application: UUID,
    *,
    relation: bool | None = True,
    address: bool | None = True,
    found: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> None:
    """Somebody looked at what an application states: True, it is so; None, nobody looked."""
    for subject, agrees in (("relation", relation), ("address", address)):
        if agrees is not None:
            Check.objects.create(
                id=uuid4(),
                campaign=Campaign.objects.get(),
                application_id=application,
                subject=subject,
                agrees=agrees,
                found=dict(found) if found and subject == "address" else None,
                basis="a document seen",
                checked_at=at or OPENING,
            )


def check_all(campaign: Campaign) -> None:
    """Everything that all applications on the lists state was looked at, and is so."""
    done = set(Check.objects.values_list("application_id", flat=True))
    ids = RosterEntry.objects.filter(campaign=campaign).values_list("application_id", flat=True)
    for id_ in set(ids) - done:
        check(id_)


def official(email: str = "saule@example.kz") -> Account:
    """Somebody who may sign."""
    return parent(email)


def confirm(
    campaign: Campaign,
    *,
    districts: Sequence[str] = (BOSTANDYK, MEDEU),
    at: datetime | None = None,
) -> list[Confirmation]:
    """Facts as `confirm_round` leaves them: every place that is neither held nor confirmed is given."""
    state = RosterState.objects.get(campaign=campaign)
    assert state.round is not None
    assert state.closing_at is not None
    made = []
    for district in districts:
        confirmation = Confirmation.objects.create(
            id=uuid4(),
            campaign=campaign,
            round=state.round,
            district_id=district,
            way="watermark",
            facts_sha256=bytes(state.facts_sha256),
            roster_sha256=bytes(32),
            closing_at=state.closing_at,
            round_facts=state.round_facts,
            official=official(),
            confirmed_at=at or state.closing_at + timedelta(hours=8),
        )
        ConfirmedPlace.objects.bulk_create(
            ConfirmedPlace(
                confirmation=confirmation,
                intake_id=row.intake_id,
                slot=row.slot,
                child_key=row.child_key,
                application_id=row.application_id,
            )
            for row in RosterEntry.objects.filter(
                campaign=campaign, district=district, slot__isnull=False, is_held=False, is_confirmed=False
            )
        )
        made.append(confirmation)
    return made


def decided(campaign: Campaign, number: int = 1) -> datetime:
    """A round from its closing to its confirmation, everything checked; when it was confirmed."""
    closing = close_round(campaign, number)
    reconcile(campaign=campaign, at=closing)
    check_all(campaign)
    reconcile(campaign=campaign, at=closing)
    confirm(campaign)
    reconcile(campaign=campaign, at=closing + timedelta(hours=8))
    return closing + timedelta(hours=8)


def without_ids(value: object) -> object:
    """A struct as plain data, to compare contents."""
    return msgspec.to_builtins(value)
