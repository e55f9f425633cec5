"""Everything that is sent to us is UTF-8, whatever the sender calls it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

_CHARSET = re.compile(r";\s*charset\*?\d*\*?\s*=[^;]*", re.IGNORECASE)

Application = Callable[..., Iterable[bytes]]


def as_utf8(application: Application) -> Application:
    """
    The same WSGI application, that never sees the `charset` of a request.

    Django decodes addresses and forms by it, and it may be any codec of Python: `raw_unicode_escape`
    makes lone surrogates that no table can store, `base64` no text at all, before any middleware runs.
    """

    def serve(environ: dict[str, Any], *rest: Any) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = _CHARSET.sub("", environ.get("CONTENT_TYPE") or "")
        return application(environ, *rest)

    return serve
