"""
The desks' API, version 1: signed calls in, signed times out.

The protocol: docs/reference/desk-protocol.md. Bodies are read by msgspec, strictly; whatever
is refused is `application/problem+json` with a stable `code`, and nothing of it is stored.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, NoReturn

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
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

_NO_CAMPAIGN = _("There is no campaign yet.")
_NO_SUCH_ADDRESS = _("There is no such address.")
_TRY_AGAIN = _("The service does not answer right now. Nothing is lost; try again later.")

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


class _Answers(BaseContentNegotiation):
    """JSON whatever the caller says it accepts: there is one kind of answer."""

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002 - the shape is REST framework's
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class DeskView(APIView):
    """A door for desks: reads the body once, as it was signed."""

    # Who calls is told by the signature alone, in every process that knows these addresses.
    authentication_classes = ()
    permission_classes = ()
    parser_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = _Answers
    http_method_names = ["get", "post"]

    def body(self, request: Request) -> bytes:
        """
        The bytes that were signed.

        :raises TooLarge: more than 2 MiB announced (nothing is read then) or sent
        :raises MalformedCall: a senseless size, or the line broke
        """
        announced = str(request.META.get("CONTENT_LENGTH") or "0")
        if not (announced.isascii() and announced.isdigit()):
            raise MalformedCall
        if len(announced) > 12 or int(announced) > DELIVERY_SIZE_MAX:
            raise TooLarge
        try:
            return bytes(request._request.body)
        except RequestDataTooBig:
            raise TooLarge from None
        except UnreadablePostError:
            raise MalformedCall from None

    def call(self, request: Request, body: bytes) -> Call:
        """This call's own words, as they were signed."""
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
        """Every refusal as a problem with a stable code, in the counter's language, Kazakh by default."""
        with translation.override(translation.get_language_from_request(request)):
            try:
                return super().dispatch(request, *args, **kwargs)
            except Refusal as refusal:
                return refused(refusal)
            except MethodNotAllowed as error:
                response = problem(status=405, code="method_not_allowed", detail=str(error.detail))
                response["Allow"] = ", ".join(self.allowed_methods)
                return response
            except APIException as error:
                return problem(
                    status=error.status_code, code=str(error.get_codes()), detail=str(error.detail)
                )
            except (OperationalError, InterfaceError):
                log.exception("the database did not answer a desk's call")
                return unavailable(retry_after=5)

    def handle_exception(self, exc: Exception) -> NoReturn:
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
            return problem(status=404, code="no_campaign", detail=str(_NO_CAMPAIGN))
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
            return problem(status=404, code="no_campaign", detail=str(_NO_CAMPAIGN))
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


def refused(refusal: Refusal) -> HttpResponse:
    """A refusal by name; one that is not in the table is the caller's fault all the same."""
    status = next((code for kind, code in _STATUS.items() if isinstance(refusal, kind)), 400)
    retry_after = 3600 if status == 503 else None
    return problem(status=status, code=refusal.code, detail=str(refusal), retry_after=retry_after)


def unavailable(*, retry_after: int) -> HttpResponse:
    """Nothing of the call was stored; the desk keeps its entries and tries again."""
    return problem(status=503, code="unavailable", detail=str(_TRY_AGAIN), retry_after=retry_after)


def problem(*, status: int, code: str, detail: str, retry_after: int | None = None) -> HttpResponse:
    """RFC 9457, with a `code` that programs may rely on."""
    body = msgspec.json.encode({"type": "about:blank", "status": status, "code": code, "detail": detail})
    response = HttpResponse(body, status=status, content_type="application/problem+json")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Any other address."""
    with translation.override(translation.get_language_from_request(request)):
        return problem(status=404, code="no_such_address", detail=str(_NO_SUCH_ADDRESS))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """What Django itself cannot read, before any door."""
    return problem(status=400, code="malformed", detail=str(MalformedCall()))


def server_error(_request: HttpRequest) -> HttpResponse:
    """What should not happen: the desk keeps its entries and tries again."""
    return unavailable(retry_after=10)


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")


def _path_as_sent(request: Request) -> str:
    """The path still percent-encoded, as it was signed."""
    raw = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    return str(raw).partition("?")[0] if raw else request._request.path
