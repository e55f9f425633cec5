"""A dark desk's closing code, read over the telephone by its supervisor."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Account, Campaign, District, Horizon, SpokenClosing
from schools.models import School as SchoolRow
from schools.rules import Refusal

from .signing import check_scope

_HASH = re.compile(r"[0-9a-f]{8,64}")
# People type what they hear: spaces and hyphens between groups, Cyrillic letters that look or sound the same.
_HEARD_AS = str.maketrans("авбсцдеф", "abbccdef", " -\u00a0")


class UnknownDesk(Refusal):
    message = _("No desk of this campaign is known by that name.")


class NotItsDistrict(Refusal):
    message = _("%(desk)s belongs to another district: its own department takes the code.")


class MalformedCode(Refusal):
    message = _("The code has a last number of 1 or more, and at least 8 of the digits 0–9 and letters a–f.")


class NotReadYet(Refusal):
    message = _("The time on the desk's page lies in the future: read it again.")


class NobodyNamed(Refusal):
    message = _("Write who read the code.")


class UnknownSchool(Refusal):
    message = _("No school of this campaign has the BIN %(bin)s.")


@transaction.atomic
def read_closing_code(
    *,
    campaign: Campaign,
    district: District,
    door: str,
    through: datetime,
    last_seq: int,
    last_sha256: str,
    school_bins: Sequence[str],
    read_by: str,
    official: Account,
    at: datetime,
) -> SpokenClosing:
    """
    Keep what a desk's supervisor read: for this desk everything before `through` is told of.

    Schools that unsent entries name are held until these entries arrive; when they arrive and
    say otherwise, `manage.py verify` shows it. The same code told twice is kept once.

    :param through: the time on the counter's page when it was read
    :param last_sha256: the hash of the last entry, its first 8 hex digits or more; spaces are forgiven
    :param school_bins: of the schools that unsent entries name
    :raises NotYours: the district is not in the official's scope
    :raises UnknownDesk: no such desk in this campaign
    :raises NotItsDistrict: the desk belongs to another district
    :raises MalformedCode: no sequence number, or no hash
    :raises NotReadYet: `through` lies in the future
    :raises NobodyNamed: who read it is not said
    :raises UnknownSchool: a BIN that no school of the campaign has
    """
    check_scope(official=official, district=district)
    # The desk's row is the lock: a double press waits here and finds the first one's fact.
    horizon = Horizon.objects.select_for_update().filter(campaign=campaign, door=door).first()
    if horizon is None or horizon.district_id is None:
        raise UnknownDesk
    if horizon.district_id != district.kato:
        raise NotItsDistrict(desk=str(horizon))
    digits = last_sha256.casefold().translate(_HEARD_AS)
    if last_seq < 1 or not _HASH.fullmatch(digits):
        raise MalformedCode
    if through > at:
        raise NotReadYet
    reader = " ".join(read_by.split())
    if not reader:
        raise NobodyNamed
    bins = _known_schools(campaign, school_bins)
    said = {"last_seq": last_seq, "last_sha256": digits, "school_bins": bins, "through": through}
    first = SpokenClosing.objects.filter(campaign=campaign, door=door, **said).first()
    return first or SpokenClosing.objects.create(
        id=uuid4(),
        campaign=campaign,
        door=door,
        district=district,
        read_by=reader,
        official=official,
        spoken_at=at,
        **said,
    )


def _known_schools(campaign: Campaign, school_bins: Sequence[str]) -> list[str]:
    wanted = sorted(set(school_bins))
    known = set(
        SchoolRow.objects.filter(bin__in=wanted, intakes__campaign=campaign).values_list("bin", flat=True)
    )
    for bin_ in wanted:
        if bin_ not in known:
            raise UnknownSchool(bin=bin_)
    return wanted
