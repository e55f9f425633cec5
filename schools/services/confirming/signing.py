"""Who may sign what: an official of that district, with a reason, and two who are two."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from schools.models import Account, District
from schools.rules import Refusal
from schools.selectors.visibility import visible_to

REASON_LETTERS: Final = 10
"""A reason is a sentence that somebody else can check."""


class NotYours(Refusal):
    message = _("%(official)s does not answer for %(district)s.")


class OneOfficial(Refusal):
    message = _("Two different officials are needed: %(official)s cannot be both.")


class NoReason(Refusal):
    message = _("Write the reason in words: it is kept with your name.")


def check_scope(*, official: Account, district: District) -> None:
    """:raises NotYours: the district is in none of the official's scopes"""
    if district.kato not in visible_to(account=official).districts_katos:
        raise NotYours(official=str(official), district=str(district))


def check_two(*, official: Account, second_official: Account) -> None:
    """
    A person with two accounts is one person.

    :raises OneOfficial: the same account, the same name, or the same telephone
    """
    names = {" ".join(one.full_name.casefold().split()) for one in (official, second_official)}
    phones = {"".join(filter(str.isdigit, one.phone)) for one in (official, second_official)}
    if official.pk == second_official.pk or _is_one(names) or _is_one(phones):
        raise OneOfficial(official=str(second_official))


def _is_one(values: set[str]) -> bool:
    return len(values) == 1 and values != {""}


def checked_reason(reason: str) -> str:
    """
    The reason as it is kept.

    :raises NoReason: fewer than `REASON_LETTERS` letters
    """
    words = " ".join(reason.split())
    if sum(letter.isalpha() for letter in words) < REASON_LETTERS:
        raise NoReason
    return words
