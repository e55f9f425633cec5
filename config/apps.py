"""The outermost floor as an app: it brings the commands that belong to no other floor."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "config"
