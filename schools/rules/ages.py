"""Who may enter first grade: children who turn six within the calendar year."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from schools.rules.policy import Policy
from schools.rules.refusals import Refusal


class TooYoung(Refusal):
    message = _("First grade of %(year)s takes children who turn %(years)s in %(year)s or earlier.")


class OnlyByWish(Refusal):
    message = _(
        "The child turns %(years)s after the school year has begun. If you wish the child to start this year, tick it."
    )


class TooOld(Refusal):
    message = _("The child turns more than %(years)s in %(year)s. Check the birth date.")


def age_refusal(birth_date: date, year: int, policy: Policy, *, wish: bool) -> Refusal | None:
    """
    Why the age stands against first grade in `year`, or None.

    :param wish: the parents wish a child to start that turns six after 1 September
    """
    turns = year - birth_date.year
    if turns < policy.turns_years:
        return TooYoung(year=year, years=policy.turns_years)
    if turns > policy.turns_years_max:
        return TooOld(year=year, years=policy.turns_years_max)
    is_late = turns == policy.turns_years and (birth_date.month, birth_date.day) > policy.age_wish_after
    if is_late and not wish:
        return OnlyByWish(years=policy.turns_years)
    return None
