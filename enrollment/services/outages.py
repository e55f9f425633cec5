"""Recording when a door did not work; families must not lose a minute by it (docs/reference/rule.md, "Moment")."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from enrollment.models import Outage, OutageEnd
from schools.models import Campaign, District
from schools.rules import Refusal

PROBE: Final = "probe"
"""Who records an outage that was measured from outside; otherwise two officials do."""


class NotByTwo(Refusal):
    message = _("An outage is recorded by the probe or by two different officials, with a reason.")


class NoSuchDistrict(Refusal):
    message = _("There is no district with the code %(district)s.")


class NoSuchOutage(Refusal):
    message = _("There is no such outage.")


class AlreadyEnded(Refusal):
    message = _("This outage is already recorded as ended.")


class EndsBeforeItStarts(Refusal):
    message = _("An outage cannot end before it starts.")


class InTheFuture(Refusal):
    message = _("Only what has happened is recorded: this time lies in the future.")


@transaction.atomic
def open_outage(
    *,
    campaign: Campaign,
    started_at: datetime,
    reason: str,
    recorded_by: Sequence[str],
    district: str | None,
    at: datetime,
) -> Outage:
    """
    Record that families could not get through from `started_at` on; nothing deletes it.

    :param district: KATO code of the only district it counts for; None: the portal, the whole country
    :raises NotByTwo: neither the probe nor two different people, or no reason
    :raises NoSuchDistrict: no district has this code
    :raises InTheFuture: it has not started yet
    """
    people = {name.strip() for name in recorded_by if name.strip()}
    if not reason.strip() or (people != {PROBE} and len(people - {PROBE}) < 2):
        raise NotByTwo
    if district is not None and not District.objects.filter(kato=district).exists():
        raise NoSuchDistrict(district=district)
    if started_at > at:
        raise InTheFuture
    return Outage.objects.create(
        id=uuid4(),
        campaign=campaign,
        district_id=district,
        started_at=started_at,
        reason=reason.strip(),
        recorded_at=at,
        recorded_by=sorted(people),
    )


def close_outage(*, outage_id: UUID, ended_at: datetime, at: datetime) -> OutageEnd:
    """
    Record when an outage ended; an end is recorded once.

    :raises NoSuchOutage: there is none with this id
    :raises EndsBeforeItStarts: it ended before or when it started
    :raises InTheFuture: it has not ended yet
    :raises AlreadyEnded: its end is recorded
    """
    outage = Outage.objects.filter(id=outage_id).first()
    if outage is None:
        raise NoSuchOutage
    if ended_at <= outage.started_at:
        raise EndsBeforeItStarts
    if ended_at > at:
        raise InTheFuture
    try:
        with transaction.atomic():
            return OutageEnd.objects.create(outage=outage, ended_at=ended_at, recorded_at=at)
    except IntegrityError:
        raise AlreadyEnded from None
