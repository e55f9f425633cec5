"""Accounts of parents: opened when somebody proves that an address is theirs."""

from datetime import datetime

from django.db import transaction

from schools.models import Account


@transaction.atomic
def open_account(*, email: str, language: str, at: datetime) -> Account:
    """The account of an address whose owner has just read our mail; the first one wins a race."""
    account, _is_new = Account.objects.get_or_create(
        email=email.strip().lower(),
        defaults={"language": language, "joined_at": at, "password": "!"},
    )
    return account
