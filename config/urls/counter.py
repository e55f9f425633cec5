"""Addresses of the counter process."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

handler500 = "cscdesk.counter.views.faults.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", login_not_required(RedirectView.as_view(url="/kk/"))),
    *i18n_patterns(path("", include("cscdesk.counter.urls"))),
]
