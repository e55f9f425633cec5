"""A confirmed place taken back for fraud: the one way in which a family loses one."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Account, Annulment, ConfirmedPlace
from schools.rules import Refusal

from .signing import check_scope, check_two, checked_reason


class NotConfirmed(Refusal):
    message = _("This place was never confirmed: there is nothing to take back.")


@transaction.atomic
def annul_place(
    *,
    place: ConfirmedPlace,
    official: Account,
    second_official: Account,
    reason: str,
    at: datetime,
) -> Annulment:
    """
    Take a confirmed place back for fraud. It can be appealed; the family is told so with the reason.

    Annulling twice is annulling once: the first one stands with its names.

    :raises NotYours: the district is not in an official's scope
    :raises OneOfficial: both signatures are of one person
    :raises NoReason: the reason is not said in words
    """
    district = place.confirmation.district
    check_scope(official=official, district=district)
    check_scope(official=second_official, district=district)
    check_two(official=official, second_official=second_official)
    reason = checked_reason(reason)
    # A fact cannot be locked by changing it, but its row can: two pairs of officials meet here.
    ConfirmedPlace.objects.select_for_update(of=("self",)).get(pk=place.pk)
    first = Annulment.objects.filter(place=place).first()
    return first or Annulment.objects.create(
        id=uuid4(),
        place=place,
        reason=reason,
        official=official,
        second_official=second_official,
        annulled_at=at,
    )
