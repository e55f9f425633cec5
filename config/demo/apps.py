"""The demonstration as an app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The director's app; it stores nothing."""

    name = "config.demo"
    label = "demo"
