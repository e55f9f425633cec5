"""
Who is asking: a signed cookie with the account, its language and an expiry; nothing is read from a table.

The sign-in process issues it after a login and takes it back on sign-out; the portal only reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language

from schools import clock

LIFETIME: Final = timedelta(hours=12)
_SALT: Final = "enrollment.pass"


@dataclass(frozen=True, slots=True)
class Pass:
    """A signed-in parent."""

    account_id: int
    language: str
    expires_at: datetime


class ParentRequest(HttpRequest):
    """A request behind `PassMiddleware`."""

    parent: Pass | None
    account_id: int | None
    issued: Pass | None
    """Set by the sign-in process: the pass to hand out with the response."""
    is_pass_ended: bool
    """Set by the sign-in process: the pass to take back with the response."""


def cookie_name() -> str:
    return "__Secure-qabyldau_parent" if settings.SECURE else "qabyldau_parent"


def new_pass(*, account_id: int, language: str, at: datetime) -> Pass:
    """A pass for the next twelve hours."""
    return Pass(account_id=account_id, language=language, expires_at=(at + LIFETIME).replace(microsecond=0))


def sealed(holder: Pass) -> str:
    """The cookie's value."""
    return Signer(salt=_SALT).sign_object(
        [holder.account_id, holder.language, int(holder.expires_at.timestamp())]
    )


def opened(value: str | None, *, at: datetime) -> Pass | None:
    """The pass in a cookie's value; None when it is not ours, was changed, or has run out."""
    if not value:
        return None
    try:
        account_id, language, expires = Signer(salt=_SALT).unsign_object(value)
        holder = Pass(int(account_id), str(language), datetime.fromtimestamp(expires, UTC))
    except (BadSignature, ValueError, TypeError, OverflowError):
        return None
    return holder if at < holder.expires_at else None


class PassMiddleware:
    """Sets `request.parent` and `request.account_id` from the cookie alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: ParentRequest) -> HttpResponse:
        name = cookie_name()
        request.parent = opened(request.COOKIES.get(name), at=clock.now())
        request.account_id = request.parent.account_id if request.parent else None
        request.issued, request.is_pass_ended = None, False
        response = self.get_response(request)
        if request.issued is not None:
            response.set_cookie(
                name,
                sealed(request.issued),
                max_age=int(LIFETIME.total_seconds()),
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
        elif request.is_pass_ended:
            response.delete_cookie(name, samesite="Lax")
        return response


def sign_in_url(*, back_to: str = "") -> str:
    """Address of the sign-in process, which has its own address book."""
    query = f"?{urlencode({'next': back_to})}" if back_to else ""
    return f"/{get_language() or 'kk'}/account/{query}"


def parents_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """
    Give the view the account's id as its second argument; send everybody else to the sign-in.

    What such a page shows belongs to one person: no cache may keep it.
    """

    @wraps(view)
    def for_parents(request: ParentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse
        if request.account_id is None:
            back_to = request.get_full_path() if request.method == "GET" else f"/{get_language()}/"
            response = HttpResponseRedirect(sign_in_url(back_to=back_to))
        else:
            response = view(request, request.account_id, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["Cookie"])
        return response

    return for_parents
