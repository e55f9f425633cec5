"""How django-allauth signs officials in: password, then a code of an authenticator app, no way around."""

import base64
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Final

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import cache
from django.forms import CharField, Form
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_USED_FOR: Final = 120
"""Seconds in which a code that was used is remembered: longer than any code is valid."""


def _box() -> Fernet:
    key = sha256(b"qabyldau/second-factor\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal_secret(secret: str) -> str:
    """A shared secret as it is stored: who reads the table alone cannot make codes."""
    return _box().encrypt(secret.encode()).decode()


def open_secret(sealed: str) -> str:
    """:raises cryptography.fernet.InvalidToken: sealed under another key"""
    return _box().decrypt(sealed.encode()).decode()


class OfficialsAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up here; the words are ours."""

    error_messages: ClassVar[dict[str, "StrOrPromise"]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail or the password is wrong."),
        "too_many_login_attempts": _("Too many attempts. Try again in five minutes."),
        "rate_limited": _("Too many attempts. Try again in five minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def add_message(self, *_args: Any, **_kwargs: Any) -> None:
        """allauth's own remarks ("signed in as …") are left unsaid: the next page shows it."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Codes of an authenticator app, required of every official."""

    error_messages: ClassVar[dict[str, "StrOrPromise"]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is wrong or was used already. Wait for the next one."),
    }

    def encrypt(self, text: str) -> str:
        return seal_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(encrypted_text)

    def build_totp_svg(self, url: str) -> str:
        image = BytesIO()
        segno.make(url, error="m").save(image, kind="svg", scale=6, border=3, light="#fff", xmldecl=False)
        return image.getvalue().decode()


class SignInForm(LoginForm):  # type: ignore[misc]
    """E-mail and password; where somebody is remembered is not asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self, "login", _("E-mail"))
        _name(self, "password", _("Password"))


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The second step of a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        # allauth remembers a used code for one step; with one step of tolerance it lives three.
        if not cache.add(f"schools.code.{self.user.pk}.{code}", 1, _USED_FOR):
            raise SecondFactorAdapter().validation_error("incorrect_code")
        return code


class SetUpForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self)


def _ask_for_code(form: Form) -> None:
    _name(form, "code", _("Code"), _("Six digits from the authenticator app."))
    form.fields["code"].widget.attrs.update({"inputmode": "numeric", "class": "code", "maxlength": "8"})


def _name(form: Form, name: str, label: "StrOrPromise", hint: "StrOrPromise" = "") -> None:
    field = form.fields[name]
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)
    if isinstance(field, CharField):
        field.widget.attrs.setdefault("autocomplete", "off")
