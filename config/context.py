"""What every page is given."""

from django.conf import settings
from django.http import HttpRequest


def demo(_request: HttpRequest) -> dict[str, object]:
    """`demo`: whether pages must say that this is a demonstration."""
    return {"demo": settings.DEMO}
