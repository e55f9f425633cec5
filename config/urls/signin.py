"""Addresses of the sign-in process; allauth's names where allauth looks them up."""

from allauth.account.views import account_inactive
from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, path

from enrollment.views.signin import ConfirmCode, RequestCode, SignOut, ToSignIn

urlpatterns: list[URLPattern | URLResolver] = i18n_patterns(
    path("account/", RequestCode.as_view(), name="account_request_login_code"),
    path("account/code/", ConfirmCode.as_view(), name="account_confirm_login_code"),
    path("account/sign-out/", SignOut.as_view(), name="account_logout"),
    path("account/inactive/", account_inactive, name="account_inactive"),
    path("account/login/", ToSignIn.as_view(), name="account_login"),
    path("account/signup/", ToSignIn.as_view(), name="account_signup"),
)
