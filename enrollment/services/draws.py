"""The draw in public: bound before the opening, one seed a day (docs/reference/draw.md)."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from datetime import date as Date  # noqa: N812 (every function here has a parameter `date`)
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from enrollment import arrival, draw, keys
from enrollment.models import DaySeed, DrawCommitment, Outage, PublicValue
from schools.clock import ALMATY
from schools.models import Campaign, Case
from schools.rules import Refusal
from schools.rules.letters import name_key

DEMO: Final = "demo"
"""Who enters public values in a demonstration; otherwise two people do, by name."""
PATIENCE: Final = timedelta(hours=1)
"""How long a missing secret is waited for, from the entry of the day's public value."""
LONGEST_CHAIN: Final = 1_000
LONGEST_VALUE: Final = 200
KEY_CASE: Final = "K"
"""Subject of the case of a K that is not the committed one; the others are days."""


class AlreadyOpen(Refusal):
    message = _("The campaign has opened: the draw can no longer be bound.")


class AlreadyCommitted(Refusal):
    message = _("The draw is already bound to other values. They cannot be changed.")


class NoSource(Refusal):
    message = _("Name where the public value of each day comes from.")


class ChainTooShort(Refusal):
    message = _("The chain must last for every day of the campaign: from %(least)s to %(most)s days.")


class NotCommitted(Refusal):
    message = _("The draw of this campaign was not bound before the opening.")


class NotEnteredByTwo(Refusal):
    message = _("A public value is entered by two different people, by name.")


class SenselessValue(Refusal):
    message = _("A public value has 1 to %(most)s printed characters in one line.")


class DayOutside(Refusal):
    message = _("There is no draw on %(date)s: it is not a day of this campaign.")


class DayNotOver(Refusal):
    message = _("The day %(date)s is not over yet, by the clocks of Kazakhstan.")


class AlreadyEntered(Refusal):
    message = _("Another public value of %(date)s is already recorded. It cannot be changed.")


class NoPublicValue(Refusal):
    message = _("The public value of %(date)s is not entered yet.")


class EarlierDayFirst(Refusal):
    message = _("The seed of an earlier day is not made yet: %(date)s.")


class DayNotSettled(Refusal):
    message = _("An outage reaches over the end of %(date)s: the seed is made after it.")


class SecretDoesNotMatch(Refusal):
    message = _("The secret %(name)s is missing, or is not the one that was bound before the opening.")


@transaction.atomic
def commit_draw(*, campaign: Campaign, public_source: str, length: int, at: datetime) -> DrawCommitment:
    """
    Bind the draw to K and to the chain of daily secrets, before the opening; both stay secret.

    Again with the same values it finds the first commitment.

    :param public_source: where each day's public value comes from, for everybody to read
    :param length: days the chain lasts for, at least to the campaign's last day
    :raises AlreadyOpen: too late
    :raises NoSource: no source named
    :raises ChainTooShort: fewer days than the campaign has, or more than 1,000
    :raises AlreadyCommitted: bound to other values
    :raises ImproperlyConfigured: K or the chain's secret is not set
    """
    source = " ".join(public_source.split())
    if not source:
        raise NoSource
    least = (
        draw.chain_index(date=campaign.closes_at.astimezone(ALMATY).date(), opens_at=campaign.opens_at) + 1
    )
    if not least <= length <= LONGEST_CHAIN:
        raise ChainTooShort(least=least, most=LONGEST_CHAIN)
    wanted = {
        "key_sha256": hashlib.sha256(keys.draw_key()).digest(),
        "chain_end": draw.hash_chain(secret=keys.draw_chain_secret(), length=length)[0],
        "chain_length": length,
        "public_source": source,
    }
    bound = DrawCommitment.objects.filter(campaign=campaign).first()
    if bound is None:
        if at >= campaign.opens_at:
            raise AlreadyOpen
        bound, _is_new = DrawCommitment.objects.get_or_create(
            campaign=campaign, defaults={**wanted, "committed_at": at}
        )
    if wanted != {
        "key_sha256": bytes(bound.key_sha256),
        "chain_end": bytes(bound.chain_end),
        "chain_length": bound.chain_length,
        "public_source": bound.public_source,
    }:
        raise AlreadyCommitted
    return bound


def enter_public_value(
    *, campaign: Campaign, date: Date, value: str, entered_by: Sequence[str], at: datetime
) -> PublicValue:
    """
    Record the public random value of a day, from the source that was named; never changed.

    Again with the same value it finds the first record.

    :param entered_by: two different people by name; or `DEMO` alone, in a demonstration
    :raises NotCommitted: the draw was not bound, so the value could be chosen
    :raises NotEnteredByTwo: one person, or none
    :raises SenselessValue: empty, too long, or with characters that nobody sees
    :raises DayOutside: no day of the campaign
    :raises DayNotOver: somebody could still arrive
    :raises AlreadyEntered: another value is recorded
    """
    commitment = _commitment_of(campaign)
    people = _people(entered_by)
    # What is shown has to be what is hashed: pages show one space where there are several.
    value = re.sub(" +", " ", unicodedata.normalize("NFC", value.strip()))
    if not 0 < len(value) <= LONGEST_VALUE or not value.isprintable():
        raise SenselessValue(most=LONGEST_VALUE)
    _require_day(commitment, date)
    if at < end_of(date):
        raise DayNotOver(date=date)
    try:
        with transaction.atomic():
            return PublicValue.objects.create(
                id=uuid4(), campaign=campaign, date=date, value=value, entered_by=people, entered_at=at
            )
    except IntegrityError:
        entered = PublicValue.objects.get(campaign=campaign, date=date)
        if entered.value != value:
            raise AlreadyEntered(date=date) from None
        return entered


def make_day_seed(*, campaign: Campaign, date: Date, at: datetime) -> DaySeed:
    """
    Show the day's secret and make its seed, once; again it finds the first.

    Days in their order only: the secret of a day tells those of all days before it. A secret
    that is missing opens a case at once; an hour after the public value was entered a public
    replacement takes its place, and the case closes. Without the committed K nothing is
    made, because no number could be: that waits for a person.

    :raises NotCommitted: nothing was bound
    :raises DayOutside: no day of the campaign
    :raises DayNotOver: somebody could still arrive
    :raises NoPublicValue: not entered
    :raises EarlierDayFirst: a day before has no seed
    :raises DayNotSettled: an outage reaches over the end of the day
    :raises SecretDoesNotMatch: K, or the chain's secret within its hour
    """
    commitment = _commitment_of(campaign)
    index = _require_day(commitment, date)
    made = {seed.date: seed for seed in DaySeed.objects.filter(campaign=campaign, date__lte=date)}
    if date in made:
        return made[date]
    if at < end_of(date):
        raise DayNotOver(date=date)
    public = PublicValue.objects.filter(campaign=campaign, date=date).first()
    if public is None:
        raise NoPublicValue(date=date)
    for days in range(index, 0, -1):
        if (earlier := date - timedelta(days=days)) not in made:
            raise EarlierDayFirst(date=earlier)
    settled = settled_at(campaign=campaign, date=date)
    if settled is None or at < settled:
        raise DayNotSettled(date=date)
    try:
        committed_key(campaign=campaign)
    except SecretDoesNotMatch:
        _open_case(campaign, subject=KEY_CASE, at=at)
        raise
    _close_case(campaign, subject=KEY_CASE, resolution="found", at=at)
    s = _committed_secret(commitment, index)
    is_replacement = s is None
    if s is None:
        _open_case(campaign, subject=date.isoformat(), at=at)
        if at < public.entered_at + PATIENCE:
            raise SecretDoesNotMatch(name="DRAW_CHAIN_SECRET")
        shown = [seed for day, seed in sorted(made.items()) if not seed.is_replacement]
        last_shown = bytes(shown[-1].s if shown else commitment.chain_end)
        s = draw.replacement_secret(date=date, last_shown=last_shown, v=public.value)
    with transaction.atomic():
        seed, _is_new = DaySeed.objects.get_or_create(
            campaign=campaign,
            date=date,
            defaults={"s": s, "v": public.value, "is_replacement": is_replacement, "made_at": at},
        )
        resolution = "replaced" if seed.is_replacement else "found"
        _close_case(campaign, subject=date.isoformat(), resolution=resolution, at=at)
    return seed


def make_due_seeds(*, at: datetime) -> int:
    """Make every seed that can be made now, day by day; how many were made."""
    count = 0
    for campaign in Campaign.objects.filter(opens_at__lte=at, draw_commitment__isnull=False):
        made = DaySeed.objects.filter(campaign=campaign).values("date")
        waiting = PublicValue.objects.filter(campaign=campaign).exclude(date__in=made)
        for date in waiting.order_by("date").values_list("date", flat=True):
            try:
                make_day_seed(campaign=campaign, date=date, at=at)
            except Refusal:
                # What is in the way stands in a case or on the draw's page, and later days wait for this one.
                break
            count += 1
    return count


def committed_key(*, campaign: Campaign) -> bytes:
    """
    K, when it is the one that was bound before the opening.

    :raises NotCommitted: nothing was bound
    :raises SecretDoesNotMatch: it is missing or another one: its numbers would be wrong
    """
    commitment = _commitment_of(campaign)
    try:
        key = keys.draw_key()
    except ImproperlyConfigured:
        raise SecretDoesNotMatch(name="DRAW_KEY") from None
    if not hmac.compare_digest(hashlib.sha256(key).digest(), bytes(commitment.key_sha256)):
        raise SecretDoesNotMatch(name="DRAW_KEY")
    return key


def _commitment_of(campaign: Campaign) -> DrawCommitment:
    commitment = DrawCommitment.objects.filter(campaign=campaign).first()
    if commitment is None:
        raise NotCommitted
    return commitment


def _people(names: Sequence[str]) -> list[str]:
    people = {name_key(name): " ".join(name.split()) for name in names}
    people.pop("", None)
    is_demo = people.pop(name_key(DEMO), None) is not None
    if is_demo and not people and settings.DEMO:
        return [DEMO]
    if len(people) < 2:
        raise NotEnteredByTwo
    return sorted(people.values())


def _require_day(commitment: DrawCommitment, date: Date) -> int:
    """The day's index in the chain. :raises DayOutside:"""
    try:
        index = draw.chain_index(date=date, opens_at=commitment.campaign.opens_at)
    except ValueError:
        raise DayOutside(date=date) from None
    if index >= commitment.chain_length:
        raise DayOutside(date=date)
    return index


def end_of(date: Date) -> datetime:
    """24:00 of a day in Kazakhstan, in UTC."""
    return arrival.end_of_day(datetime.combine(date, datetime.min.time(), ALMATY))


def settled_at(*, campaign: Campaign, date: Date) -> datetime | None:
    """From when on the day's seed may be made: 24:00, moved past intervals; None while one is open."""
    rows = Outage.objects.filter(campaign=campaign).values_list("started_at", "end__ended_at", "district_id")
    outages = [arrival.Outage(start, ended_at, district) for start, ended_at, district in rows]
    policy = campaign.policy
    return arrival.effective_closing(
        end_of(date),
        intervals_by_district={
            district: arrival.intervals_for(
                district=district,
                outages=outages,
                opens_at=campaign.opens_at,
                grain=policy.grain,
                has_opening_interval=policy.opening_interval,
            )
            for district in {o.district or "" for o in outages}
        },
    )


def _committed_secret(commitment: DrawCommitment, index: int) -> bytes | None:
    """s of the day, or None when the chain's secret is missing or another one."""
    try:
        secret = keys.draw_chain_secret()
    except ImproperlyConfigured:
        return None
    s = draw.link_of_day(secret=secret, length=commitment.chain_length, index=index)
    return s if draw.is_link(preimage=s, index=index, chain_end=bytes(commitment.chain_end)) else None


def _open_case(campaign: Campaign, *, subject: str, at: datetime) -> None:
    case, is_new = Case.objects.get_or_create(
        campaign=campaign, kind=Case.Kind.SECRET_MISSING, subject=subject, defaults={"opened_at": at}
    )
    if not is_new and case.closed_at is not None:
        Case.objects.filter(pk=case.pk).update(opened_at=at, closed_at=None, resolution="")


def _close_case(campaign: Campaign, *, subject: str, resolution: str, at: datetime) -> None:
    Case.objects.filter(
        campaign=campaign, kind=Case.Kind.SECRET_MISSING, subject=subject, closed_at__isnull=True
    ).update(closed_at=at, resolution=resolution)
