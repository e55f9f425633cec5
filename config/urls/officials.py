"""Addresses of the officials process; `/api/v1/` will stand beside them."""

from allauth.account.views import login, logout
from allauth.mfa.base.views import authenticate
from allauth.mfa.totp.views import activate_totp
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# Only what is used of allauth: no sign-up, no reset by mail, no way to take the second factor off.
account = [
    path("login/", login, name="account_login"),
    path("logout/", logout, name="account_logout"),
    path("code/", authenticate, name="mfa_authenticate"),
    path("code/setup/", activate_totp, name="mfa_activate_totp"),
    # Where allauth goes when there is nothing left to set up.
    path("code/done/", RedirectView.as_view(pattern_name="officials:start"), name="mfa_index"),
    path("code/change/", RedirectView.as_view(pattern_name="officials:start"), name="mfa_deactivate_totp"),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    *i18n_patterns(
        path("officials/account/", include(account)),
        path("officials/", include("schools.urls_officials")),
        path("officials/", include("enrollment.urls_officials")),
    ),
]
