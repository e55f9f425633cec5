"""Who sits at the counter: clerks of this machine, real passwords, a wait after too many wrong ones."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from cscdesk.counter.models import Clerk
from schools.rules import Refusal

WRONG_TRIES_MAX: Final = 10
LOCKED_FOR: Final = timedelta(minutes=5)


class WrongPassword(Refusal):
    message = _("The code or the password is wrong.")


class TooManyTries(Refusal):
    message = _("Too many wrong tries. Try again in %(minutes)s min.")


def clerk_signing_in(*, code: str, password: str, at: datetime) -> Clerk:
    """
    The clerk whose password this is.

    :raises WrongPassword: whether the code or the password is wrong is not told
    :raises TooManyTries: ten wrong passwords in a row; the right one does not help before the wait is over
    """
    clerk = Clerk.objects.filter(code__iexact=code.strip(), is_active=True).first()
    if clerk is None:
        # As slow as for a known code.
        make_password(password)
        raise WrongPassword
    if clerk.locked_until and clerk.locked_until > at:
        seconds = (clerk.locked_until - at).total_seconds()
        raise TooManyTries(minutes=max(1, round(seconds / 60)))
    if check_password(password, clerk.password):
        Clerk.objects.filter(pk=clerk.pk).update(wrong_tries=0, locked_until=None)
        return clerk
    # In one statement: tries at the same time all count.
    Clerk.objects.filter(pk=clerk.pk).update(wrong_tries=F("wrong_tries") + 1)
    if Clerk.objects.filter(pk=clerk.pk, wrong_tries__gte=WRONG_TRIES_MAX).update(
        wrong_tries=0, locked_until=at + LOCKED_FOR
    ):
        raise TooManyTries(minutes=round(LOCKED_FOR.total_seconds() / 60))
    raise WrongPassword


@transaction.atomic
def save_clerk(*, code: str, full_name: str, password: str, is_supervisor: bool) -> Clerk:
    """
    Make a clerk, or give one a new name and password; ends the wait and every session of the old password.

    :raises django.core.exceptions.ValidationError: the password is too short or too common
    """
    clerk = Clerk.objects.filter(code__iexact=code.strip()).first() or Clerk(code=code.strip())
    validate_password(password, clerk)
    clerk.full_name = full_name
    clerk.is_supervisor = is_supervisor
    clerk.is_active = True
    clerk.wrong_tries = 0
    clerk.locked_until = None
    clerk.set_password(password)
    clerk.save()
    return clerk
