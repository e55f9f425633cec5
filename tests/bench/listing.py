"""
`python -m tests.bench.listing ENTRIES`: give one intake a list of so many children, a quarter of them placed.

With the officials' settings, from within: prints the pages to measure, the session of the
district's official, and how many queries each page makes, as JSON.
"""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from schools.models import Intake, RosterEntry

_FIRST = 90_000_000_000
"""Child keys of this list: 12 digits that no family of the demo country has."""


def main() -> None:
    entries = int(sys.argv[1])
    django.setup()
    from django.conf import settings
    from django.db import connection, transaction
    from django.middleware.csrf import _get_new_csrf_string
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from schools.models import Account, Intake, RosterEntry
    from schools.rules import slots

    official = Account.objects.filter(scopes__district__isnull=False).order_by("id")[0]
    district = official.scopes.get().district
    assert district is not None
    intake = (
        Intake.objects.filter(school__district=district).select_related("school", "campaign").earliest("id")
    )
    with transaction.atomic():
        Intake.objects.filter(pk=intake.pk).update(slots=slots(entries // 4, "TTTO"))
        RosterEntry.objects.filter(intake=intake).delete()
        RosterEntry.objects.bulk_create(_entries(intake, entries), batch_size=2000)

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(official, backend=settings.AUTHENTICATION_BACKENDS[0])
    csrf = _get_new_csrf_string()
    list_ = [intake.school_id, intake.language]
    roster = reverse("officials:roster", args=list_)
    pages = {
        "dashboard": reverse("officials:start"),
        "district": reverse("officials:district", args=[district.kato]),
        "roster": roster,
        "roster_last_page": f"{roster}?places=9999&territory=9999&outside=9999",
        "roster_by_name": f"{roster}?sort=name",
        "cases": reverse("officials:cases"),
    }
    queries = {}
    for name, path in pages.items():
        with CaptureQueriesContext(connection) as made:
            answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        queries[name] = len(made)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    print(
        json.dumps(
            {
                "pages": pages,
                "queries": queries,
                "export": reverse("officials:roster_csv", args=list_),
                "search": reverse("officials:search"),
                "text": "Омарова Айша 7",
                "cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={csrf}",
                "csrf": csrf,
            }
        )
    )


def _entries(intake: "Intake", count: int) -> "Iterator[RosterEntry]":
    """A quarter placed; of those who wait two of three are from the territory."""
    from uuid import UUID

    from cscdesk.demo_country.morning import OPENS_AT
    from schools.models import Lane, RosterEntry
    from schools.rules import kazakh_sort_key

    placed = count // 4
    for n in range(count):
        name = f"Омарова Айша {n}"
        is_placed = n < placed
        outside = n % 4 == 3 if is_placed else n % 3 == 2
        yield RosterEntry(
            campaign=intake.campaign,
            district_id=intake.school.district_id,
            intake=intake,
            child_key=str(_FIRST + n),
            child_name=name,
            name_key=kazakh_sort_key(name),
            application_id=UUID(int=_FIRST + n),
            application_number=f"27-QBM{n // 10_000}-{n % 10_000:04}-W",
            door="portal" if n % 5 else "desk",
            lane=Lane.OUTSIDE if outside else Lane.TERRITORY,
            slot=n if is_placed else None,
            arrived_at=OPENS_AT + timedelta(seconds=n),
            moment=OPENS_AT,
            draw_number=f"{n * 2654435761 % 2**32:064x}",
        )


if __name__ == "__main__":
    main()
