"""
The desks' API, version 1: signed calls in, signed times out.

The protocol: docs/reference/desk-protocol.md. Bodies are read by msgspec, strictly; whatever
is refused is `application/problem+json` with a stable `code`, and nothing of it is stored.
"""

import logging
from contextlib import suppress
from typing import Any, Final

import msgspec
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cscdesk import selectors, services
from cscdesk.entry import (
    DELIVERY_SIZE_MAX,
    DESK_ID,
    DESK_NONCE,
    DESK_SIGNATURE,
    BadSignature,
    MalformedText,
    TooLarge,
    base64url,
    enrolment,
    from_base64url,
    read_delivery,
    verify_call,
    write_answer,
)
from cscdesk.services.calls import Call, Caller, MalformedCall, Replayed, UnknownDesk
from cscdesk.services.enrolling import CodeRefused, KeyAlreadyKnown, PrefixesUsedUp
from enrollment.keys import centre_public_key
from enrollment.receipts import InvalidNumber, parse_number
from enrollment.services.retractions import NoSuchApplication, issue_family_code
from schools import clock
from schools.rules import Refusal

log = logging.getLogger(__name__)

_STATUS: Final[dict[type[Refusal], int]] = {
    MalformedCall: 400,
    MalformedText: 400,
    UnknownDesk: 401,
    BadSignature: 401,
    CodeRefused: 403,
    Replayed: 409,
    KeyAlreadyKnown: 409,
    TooLarge: 413,
    PrefixesUsedUp: 503,
}


class DeskView(APIView):
    """A door for desks: reads the body once, as it was signed."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A desk's clerk reads refusals in the language of the counter, Kazakh by default.
        translation.activate(translation.get_language_from_request(request._request))

    def body(self, request: Request) -> bytes:
        """:raises TooLarge: more than 2 MiB announced or sent"""
        if int(request.META.get("CONTENT_LENGTH") or 0) > DELIVERY_SIZE_MAX:
            raise TooLarge
        return bytes(request._request.body)

    def call(self, request: Request, body: bytes) -> Call:
        return Call(
            method=request.method or "",
            path=_path_as_sent(request),
            query=request.META.get("QUERY_STRING", ""),
            body=body,
            desk=request.headers.get(DESK_ID, ""),
            nonce=request.headers.get(DESK_NONCE, ""),
            signature=request.headers.get(DESK_SIGNATURE, ""),
        )

    def caller(self, request: Request, body: bytes = b"") -> Caller:
        """The desk that signed this call; what it may not do is refused by name."""
        return services.authenticate(call=self.call(request, body), at=clock.now())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Every refusal as a problem with a stable code."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Refusal as refusal:
            status = next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 400)
            return problem(status=status, code=refusal.code, detail=str(refusal))
        except APIException as error:
            return problem(status=error.status_code, code=str(error.get_codes()), detail=str(error.detail))
        except DatabaseError:
            log.exception("the database did not answer a desk's call")
            return problem(status=503, code="unavailable", detail="Try again later.", retry_after=5)

    def handle_exception(self, exc: Exception) -> Response:
        """Left to `dispatch`, which answers with problems."""
        raise exc


class EntriesView(DeskView):
    """`POST /entries`: the journal, handed in."""

    def post(self, request: Request) -> HttpResponse:
        body = self.body(request)
        caller = self.caller(request, body)
        answer = services.store_delivery(
            caller=caller,
            delivery=read_delivery(body),
            nonce=request.headers[DESK_NONCE],
            at=clock.now(),
        )
        return _json(write_answer(answer))


class OutcomesView(DeskView):
    """`GET /outcomes?after=N`: what became of entries."""

    def get(self, request: Request) -> HttpResponse:
        caller = self.caller(request)
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise MalformedCall
        found = selectors.outcomes_after(desk_id=caller.desk.id, after=int(after))
        return _json(msgspec.json.encode(found))


class CatalogueView(DeskView):
    """`GET /catalogue`: what a desk must know to serve without a line."""

    def get(self, request: Request) -> HttpResponse:
        caller = self.caller(request)
        campaign = selectors.current_campaign()
        if campaign is None:
            return problem(status=404, code="no_campaign", detail="There is no campaign yet.")
        body = msgspec.json.encode(selectors.catalogue(desk=caller.desk, campaign=campaign))
        tag = selectors.etag(body)
        if request.headers.get("If-None-Match") == tag:
            return HttpResponse(status=304, headers={"ETag": tag})
        response = _json(body)
        response["ETag"] = tag
        return response


class EnrollView(DeskView):
    """`POST /enroll`: a one-time code and a fresh key for an identity; signed with that very key."""

    def post(self, request: Request) -> HttpResponse:
        body = self.body(request)
        wanted = enrolment.read_body(body, enrolment.Enrolment)
        try:
            public_key = from_base64url(wanted.public_key, size=32)
        except ValueError:
            raise MalformedCall from None
        call = self.call(request, body)
        verify_call(
            public_key=public_key,
            method=call.method,
            path=call.path,
            query=call.query,
            body=body,
            desk=call.desk,
            nonce=call.nonce,
            signature=call.signature,
        )
        campaign = selectors.current_campaign()
        if campaign is None:
            return problem(status=404, code="no_campaign", detail="There is no campaign yet.")
        enrolled = services.enroll_desk(code=wanted.code, public_key=public_key, at=clock.now())
        return _json(
            msgspec.json.encode(
                enrolment.Enrolled(
                    desk=enrolled.desk.id,
                    name=enrolled.desk.name,
                    campaign=campaign.year,
                    certificate=enrolled.certificate,
                    centre_key=base64url(centre_public_key()),
                    prefixes=enrolled.prefixes,
                    catalogue=selectors.catalogue(desk=enrolled.desk, campaign=campaign),
                )
            )
        )


class CodesView(DeskView):
    """`POST /codes`: send the family its one-time withdrawal code; never tells whether the number exists."""

    def post(self, request: Request) -> HttpResponse:
        body = self.body(request)
        self.caller(request, body)
        wanted = enrolment.read_body(body, enrolment.CodeWanted)
        # The same answer for every number: a desk must not learn which numbers exist.
        with suppress(NoSuchApplication, InvalidNumber):
            issue_family_code(number=parse_number(wanted.number), at=clock.now())
        return _json(b'{"v":1}')


def problem(*, status: int, code: str, detail: str, retry_after: int | None = None) -> HttpResponse:
    """RFC 9457, with a `code` that programs may rely on."""
    body = msgspec.json.encode({"type": "about:blank", "status": status, "code": code, "detail": detail})
    response = HttpResponse(body, status=status, content_type="application/problem+json")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def not_found(_request: object, exception: Exception | None = None) -> HttpResponse:
    """Any other address."""
    return problem(status=404, code="no_such_address", detail=str(exception or Http404()))


def server_error(_request: object) -> HttpResponse:
    """What should not happen: the desk keeps its entries and tries again."""
    return problem(status=503, code="unavailable", detail="Try again later.", retry_after=10)


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")


def _path_as_sent(request: Request) -> str:
    """The path still percent-encoded, as it was signed."""
    raw = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    return str(raw).partition("?")[0] if raw else request._request.path
