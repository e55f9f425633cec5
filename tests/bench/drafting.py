"""
`python -m tests.bench.drafting COUNT FILE`: store checked drafts of made-up families, ready to be sent.

What a browser would send for each is written to FILE: a signed parent's cookie, the CSRF
pair, the content the family saw, the signed year. Run with the portal's settings.
"""

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import django

_BATCH = 5000


def main() -> None:
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    django.setup()
    from django.db import transaction

    from cscdesk.demo_country.families import families
    from cscdesk.demo_country.morning import morning
    from cscdesk.demo_country.places import city_country
    from schools.models import Account

    accounts = list(Account.objects.filter(email__endswith="@family.example").values_list("id", flat=True))
    country = city_country()
    # Other families than those of the demo country: nobody has asked for these children yet.
    people = families(count, country=country, start=2000)
    lodged = islice(morning(people, country=country, name="bench", issuer="QBN"), count)
    requests: list[dict[str, str]] = []
    with transaction.atomic():
        while batch := list(islice(lodged, _BATCH)):
            drafts = [
                (uuid4(), accounts[(len(requests) + i) % len(accounts)], one) for i, one in enumerate(batch)
            ]
            _store(drafts)
            requests += [_request(id_, account, one.request) for id_, account, one in drafts]
    path.write_text(json.dumps(requests))


def _store(drafts: list[tuple[UUID, int, Any]]) -> None:
    """By COPY, with the columns that the check page fills."""
    from cscdesk.demo_country.copying import add_missing
    from cscdesk.demo_country.morning import OPENS_AT
    from enrollment.models import Draft
    from enrollment.rules import canonical, child_key, content_sha256, person_key
    from enrollment.services.lodging import fresh_salt

    add_missing(
        Draft,
        [
            *("id", "account", "campaign", "form", "salt", "started_at", "saved_at"),
            *("child_key", "person_key", "choices", "language", "content_sha256"),
        ],
        (
            (
                *(id_, account, OPENS_AT.year, canonical(one.request).decode(), fresh_salt()),
                *(OPENS_AT, OPENS_AT, child_key(one.request.child), person_key(one.request.applicant)),
                *(one.request.choices, one.request.language, content_sha256(one.request)),
            )
            for id_, account, one in drafts
        ),
    )


def _request(draft: UUID, account: int, request: Any) -> dict[str, str]:
    """The press on "Send", as the check page's form makes it."""
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string, _mask_cipher_secret
    from django.urls import reverse

    from cscdesk.demo_country.morning import OPENS_AT
    from enrollment import passes
    from enrollment.models import Draft
    from enrollment.rules import content_sha256
    from enrollment.views.drafts import sealed_year
    from schools import clock

    secret = _get_new_csrf_string()
    holder = passes.new_pass(account_id=account, language="kk", at=clock.now())
    cookies = {passes.cookie_name(): passes.sealed(holder), settings.CSRF_COOKIE_NAME: secret}
    return {
        "draft": str(draft),
        "path": reverse("enrollment:send", args=[draft]),
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "body": urlencode(
            {
                "csrfmiddlewaretoken": _mask_cipher_secret(secret),
                "content": content_sha256(request).hex(),
                "year": sealed_year(Draft(id=draft, campaign_id=OPENS_AT.year)),
                "consent": "1",
            }
        ),
    }


if __name__ == "__main__":
    main()
