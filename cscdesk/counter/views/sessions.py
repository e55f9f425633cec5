"""Sign-in and sign-out of clerks."""

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cscdesk.counter.forms import SignInForm
from cscdesk.counter.models import Clerk
from cscdesk.counter.signing_in import clerk_signing_in
from schools import clock
from schools.rules import Refusal


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Code and password of a clerk of this counter."""
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            clerk = clerk_signing_in(
                code=form.cleaned_data["code"], password=form.cleaned_data["password"], at=clock.now()
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            login(request, clerk, backend="django.contrib.auth.backends.ModelBackend")
            return redirect(_next(request))
    is_without_clerks = not Clerk.objects.filter(is_active=True).exists()
    return render(request, "counter/sign_in.html", {"form": form, "is_without_clerks": is_without_clerks})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; the desk stays open, it is not the clerk's."""
    logout(request)
    return redirect("counter:sign_in")


def clerk_of(request: HttpRequest) -> Clerk:
    """Who is signed in; every page but sign-in has one."""
    clerk = request.user
    if not isinstance(clerk, Clerk):
        raise TypeError("a page without a clerk")
    return clerk


def _next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    is_own = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if is_own and wanted.startswith("/") else reverse("counter:desk")
