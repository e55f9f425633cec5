"""Addresses of the parents' portal: every page below its language, Kazakh first."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/kk/")),
    # People type the country's code for the language's.
    path("kz", RedirectView.as_view(url="/kk/")),
    re_path(r"^kz/(?P<rest>.*)$", RedirectView.as_view(url="/kk/%(rest)s", query_string=True)),
    *i18n_patterns(path("", include("enrollment.urls"))),
]
