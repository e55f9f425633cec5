"""Addresses of the demo director."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config.demo import views

_pages = (
    [
        path("", views.director, name="director"),
        path("phone/", views.phone, name="phone"),
        path("play/<slug:key>/", views.play, name="play"),
        path("switch/", views.switch, name="switch"),
        path("clock/", views.move_clock, name="clock"),
        path("story/", views.tell, name="story"),
    ],
    "demo",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("", RedirectView.as_view(url="/kk/")),
    *i18n_patterns(path("", include(_pages))),
]
