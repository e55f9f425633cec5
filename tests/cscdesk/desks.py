"""A counter as the centre sees it: a key, a journal, signed calls over HTTP."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.http import HttpResponse
from django.test import Client

from cscdesk.entry import (
    About,
    Answer,
    At,
    Content,
    DeliveredEntry,
    Delivery,
    Gauges,
    Head,
    Hours,
    Kind,
    Sealed,
    Start,
    base64url,
    compose,
    deliver,
    public_bytes,
    sign_call,
    write_delivery,
)
from cscdesk.models import Centre, Desk, DeskKey
from cscdesk.services import Caller, store_delivery
from enrollment.receipts import make_number, random_body
from enrollment.rules import Request, decode_request
from schools.models import Intake
from tests.factories import DistrictFactory, IntakeFactory, request_form

URLS = "config.urls.deskapi"
NINE = datetime(2027, 4, 1, 4, 0, tzinfo=UTC)
"""1 April 2027, 09:00 in Almaty: the campaign opens."""


def at(minute: float) -> datetime:
    return NINE + timedelta(minutes=minute)


def centre() -> Centre:
    return Centre.objects.get_or_create(
        code="AST-1",
        defaults={
            "district": DistrictFactory(),
            "name_kk": "№ 1 ХҚО",
            "name_ru": "ЦОН № 1",
            "name_en": "Centre No. 1",
            "address_kk": "Абай көшесі, 1",
            "address_ru": "улица Абая, 1",
            "phone": "1414",
        },
    )[0]


def request_of(intake: Intake | None = None, *, n: int = 1, **changes: Any) -> Request:
    choices = changes.pop("choices", None) or [(intake or IntakeFactory()).name]
    return decode_request(request_form(n=n, choices=choices, **changes))


class Counter:
    """One desk with its key and its journal; `written` holds all of it, delivered or not."""

    def __init__(
        self, *, name: str = "1", key: Ed25519PrivateKey | None = None, is_started: bool = True
    ) -> None:
        self.key = key or Ed25519PrivateKey.generate()
        self.desk = Desk.objects.create(id=uuid4(), centre=centre(), name=name, enrolled_at=NINE)
        self.row = DeskKey.objects.create(
            desk=self.desk,
            public_key=public_bytes(self.key),
            certificate_text="{}",
            certificate_sig="",
            enrolled_at=NINE,
        )
        self.epoch = "epoch-1"
        self.head: Head | None = None
        self.written: list[Sealed] = []
        if is_started:
            self.start()

    def write(
        self,
        kind: Kind,
        content: Content,
        *,
        about: About | None = None,
        wall: datetime = NINE,
        after: Head | None = None,
        key: Ed25519PrivateKey | None = None,
        desk: UUID | None = None,
        id: UUID | None = None,  # noqa: A002 - the entry's own field
    ) -> Sealed:
        head = after or self.head
        sealed = compose(
            key=key or self.key,
            campaign=2027,
            desk=desk or self.desk.id,
            epoch=self.epoch,
            head=head,
            kind=kind,
            id=id or uuid4(),
            about=about,
            clerk="" if kind == "start" else "aigul",
            at=At(wall=wall, boot="boot-1", anchor=None, elapsed_ms=None),
            content=content,
        )
        self.head = Head(seq=head.seq + 1 if head else 1, sha256=sealed.sha256.hex())
        self.written.append(sealed)
        return sealed

    def start(self, *, after: Head | None = None) -> Sealed:
        return self.write(
            "start", Start(reason="first start", public_key=base64url(public_bytes(self.key))), after=after
        )

    def open(self, **how: Any) -> Sealed:
        return self.write("open", Hours(), **how)

    def lodge(self, request: Request, *, about: About | None = None, **how: Any) -> About:
        about = about or some_about()
        self.write(how.pop("kind", "lodge"), request, about=about, **how)
        return about

    def delivery(
        self, entries: Sequence[Sealed] | None = None, *, head: Head | None = None, through: datetime = NINE
    ) -> Delivery:
        return self.delivery_of(
            list(map(deliver, self.written if entries is None else entries)), head=head, through=through
        )

    def delivery_of(
        self, entries: list[DeliveredEntry], *, head: Head | None = None, through: datetime = NINE
    ) -> Delivery:
        stated = head or self.head
        assert stated
        return Delivery(
            desk=self.desk.id,
            epoch=self.epoch,
            entries=entries,
            head=stated,
            through=through,
            gauges=Gauges(),
            boot="boot-1",
        )

    def hand_in(self, entries: Sequence[Sealed] | None = None, *, at: datetime, **how: Any) -> Answer:
        """Past the door: the service itself, with times of the test's choosing."""
        return store_delivery(
            caller=Caller(desk=self.desk, key=self.row),
            delivery=self.delivery(entries, **how),
            nonce=nonce(),
            at=at,
        )

    def headers(self, method: str, path: str, body: bytes, query: str = "", **changes: str) -> dict[str, str]:
        spent = changes.get("Desk-Nonce") or nonce()
        signature = sign_call(
            key=self.key, method=method, path=path, query=query, body=body, desk=self.desk.id, nonce=spent
        )
        return {"Desk-Id": str(self.desk.id), "Desk-Nonce": spent, "Desk-Signature": signature, **changes}

    def post(
        self, client: Client, body: bytes, *, path: str = "/api/desk/v1/entries", **changes: str
    ) -> HttpResponse:
        headers = self.headers("POST", path, body, **changes)
        return client.post(
            path,
            body,
            content_type="application/json",
            headers={k: v for k, v in headers.items() if v != "-"},
        )

    def get(self, client: Client, path: str, query: str = "", **changes: str) -> HttpResponse:
        headers = self.headers("GET", path, b"", query, **changes)
        return client.get(f"{path}?{query}" if query else path, headers=headers)

    def send(self, client: Client, entries: Sequence[Sealed] | None = None, **how: Any) -> dict[str, Any]:
        response = self.post(client, write_delivery(self.delivery(entries, **how)))
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = json.loads(response.content)
        return answer


def nonce() -> str:
    return secrets.token_urlsafe(18)


def some_about() -> About:
    return About(application=uuid4(), number=make_number(year=27, issuer="ABC", random=random_body()))


def anchor_of(answer: dict[str, Any] | Answer) -> dict[str, Any]:
    text = answer.anchor.text if isinstance(answer, Answer) else answer["anchor"]["text"]
    anchor: dict[str, Any] = json.loads(text)
    return anchor
