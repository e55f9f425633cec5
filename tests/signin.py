"""The sign-in process for tests: its settings on top of the test settings."""

from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

_NAMES = (
    "ACCOUNT_LOGIN_BY_CODE_ENABLED",
    "ACCOUNT_LOGIN_BY_CODE_TIMEOUT",
    "ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS",
    "ACCOUNT_ADAPTER",
    "ACCOUNT_FORMS",
    "LOGIN_URL",
    "LOGIN_REDIRECT_URL",
)


@pytest.fixture
def signin_settings(settings: Any) -> ModuleType:
    """Settings of the sign-in process that the shared test settings do not have."""
    from config.settings import signin

    for name in _NAMES:
        setattr(settings, name, getattr(signin, name))
    # Limits count in the shared cache; a test starts with none of them used up.
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }
    return signin
