"""Sign-in and sign-out; these doors stand in the sign-in process only."""

from typing import Any

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.views import ConfirmLoginCodeView, LogoutView, RequestLoginCodeView
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.generic import RedirectView

from enrollment import services
from enrollment.adapter import ParentAdapter
from enrollment.passes import ParentRequest
from enrollment.signin_forms import ConfirmCodeForm, RequestCodeForm
from schools import clock


class RequestCode(RequestLoginCodeView):  # type: ignore[misc]
    """
    Mails a code to any address and answers the same words whether it has an account or not.

    Nothing of an unknown address is stored but in its own session, until the code comes back.
    """

    form_class = RequestCodeForm

    def dispatch(self, request: ParentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.account_id is not None:
            return HttpResponseRedirect(self.get_next_url() or f"/{get_language() or 'kk'}/")
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: RequestCodeForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        process = LoginCodeVerificationProcess.initiate(request=self.request, user=form._user, email=email)
        if form._user is None:
            code = process.generate_code()
            process.persist()
            context = {"request": self.request, "code": code}
            ParentAdapter(self.request).send_mail("account/email/login_code", email, context)
        return HttpResponseRedirect(str(self.get_success_url()))


class ConfirmCode(ConfirmLoginCodeView):  # type: ignore[misc]
    """Takes the code; opens the account of an address that had none."""

    form_class = ConfirmCodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "email": self._process.state.get("email")}

    def _verify_form_valid(self, form: ConfirmCodeForm) -> HttpResponse:
        process = self._process
        if process.user is None:
            account = services.open_account(
                email=process.state["email"], language=get_language() or "kk", at=clock.now()
            )
            process.state["user_id"] = user_id_to_str(account)
        response: HttpResponse = super()._verify_form_valid(form)
        return response


class SignOut(LogoutView):  # type: ignore[misc]
    """Takes the pass back; there is no session to end."""

    def get(self, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Leaving is pressed, never followed: a link in a mail must not sign anybody out."""
        return HttpResponseRedirect(f"/{get_language() or 'kk'}/")

    def post(self, request: ParentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.is_pass_ended = True
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class ToSignIn(RedirectView):
    """allauth's other entrances lead to the one there is."""

    def get_redirect_url(self, *_args: Any, **_kwargs: Any) -> str:
        return reverse("account_request_login_code")
