"""How django-allauth signs parents in: a code to any address, a pass when the code comes back."""

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enrollment import passes
from enrollment.passes import ParentRequest
from schools import clock
from schools.models import Account


class ParentAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Turns a login into a pass and a sign-out into its end."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("This is not the code we sent. Look at the latest e-mail."),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes, then ask for a new code."),
        "rate_limited": _("Too many attempts. Wait a few minutes, then ask for a new code."),
    }

    def generate_login_code(self) -> str:
        """Six digits: five tries and ten minutes are all a guesser has."""
        return f"{secrets.randbelow(1_000_000):06}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # Whether an address has an account is nobody's business: every address gets the code, nothing else.
        if template_prefix != "account/email/unknown_account":
            super().send_mail(template_prefix, email, context)

    def get_login_redirect_url(self, request: ParentRequest) -> str:  # noqa: ARG002
        return f"/{get_language() or 'kk'}/"

    def get_logout_redirect_url(self, request: ParentRequest) -> str:  # noqa: ARG002
        return f"/{get_language() or 'kk'}/"

    def login(self, request: ParentRequest, user: Account) -> None:
        """
        Hand out a pass instead of opening a session.

        Officials sign in elsewhere with more than a code, and sessions share one table: none of
        this process may ever say that somebody is signed in.
        """
        request.session.flush()
        request.issued = passes.new_pass(
            account_id=user.pk, language=get_language() or user.language, at=clock.now()
        )

    def post_login(self, request: ParentRequest, user: Account, **login: Any) -> HttpResponse:
        Account.objects.filter(pk=user.pk).update(language=get_language() or "kk")
        response: HttpResponse = super().post_login(request, user, **login)
        return response
