"""Registration of the counter's program."""

from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "cscdesk.counter"
    label = "counter"
