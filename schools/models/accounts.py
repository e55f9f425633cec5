"""Who signs in: parents by e-mail code, officials with a scope."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .places import District, Region


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts; an address is compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        account = self.model(email=email.strip().lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Account":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(email__iexact=username)


class Account(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What it may see is in its scopes; a parent has none."""

    email = models.EmailField(_("e-mail"), unique=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    full_name = models.CharField(_("full name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=2, default="kk")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(null=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="an_address_belongs_to_one_account"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email


class Role(models.TextChoices):
    """What an official may do within a scope."""

    DISTRICT_OFFICIAL = "district", _("District education department")
    REGION_OFFICIAL = "region", _("Regional education department")


class Scope(models.Model):
    """Which part of the country an official answers for."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="scopes")
    role = models.CharField(max_length=10, choices=Role)
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role=Role.DISTRICT_OFFICIAL, district__isnull=False, region__isnull=True)
                | Q(role=Role.REGION_OFFICIAL, district__isnull=True, region__isnull=False),
                name="a_scope_is_one_district_or_one_region",
            ),
            models.UniqueConstraint(
                fields=["account", "district", "region"], nulls_distinct=False, name="a_scope_is_given_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.district or self.region)
