"""
Law 2: facts are never changed or deleted.

A model that is a fact carries the trigger `append_only()`; `manage.py grant_app_role`
then leaves the application's database role nothing but SELECT and INSERT on its table.
"""

from collections.abc import Iterator

import pgtrigger
from django.apps import apps
from django.db.models import Model

TRIGGER = "append_only"


def append_only() -> pgtrigger.Protect:
    """The trigger for `Meta.triggers` of a fact: no UPDATE, no DELETE, whoever asks."""
    return pgtrigger.Protect(name=TRIGGER, operation=pgtrigger.Update | pgtrigger.Delete)


def fact_models() -> Iterator[type[Model]]:
    """Every model whose rows are facts."""
    for model in apps.get_models():
        if any(trigger.name == TRIGGER for trigger in getattr(model._meta, "triggers", ())):
            yield model
