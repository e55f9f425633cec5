"""
How somebody is played: the director signs in as anybody would, and hands the cookies to the browser.

The portal's code is read from the mail that was really sent, an official's code is made as an
authenticator app makes it, a clerk has a password at the counter. No door knows of this.
"""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import Morsel
from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from config.demo.phone import messages
from config.demo.visiting import Visitor
from cscdesk.demo_country import personas
from cscdesk.demo_country.personas import ClerkPersona, OfficialPersona, ParentPersona
from schools.rules import Refusal

MAIL_PATIENCE: Final = 4.0
"""Seconds in which a mail with a code has to be there."""


class NotLetIn(Refusal):
    message = _("The sign-in did not succeed at %(where)s (answer %(status)s).")


class NoCodeCame(Refusal):
    message = _("No code came to %(email)s. After several sign-ins in a row wait a minute.")


class CodesUsedUp(Refusal):
    message = _("The codes of this half minute are used up. Try again in half a minute.")


@dataclass(frozen=True, slots=True)
class LetIn:
    """Somebody is signed in: what the browser has to carry, and where it goes."""

    cookies: list["Morsel[str]"]
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the processes of this run are."""

    host: str
    port_base: int
    messages_dir: Path

    @property
    def front(self) -> int:
        return self.port_base

    @property
    def counter(self) -> int:
        return self.port_base + 100


def sign_in_parent(*, persona: ParentPersona, place: Place) -> LetIn:
    """
    Ask for a code, read it on the phone, type it in.

    :raises NoCodeCame: no mail within four seconds
    :raises NotLetIn: the portal did not take the code
    :raises NobodyThere: no answer
    """
    visitor = Visitor(place.host, place.front)
    before = time.time_ns()
    visitor.open(f"/{persona.language}/account/")
    page = visitor.submit(email=persona.email)
    if page.status == 200:
        page = visitor.submit(code=_mailed_code(persona.email, place.messages_dir, since_ns=before))
    return _let_in(visitor, cookie="qabyldau_parent", path=f"/{persona.language}/")


def sign_in_official(*, persona: OfficialPersona, place: Place) -> LetIn:
    """
    Password, then the code of an authenticator app.

    :raises CodesUsedUp: every code that is valid now was used a moment ago
    :raises NotLetIn: the process did not take the password
    :raises NobodyThere: no answer
    """
    visitor = Visitor(place.host, place.front)
    home = f"/{persona.language}/officials/"
    visitor.open(f"{home}account/login/")
    page = visitor.submit(login=persona.email, password=personas.DEMO_PASSWORD)
    if page.path.startswith(f"{home}account/code/"):
        for code in app_codes(personas.DEMO_TOTP_SECRET, at=int(time.time())):  # noqa: TID251 - an app follows the machine's clock
            page = visitor.submit(code=code)
            if "/account/" not in page.path:
                break
        else:
            raise CodesUsedUp
    if "/account/" in page.path:
        raise NotLetIn(where=page.path, status=page.status)
    return _let_in(visitor, cookie="qabyldau_official", path=home)


def sign_in_clerk(*, persona: ClerkPersona, place: Place, path: str) -> LetIn:
    """
    Code and password at the counter itself.

    :raises NotLetIn: the counter did not take them
    :raises NobodyThere: no answer
    """
    visitor = Visitor(place.host, place.counter)
    visitor.open("/kk/sign-in/")
    visitor.submit(code=persona.code, password=personas.DEMO_PASSWORD)
    return _let_in(visitor, cookie="qabyldau_counter", path=path)


def _let_in(visitor: Visitor, *, cookie: str, path: str) -> LetIn:
    page = visitor.page
    if cookie not in visitor.cookies or page is None or page.status >= 500:
        raise NotLetIn(where=page.path if page else path, status=page.status if page else 0)
    return LetIn(cookies=list(visitor.cookies.values()), port=visitor.port, path=path)


def _mailed_code(email: str, folder: Path, *, since_ns: int) -> str:
    until = time.monotonic() + MAIL_PATIENCE
    while time.monotonic() < until:
        for message in messages(folder, to=frozenset({email})):
            # A file system's clock is up to a tick behind the machine's.
            if message.code and message.sent_ns > since_ns - 20_000_000:
                return message.code
        time.sleep(0.05)
    raise NoCodeCame(email=email)


def app_codes(secret: str, *, at: int) -> Iterable[str]:
    """What an app shows in this half minute, the one before and the next (RFC 6238): all three are taken."""
    for step in (0, -1, 1):
        digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", at // 30 + step), hashlib.sha1)
        offset = digest[-1] & 0x0F
        number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
        yield f"{number % 1_000_000:06}"


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody on the director's page."""

    key: str
    needs: tuple[str, ...]
    """Names of the processes without which there is no sign-in."""
    enter: Callable[[Place], LetIn]


PLAYERS: Final = {
    player.key: player
    for player in (
        Player(
            "mother",
            ("front", "signin"),
            lambda place: sign_in_parent(persona=personas.MOTHER, place=place),
        ),
        Player(
            "grandmother",
            ("counter",),
            lambda place: sign_in_clerk(persona=personas.CLERK, place=place, path="/kk/"),
        ),
        Player(
            "clerk",
            ("counter",),
            lambda place: sign_in_clerk(persona=personas.CLERK, place=place, path="/kk/today/"),
        ),
        Player(
            "official",
            ("front", "officials"),
            lambda place: sign_in_official(persona=personas.DISTRICT_OFFICIAL, place=place),
        ),
    )
}
