"""One signed call over HTTP, with the standard library alone."""

import http.client
import io
import secrets
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils.translation import gettext_lazy as _

from cscdesk.entry import DESK_ID, DESK_NONCE, DESK_SIGNATURE, DESK_TIME, sign_call
from schools.rules import Refusal

SILENCE_MAX_S: Final = 3.0
"""So long without a byte is a failure; a slow line that moves is none."""
WHOLE_MAX_S: Final = 20.0
"""For one whole call: an answer that drips must not keep the next heartbeat waiting."""
ANSWER_MAX: Final = 64 * 1024 * 1024
PREFIX: Final = "/api/desk/v1"


class LineFault(Refusal):
    """No answer of the centre came back; `code` says what happened, for the state line."""

    message = _("There is no line to the centre (%(what)s).")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whoever sent it."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """Where the centre is, and with which key this desk speaks."""

    url: str
    desk: UUID
    key: Ed25519PrivateKey
    silence_s: float = SILENCE_MAX_S
    whole_s: float = WHOLE_MAX_S
    language: str = "kk"

    def call(
        self,
        *,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        nonce: str | None = None,
        at: datetime,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """
        Send one call and read the whole answer; redirects are answers too, never followed.

        :param path: below `/api/desk/v1`
        :param nonce: fresh for every call; made here when left out
        :param at: information for the centre
        :raises LineFault: refused, cut, silent for three seconds, or no HTTP
        """
        place = urlsplit(self.url)
        nonce = nonce or fresh_nonce()
        full_path = f"{place.path.rstrip('/')}{PREFIX}{path}"
        sent = {
            DESK_ID: str(self.desk),
            DESK_NONCE: nonce,
            DESK_TIME: at.astimezone(UTC).isoformat(),
            DESK_SIGNATURE: sign_call(
                key=self.key,
                method=method,
                path=full_path,
                query=query,
                body=body,
                desk=self.desk,
                nonce=nonce,
            ),
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Accept-Language": self.language,
            "Connection": "close",
            **(headers or {}),
        }
        connection = self._connection(place.scheme, place.hostname or "", place.port)
        watchdog = threading.Timer(self.whole_s, _cut, [connection])
        watchdog.daemon = True
        watchdog.start()
        try:
            # A file is sent block by block, so that silence is measured and not the size.
            connection.request(
                method, f"{full_path}?{query}" if query else full_path, io.BytesIO(body), headers=sent
            )
            response = connection.getresponse()
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=_whole(response),
            )
        except TimeoutError:
            raise LineFault(what="timeout") from None
        except (OSError, http.client.HTTPException) as error:
            raise LineFault(what=type(error).__name__) from error
        finally:
            watchdog.cancel()
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self.silence_s, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=self.silence_s)


def fresh_nonce() -> str:
    """Used once, never again."""
    return secrets.token_urlsafe(18)


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a call from outside: who waits for a byte wakes up at once."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _whole(response: http.client.HTTPResponse) -> bytes:
    body = response.read(ANSWER_MAX + 1)
    if len(body) > ANSWER_MAX:
        raise LineFault(what="endless answer")
    return body
