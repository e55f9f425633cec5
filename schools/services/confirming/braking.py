"""The brake stopped a run; an official looks, and lets the roster stand."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Account, Acknowledgement, Campaign, Case, District
from schools.rules import Refusal

from .signing import check_scope, checked_reason


class NotStopped(Refusal):
    message = _("The brake is not on in this district.")


class CandidateChanged(Refusal):
    message = _("More has arrived since you looked: the list that waits is another one. Look again.")


@transaction.atomic
def acknowledge(
    *, campaign: Campaign, district: District, official: Account, reason: str, seen_sha256: str, at: datetime
) -> Acknowledgement:
    """
    Let the stopped roster of a district stand: it is what the next run is compared with.

    :param seen_sha256: of the candidate that the official looked at (`candidate_sha256`, hex)
    :raises NotYours: the district is not in the official's scope
    :raises NoReason: the reason is not said in words
    :raises NotStopped: the brake is not on
    :raises CandidateChanged: another roster waits by now
    """
    check_scope(official=official, district=district)
    reason = checked_reason(reason)
    # A double press waits at the case's row and finds the first one's fact.
    case = (
        Case.objects.select_for_update()
        .filter(campaign=campaign, kind=Case.Kind.BRAKE, subject=district.kato, closed_at=None)
        .first()
    )
    if case is None:
        raise NotStopped
    places = case.detail["places"]
    if candidate_sha256(places) != seen_sha256:
        raise CandidateChanged
    first = Acknowledgement.objects.filter(
        campaign=campaign, district=district, acknowledged_at__gte=case.opened_at, places=places
    ).first()
    return first or Acknowledgement.objects.create(
        id=uuid4(),
        campaign=campaign,
        district=district,
        places=places,
        reason=reason,
        official=official,
        acknowledged_at=at,
    )


def candidate_sha256(places: Mapping[str, str]) -> str:
    """Names one candidate roster of the brake: the choice by child key, hex."""
    text = json.dumps(places, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
