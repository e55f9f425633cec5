"""Officials' accounts: made and taken back by the operator, never by sign-up."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import Account, District, Region, Role, Scope
from schools.rules import Refusal
from schools.second_factor import seal_secret


class ScopeNotNamed(Refusal):
    message = _("Name one district or one region.")


class ParentsAccount(Refusal):
    message = _("%(email)s is a family's account; officials use an address of their own.")


@dataclass(frozen=True, slots=True)
class AddedOfficial:
    """An official's account, and the password to hand over once."""

    account: Account
    password: str


@transaction.atomic
def add_official(
    *,
    email: str,
    full_name: str,
    at: datetime,
    district: District | None = None,
    region: Region | None = None,
    password: str | None = None,
    totp_secret: str | None = None,
    is_staff: bool = False,
) -> AddedOfficial:
    """
    Make an official of one district or region, or reset one that is there: the same call twice is safe.

    A scope is added to those the account has. A reset takes the second factor back unless
    `totp_secret` brings one, so that the official sets it up anew at the next sign-in.

    :param password: None makes a random one
    :param totp_secret: Base32, for the demonstration; None lets the official scan one
    :raises ScopeNotNamed: neither a district nor a region, or both
    :raises ParentsAccount: the address belongs to an account that has sent applications
    """
    if (district is None) == (region is None):
        raise ScopeNotNamed
    password = password or _readable_password()
    account = Account.objects.select_for_update().filter(email__iexact=email.strip()).first()
    if account is None:
        account = Account(email=email.strip().lower(), joined_at=at)
    elif not account.scopes.exists() and not account.is_staff:
        raise ParentsAccount(email=email)
    account.full_name, account.is_active = full_name, True
    account.is_staff = account.is_staff or is_staff
    account.set_password(password)
    account.save()
    role = Role.DISTRICT_OFFICIAL if district is not None else Role.REGION_OFFICIAL
    Scope.objects.get_or_create(account=account, role=role, district=district, region=region)
    Authenticator.objects.filter(user=account).delete()
    if totp_secret is not None:
        base64.b32decode(totp_secret)  # a secret that no app can take is an error here, not at the sign-in
        Authenticator.objects.create(
            user=account, type=Authenticator.Type.TOTP, data={"secret": seal_secret(totp_secret)}
        )
    return AddedOfficial(account=account, password=password)


def _readable_password() -> str:
    """Sixteen symbols that cannot be mistaken for each other on paper: about 79 bits."""
    symbols = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(16))
    return "-".join(symbols[start : start + 4] for start in range(0, 16, 4))
