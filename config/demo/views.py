"""The director's pages."""

import os
from datetime import date
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from config.demo.phone import messages
from config.demo.signing_in import PLAYERS, LetIn, Place
from config.demo.switches import MOVES, PARTS, NoSupervisor, states, turn
from config.demo.telling import PRESSES, told
from config.demo.telling import press as press_story
from config.demo.visiting import NobodyThere
from cscdesk.demo_country import personas
from schools import clock
from schools.rules import Refusal

PHONES = {persona.key: persona for persona in (personas.MOTHER, personas.FATHER, personas.GRANDMOTHER)}
SHOWN_MESSAGES = 30


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """The supervisor can be asked."""
    try:
        states()
    except Refusal:
        return HttpResponse("no supervisor\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


@require_safe
def director(request: HttpRequest) -> HttpResponse:
    """Everything on one page: the tour, people, switches, the clock, the processes."""
    fault: str = ""
    known: dict[str, str] = {}
    try:
        known = states()
    except Refusal as refusal:
        fault = str(refusal)
    rows = {
        part.key: {"part": part, "state": part.state(known)} for part in PARTS.values() if part.state(known)
    }
    response = render(
        request,
        "demo/director.html",
        {
            "fault": fault,
            "done": _done(request),
            "rows": rows,
            "processes": known,
            "moves": MOVES.values(),
            "presses": PRESSES,
            "told": (story := told()),
            "late_clerk": personas.LATE_CLERK,
            "shown_at": clock.now().astimezone(clock.ALMATY),
            "portal_url": _url(request, settings.PORT_BASE, "/kk/"),
            "child": personas.CHILD,
            "born": date.fromisoformat(personas.CHILD.birth_date),
            "address": _address(),
            "mother": personas.MOTHER,
            "grandmother": personas.GRANDMOTHER,
            "official": personas.DISTRICT_OFFICIAL,
            "clerk": personas.CLERK,
            "password": personas.DEMO_PASSWORD,
        },
    )
    if set(known.values()) & {"starting", "pausing"} or not story.is_done:
        # While something is on its way up the page looks again by itself.
        # With the address: to one with a fragment browsers do not go again.
        response["Refresh"] = f"2; url={request.get_full_path()}"
    return response


@require_POST
def play(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as somebody, for real, and let the browser go on as that person."""
    player = PLAYERS.get(key)
    if player is None:
        raise Http404
    try:
        known = states()
    except NoSupervisor:
        known = {}
    missing = [name for name in player.needs if known.get(name, "ready") != "ready"]
    try:
        if missing:
            return _not_in(request, processes=missing, words="", status=503)
        entered = player.enter(_place(request))
    except NobodyThere as nobody:
        words = _("Nobody answers at %(where)s.") % {"where": nobody}
        return _not_in(request, processes=list(player.needs), words=words, status=503)
    except Refusal as refusal:
        return _not_in(request, processes=[], words=str(refusal), status=502)
    return _hand_over(request, entered)


def _not_in(request: HttpRequest, *, processes: list[str], words: str, status: int) -> HttpResponse:
    parts = [part for part in PARTS.values() if set(part.processes) & set(processes)]
    context = {"processes": processes, "parts": parts, "words": words}
    return render(request, "demo/not_in.html", context, status=status)


def _hand_over(request: HttpRequest, entered: LetIn) -> HttpResponse:
    """The cookies as the other process set them: cookies ignore ports, so the browser takes them from here."""
    response = HttpResponseRedirect(_url(request, entered.port, entered.path))
    for morsel in entered.cookies:
        response.cookies[morsel.key] = morsel.value
        # The value is quoted already, as it came.
        response.cookies[morsel.key].set(morsel.key, morsel.value, morsel.coded_value)
        response.cookies[morsel.key].update(morsel)
    return response


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Kill, cut, start."""
    part = PARTS.get(request.POST.get("part", ""))
    to = request.POST.get("to", "")
    if part is None or to not in {"on", "off"}:
        raise Http404
    try:
        turn(part, on=to == "on", known=states())
    except Refusal as refusal:
        return _not_in(request, processes=[], words=str(refusal), status=503)
    return _back(f"{part.key}-{to}")


@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Move the clock of all processes."""
    move = MOVES.get(request.POST.get("move", ""))
    if move is None:
        raise Http404
    path = os.environ.get("QABYLDAU_CLOCK_FILE")
    if not path:
        words = _("No clock file is named: the demonstration shows the machine's own time.")
        return _not_in(request, processes=[], words=words, status=503)
    clock.write_shift(Path(path), shown=move.to(clock.now()))
    return _back("clock")


@require_POST
def tell(request: HttpRequest) -> HttpResponse:
    """Go on with the story: close the day, check, confirm, deliver."""
    try:
        press_story(request.POST.get("press", ""))
    except KeyError:
        raise Http404 from None
    except Refusal as refusal:
        return _not_in(request, processes=[], words=str(refusal), status=503)
    return redirect("demo:director")


def _back(done: str) -> HttpResponse:
    response = redirect("demo:director")
    response["Location"] += f"?done={done}"
    return response


def _done(request: HttpRequest) -> str:
    """What the last press did, in words."""
    key, _dash, to = request.GET.get("done", "").rpartition("-")
    if request.GET.get("done") == "clock":
        return _("The clock of all processes was moved.")
    part = PARTS.get(key)
    if part is None or to not in {"on", "off"}:
        return ""
    return _("Done: %(what)s.") % {"what": part.on if to == "on" else part.off}


@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    """Messages, the newest first; looks again every three seconds until told to keep still."""
    key = request.GET.get("of", "")
    owner = PHONES.get(key)
    to = frozenset(filter(None, (owner.phone, owner.email))) if owner else None
    is_still = "still" in request.GET
    context = {
        "phones": PHONES.values(),
        "key": key if owner else "",
        "owner": owner,
        "is_still": is_still,
        "shown": messages(Path(settings.MESSAGES_DIR), to=to)[:SHOWN_MESSAGES],
    }
    response = render(request, "demo/phone.html", context)
    if not is_still:
        response["Refresh"] = "3"
    response["Cache-Control"] = "no-store"
    return response


def _address() -> str:
    child = personas.CHILD
    street = child.street_kk if get_language() == "kk" else child.street_ru
    return f"{street}, {child.house}, {child.flat}"


def _place(request: HttpRequest) -> Place:
    return Place(host=_host(request), port_base=settings.PORT_BASE, messages_dir=Path(settings.MESSAGES_DIR))


def _host(request: HttpRequest) -> str:
    return request.get_host().partition(":")[0]


def _url(request: HttpRequest, port: int, path: str) -> str:
    return f"http://{_host(request)}:{port}{path}"
