"""
What an entry carries besides itself: a form, which can be erased without breaking chain or signature.

A form is a JSON object whose first key is `salt`, 16 random bytes in hex, so that nobody can
guess an erased form from its hash. Form version 1 has one shape for each kind.
"""

import re
from typing import Annotated, Any, Final

import msgspec
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cscdesk.entry.journal import Entry, MalformedEntry, UnknownKind, UnknownVersion, convert, read_object
from cscdesk.entry.texts import from_base64url, sha256
from enrollment.rules import MalformedForm, Request, decode_request

FORM_VERSION: Final = 1

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
_SALT = re.compile(r"[0-9a-f]{32}\Z")


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new epoch: first start, restore, change of key."""

    reason: Text
    public_key: str
    """base64url of the 32 bytes that check this epoch's signatures, this entry's own among them"""


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The desk opens or closes: nothing more to say."""


class AnchorReceived(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An anchor as it came from the centre, letter by letter."""

    text: str
    sig: str


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who withdraws, as `enrollment.rules.person_key`, and the family's one-time code if it has one."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    code: Code | None


class Voiding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the desk's own entry should not count, and the family's one-time code if there is one."""

    reason: Text
    code: Code | None


Content = Start | Hours | AnchorReceived | Request | Withdrawal | Voiding

CONTENTS: Final[dict[str, type[Content]]] = {
    "start": Start,
    "open": Hours,
    "close": Hours,
    "anchor": AnchorReceived,
    "lodge": Request,
    "correct": Request,
    "withdraw": Withdrawal,
    "void": Voiding,
}
"""The shape of form version 1 for each kind."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it was read."""

    salt: bytes
    """16 bytes"""
    content: Content


def write_form(*, content: Content, salt: bytes) -> bytes:
    """The exact text of a form: `salt` first, then the keys in the contract's order."""
    if len(salt) != 16:
        raise ValueError("a salt has 16 bytes")
    return msgspec.json.encode({"salt": salt.hex(), **msgspec.structs.asdict(content)})


def read_form(entry: Entry, form: bytes | None) -> Form | None:
    """
    Read the form of an entry that `read_entry` has read; None where it was erased or never was.

    The same child key, choices and so on are judged by `enrollment.rules.faults`, not here.

    :raises MalformedEntry: not the form that the entry names, or not of the shape of its kind
    :raises UnknownVersion: `form_v` is newer than this program
    :raises UnknownKind: `entry` came out of an `UnknownKind`
    """
    if form is None:
        return None
    if entry.form_sha256 is None or sha256(form).hex() != entry.form_sha256:
        raise MalformedEntry(_("the form is not the one that the record names"))
    if entry.form_v > FORM_VERSION:
        raise UnknownVersion(link=entry.link)
    if entry.kind not in CONTENTS:
        raise UnknownKind(entry=entry)
    raw = read_object(form)
    salt = raw.get("salt")
    if next(iter(raw), None) != "salt" or not isinstance(salt, str) or not _SALT.match(salt):
        raise MalformedEntry(format_lazy(_("wrong value, field: {field}"), field="form.salt"))
    del raw["salt"]
    return Form(salt=bytes.fromhex(salt), content=_content(entry.kind, raw))


def _content(kind: str, raw: dict[str, Any]) -> Content:
    shape = CONTENTS[kind]
    odd = raw.keys() ^ set(shape.__struct_fields__)
    if odd:
        raise MalformedEntry(format_lazy(_("wrong set of fields, see: {field}"), field=f"form.{min(odd)}"))
    if shape is Request:
        try:
            return decode_request(raw)
        except MalformedForm as error:
            raise MalformedEntry(format_lazy(_("wrong value, field: {field}"), field="form")) from error
    content = convert(raw, shape)
    if isinstance(content, Start):
        try:
            from_base64url(content.public_key, size=32)
        except ValueError:
            raise MalformedEntry(
                format_lazy(_("wrong value, field: {field}"), field="form.public_key")
            ) from None
    return content
