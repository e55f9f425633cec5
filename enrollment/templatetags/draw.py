"""Filters of the draw's pages."""

from django import template

register = template.Library()


@register.filter(name="hex")
def hexadecimal(value: bytes | memoryview) -> str:
    """Bytes as lower-case hexadecimal digits."""
    return bytes(value).hex()
