"""When the disk is full or the file locked: a clear sentence, and no receipt."""

import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import server_error as plain_server_error


def storage_sentence(error: BaseException) -> str:
    """What to do, in words, when the journal could not be written."""
    said = str(error).lower()
    if "full" in said or "no space" in said:
        return _(
            "Not saved: the disk of this machine is full. No receipt was made. "
            "Free space on the disk, then send again: the form is still here."
        )
    if "locked" in said or "busy" in said:
        return _(
            "Not saved: another program holds the journal's file. No receipt was made. "
            "Close it, then send again: the form is still here."
        )
    return _(
        "Not saved: the journal's file cannot be written. No receipt was made. "
        "Call the administrator of this machine; until then use another desk."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The last page: says what is wrong with the file, where it is that."""
    error = sys.exc_info()[1]
    if isinstance(error, DatabaseError | OSError):
        return render(request, "counter/not_saved.html", {"sentence": storage_sentence(error)}, status=503)
    return plain_server_error(request)
