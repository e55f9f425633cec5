"""The officials' process lets nobody by who is not an official with a second factor."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import ResolverMatch, reverse
from django.utils.cache import patch_cache_control

from schools.models import Account
from schools.selectors.visibility import Visible, visible_to

OPEN: Final = frozenset({"account_login", "account_logout", "mfa_authenticate"})
"""Views before the sign-in is complete. Everything else is closed unless opened here."""
SET_UP: Final = frozenset({"officials:password", "mfa_activate_totp"})
"""Views of an official who has no second factor yet."""
PASSWORD_CHOSEN: Final = "officials_password_chosen"  # noqa: S105 - names a flag
"""Session key: the one-time password was replaced in this session."""


class OfficialRequest(HttpRequest):
    """A request that `OfficialsOnlyMiddleware` let by."""

    user: Account
    visible: Visible


class OfficialsOnlyMiddleware:
    """
    Closed unless opened: a view that is added later is closed too.

    An account without a scope is signed out with a page that says why; staff without a
    scope get the administration only; without a second factor there is nothing but its
    setup. Scopes are read at every request, so that one taken back ends at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Names of children: no cache may keep them, not even the browser's own.
        patch_cache_control(response, private=True, no_store=True)
        return response

    def process_view(
        self, request: OfficialRequest, _view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """:raises Http404: the administration, asked for by somebody who is not staff"""
        match = request.resolver_match
        if match is None or match.view_name in OPEN:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(
                request.get_full_path() if request.method == "GET" else reverse("officials:start"),
                reverse("account_login"),
            )
        request.visible = visible_to(account=request.user)
        if not request.visible and not request.user.is_staff:
            logout(request)
            return render(request, "officials/not_an_official.html", status=403)
        if not Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).exists():
            return _set_up(request, match.view_name)
        return _part(request, match)


def _set_up(request: OfficialRequest, view_name: str) -> HttpResponse | None:
    """An own password first, then the second factor, and nothing else."""
    request.visible = Visible(frozenset())
    wanted = "mfa_activate_totp" if request.session.get(PASSWORD_CHOSEN) else "officials:password"
    return None if view_name == wanted else HttpResponseRedirect(reverse(wanted))


def _part(request: OfficialRequest, match: ResolverMatch) -> HttpResponse | None:
    """
    Which of the two parts of this process the account may enter.

    :raises Http404: the administration, asked for by somebody who is not staff
    :raises BadRequest: the administration, asked with a text that PostgreSQL cannot compare with anything
    """
    if match.view_name in SET_UP:
        return HttpResponseRedirect(reverse("officials:start"))
    if "admin" in match.namespaces and not request.user.is_staff:
        raise Http404
    if "admin" in match.namespaces and _has_nul(request):
        raise BadRequest("NUL is no text")
    if not request.visible and {"officials", "officials_applications"} & set(match.namespaces):
        return HttpResponseRedirect(reverse("admin:index"))
    return None


def _has_nul(request: HttpRequest) -> bool:
    typed = [
        text for query in (request.GET, request.POST) for _name, texts in query.lists() for text in texts
    ]
    return any("\x00" in text for text in [request.path, *map(str, typed)])
