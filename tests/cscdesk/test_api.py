"""The desks' door over HTTP: who is refused, by which code, and that nothing of a refused call is stored."""

import json
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections
from django.utils import translation

from cscdesk.entry import DELIVERY_SIZE_MAX, Hours, deliver, verify_anchor, write_delivery
from cscdesk.models import Anchor, Entry, Nonce
from cscdesk.services import revoke_desk, take_in_entries
from enrollment.keys import centre_public_key
from enrollment.models import FamilyCode
from schools.models import Campaign, Horizon
from tests.cscdesk.desks import URLS, Counter, anchor_of, at, nonce, request_of
from tests.factories import ApplicationFactory, CampaignFactory, IntakeFactory, TerritoryFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(URLS)]

ENTRIES = "/api/desk/v1/entries"
PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def _ten_past_nine(clock_at):
    clock_at(at(10), rate=0)


@pytest.fixture(autouse=True)
def _campaign(db):
    CampaignFactory()


@pytest.fixture
def counter():
    return Counter()


def refused(response, status, code):
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM), response.content
    body = json.loads(response.content)
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    assert not Entry.objects.exists()
    assert not Anchor.objects.exists()
    assert not Horizon.objects.exists()
    return body


class TestADelivery:
    def test_is_answered_with_outcomes_and_a_signed_anchor(self, client, counter):
        counter.open()
        answer = counter.send(client, through=at(9))

        assert [(o["seq"], o["state"], o["code"]) for o in answer["outcomes"]] == [
            (1, "stored", None),
            (2, "stored", None),
        ]
        anchor = verify_anchor(public_key=centre_public_key(), **answer["anchor"])
        assert (anchor.desk, anchor.boot, anchor.time) == (counter.desk.id, "boot-1", at(10))
        assert anchor.head == anchor.stored_through == counter.head
        assert Horizon.objects.get().through == at(9)

    def test_may_be_empty_and_is_a_heartbeat(self, client, counter):
        counter.send(client)

        assert counter.send(client, [])["outcomes"] == []
        assert Anchor.objects.count() == 2

    def test_the_anchor_repeats_the_calls_nonce(self, client, counter):
        spent = nonce()
        response = counter.post(client, write_delivery(counter.delivery()), **{"Desk-Nonce": spent})

        assert anchor_of(json.loads(response.content))["nonce"] == spent

    def test_is_read_whatever_the_caller_says_it_accepts(self, client, counter):
        response = counter.post(client, write_delivery(counter.delivery()), Accept="text/html")

        assert response.status_code == 200


class TestWhoIsCalling:
    def test_an_unknown_desk(self, client, counter):
        counter.desk.id = uuid4()
        refused(counter.post(client, write_delivery(counter.delivery())), 401, "unknown_desk")

    def test_a_desk_that_never_enrolled(self, client, counter):
        counter.row.delete()
        refused(counter.post(client, write_delivery(counter.delivery())), 401, "unknown_desk")

    def test_a_signature_of_another_key(self, client, counter):
        counter.key = Ed25519PrivateKey.generate()
        refused(counter.post(client, write_delivery(counter.delivery())), 401, "bad_signature")
        assert not Nonce.objects.exists()

    @pytest.mark.parametrize("signature", ["A" * 86, "x", "ё".encode().decode("latin-1")])
    def test_what_is_no_signature(self, client, counter, signature):
        body = write_delivery(counter.delivery())
        refused(counter.post(client, body, **{"Desk-Signature": signature}), 401, "bad_signature")

    def test_a_signature_over_another_body_or_query(self, client, counter):
        headers = counter.headers("POST", ENTRIES, b"{}")
        body = write_delivery(counter.delivery())
        refused(
            client.post(ENTRIES, body, content_type="application/json", headers=headers), 401, "bad_signature"
        )
        headers = counter.headers("POST", ENTRIES, body)
        refused(
            client.post(f"{ENTRIES}?x=1", body, content_type="application/json", headers=headers),
            401,
            "bad_signature",
        )

    @pytest.mark.parametrize("name", ["Desk-Id", "Desk-Nonce", "Desk-Signature"])
    def test_a_missing_header(self, client, counter, name):
        body = write_delivery(counter.delivery())
        headers = counter.headers("POST", ENTRIES, body)
        del headers[name]
        refused(
            client.post(ENTRIES, body, content_type="application/json", headers=headers), 400, "malformed"
        )

    @pytest.mark.parametrize(
        "headers",
        [{"Desk-Id": "1"}, {"Desk-Id": "0" * 32}, {"Desk-Nonce": "short"}, {"Desk-Nonce": "n" * 65}],
        ids=str,
    )
    def test_a_header_that_cannot_be_read(self, client, counter, headers):
        refused(counter.post(client, write_delivery(counter.delivery()), **headers), 400, "malformed")

    def test_a_replayed_call_stores_nothing_more(self, client, counter):
        body = write_delivery(counter.delivery([]))
        spent = nonce()
        assert counter.post(client, body, **{"Desk-Nonce": spent}).status_code == 200
        again = counter.post(client, body, **{"Desk-Nonce": spent})

        assert (again.status_code, json.loads(again.content)["code"]) == (409, "replayed")
        assert Anchor.objects.count() == 1

    def test_two_desks_may_use_the_same_nonce(self, client, counter):
        other, spent = Counter(name="2"), nonce()
        for one in (counter, other):
            assert (
                one.post(client, write_delivery(one.delivery()), **{"Desk-Nonce": spent}).status_code == 200
            )

    def test_a_desk_cannot_deliver_for_another(self, client, counter):
        other = Counter(name="2")
        refused(counter.post(client, write_delivery(other.delivery())), 400, "malformed")


class TestBadBodies:
    def body(self, counter, **changes):
        return msgspec.json.encode({**msgspec.to_builtins(counter.delivery()), **changes})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"{}",
            b'{"desk":1,"desk":2}',
            b'{"a":1.5}',
            b'{"a":9007199254740992}',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":"\\ud800"}',
        ],
        ids=lambda body: body[:20].decode("latin-1"),
    )
    def test_what_is_no_delivery(self, client, counter, body):
        refused(counter.post(client, body), 400, "malformed")

    @pytest.mark.parametrize(
        "changes",
        [
            {"more": 1},
            {"epoch": "a\0b"},
            {"epoch": ""},
            {"head": {"seq": 0, "sha256": "0" * 64}},
            {"head": {"seq": 2**53, "sha256": "0" * 64}},
            {"head": None},
            {"through": "yesterday"},
            {"through": "2027-04-01T09:00:00"},
            {"entries": [{"entry": "{}"}]},
            {"entries": [{"entry": 7, "form": None, "sig": ""}]},
            {"gauges": {"unsent": -1}},
        ],
        ids=str,
    )
    def test_a_delivery_with_a_wrong_field(self, client, counter, changes):
        refused(counter.post(client, self.body(counter, **changes)), 400, "malformed")

    def test_a_field_given_twice(self, client, counter):
        body = write_delivery(counter.delivery())
        refused(counter.post(client, body.replace(b'{"desk"', b'{"epoch":"e","desk"', 1)), 400, "malformed")

    def test_501_entries(self, client, counter):
        one = msgspec.to_builtins(deliver(counter.written[0]))
        refused(counter.post(client, self.body(counter, entries=[one] * 501)), 413, "too_large")

    def test_3_mib(self, client, counter):
        refused(counter.post(client, b" " * 3 * 1024 * 1024), 413, "too_large")

    def test_one_byte_too_many_is_refused_whatever_django_allows(self, client, counter, settings):
        body = write_delivery(counter.delivery()).ljust(DELIVERY_SIZE_MAX + 1)
        refused(counter.post(client, body), 413, "too_large")
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
        refused(counter.post(client, body[:4000]), 413, "too_large")

    def test_2_mib_are_read(self, client, counter, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = DELIVERY_SIZE_MAX
        body = write_delivery(counter.delivery()).ljust(DELIVERY_SIZE_MAX)
        assert counter.post(client, body).status_code == 200

    def test_an_announced_size_is_refused_before_a_byte_is_read(self, client, counter):
        headers = counter.headers("POST", ENTRIES, b"")

        class Unread:
            def read(self, *_size):
                raise AssertionError("the body was read")

            readline = read

        refused(
            client.generic(
                "POST",
                ENTRIES,
                content_type="application/json",
                headers=headers,
                CONTENT_LENGTH=str(3 * 1024 * 1024),
                **{"wsgi.input": Unread()},
            ),
            413,
            "too_large",
        )

    @pytest.mark.parametrize("length", ["", "many", "-5", "9" * 5000])
    def test_a_senseless_size(self, client, counter, length):
        headers = counter.headers("POST", ENTRIES, b"{}")
        response = client.generic(
            "POST", ENTRIES, b"{}", content_type="application/json", headers=headers, CONTENT_LENGTH=length
        )
        assert response.status_code in (400, 401, 413)
        assert response["Content-Type"] == PROBLEM


class TestAddresses:
    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
    def test_another_method(self, client, counter, method):
        response = getattr(client, method)(ENTRIES)

        assert (response.status_code, response["Content-Type"]) == (405, PROBLEM)
        assert response["Allow"] == "POST"

    @pytest.mark.parametrize(
        "path", ["/", "/api/desk/v1/", "/api/desk/v2/entries", "/api/desk/v1/entries/", "/a%00b"]
    )
    def test_an_unknown_address(self, client, path):
        refused(client.get(path), 404, "no_such_address")

    @pytest.mark.parametrize(
        ("sent", "spoken"), [("kk", "kk"), ("ru-RU,ru;q=0.9", "ru"), ("en", "en"), ("fr", "kk"), ("", "kk")]
    )
    def test_speaks_the_counters_language_kazakh_by_default(self, client, sent, spoken):
        body = refused(client.get("/x", headers={"Accept-Language": sent}), 404, "no_such_address")

        with translation.override(spoken):
            assert body["detail"] == translation.gettext("There is no such address.")


class TestWhenTheDatabaseIsDown:
    @pytest.mark.django_db(transaction=True)
    def test_the_desk_is_told_to_come_back(self, client, counter, settings):
        body = write_delivery(counter.delivery())
        headers = counter.headers("POST", ENTRIES, body)
        port = connections["default"].settings_dict["PORT"]
        connections.close_all()
        connections["default"].settings_dict["PORT"] = "9"  # nobody listens there
        try:
            response = client.post(ENTRIES, body, content_type="application/json", headers=headers)
        finally:
            connections.close_all()
            connections["default"].settings_dict["PORT"] = port

        assert (response.status_code, response["Content-Type"]) == (503, PROBLEM)
        assert json.loads(response.content)["code"] == "unavailable"
        assert int(response["Retry-After"]) > 0
        assert counter.post(client, body).status_code == 200


class TestOutcomes:
    def test_come_home_by_their_numbers(self, client, counter):
        about = counter.lodge(request_of())
        counter.send(client)
        take_in_entries(at=at(11))

        first = json.loads(counter.get(client, "/api/desk/v1/outcomes", "after=0").content)["outcomes"]
        rest = json.loads(counter.get(client, "/api/desk/v1/outcomes", f"after={first[0]['id']}").content)[
            "outcomes"
        ]

        assert [(o["seq"], o["state"], o["result"]) for o in first] == [
            (1, "noted", None),
            (2, "applied", str(about.application)),
        ]
        assert rest == first[1:]

    def test_are_the_desks_own(self, client, counter):
        counter.send(client)
        take_in_entries(at=at(11))

        other = json.loads(Counter(name="2").get(client, "/api/desk/v1/outcomes").content)
        assert other == {"v": 1, "outcomes": []}

    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 19, "٣", ""])
    def test_after_is_a_number(self, client, counter, after):
        response = counter.get(client, "/api/desk/v1/outcomes", f"after={after}")
        assert (response.status_code, json.loads(response.content)["code"]) in {
            (400, "malformed"),
            (401, "bad_signature"),
        }


class TestCatalogue:
    def test_names_what_a_desk_needs_and_is_sent_once(self, client, counter, django_assert_max_num_queries):
        intake = IntakeFactory()
        TerritoryFactory(school=intake.school)
        with django_assert_max_num_queries(12):
            response = counter.get(client, "/api/desk/v1/catalogue")
        body = json.loads(response.content)

        assert (body["campaign"]["year"], body["intakes"]) == (2027, [intake.name])
        assert body["territories"][0]["school"] == intake.school_id
        again = counter.get(client, "/api/desk/v1/catalogue", **{"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_names_the_days_that_differ_from_the_calendar(self, client, counter):
        IntakeFactory()
        Campaign.objects.update(moved_days={"2027-04-05": False})

        body = json.loads(counter.get(client, "/api/desk/v1/catalogue").content)

        assert body["campaign"]["moved_days"] == {"2027-04-05": False}

    def test_without_a_campaign(self, client, counter):
        CampaignFactory._meta.model.objects.all().delete()
        response = counter.get(client, "/api/desk/v1/catalogue")
        assert (response.status_code, json.loads(response.content)["code"]) == (404, "no_campaign")


class TestCodes:
    def ask(self, client, counter, number):
        body = msgspec.json.encode({"number": number})
        response = counter.post(client, body, path="/api/desk/v1/codes")
        return response.status_code, response.content

    def test_the_answer_never_tells_whether_the_number_exists(self, client, counter):
        number = ApplicationFactory().number

        answers = {self.ask(client, counter, one) for one in (number, "27-2222-2222-2", "nonsense", "\0")}
        assert answers == {(200, b'{"v":1}')}
        assert FamilyCode.objects.count() == 1

    def test_without_a_number(self, client, counter):
        assert self.ask(client, counter, "")[0] == 400


def test_a_revoked_desk_still_delivers(client, counter):
    revoke_desk(name="1", centre_code="AST-1", at=at(5))
    counter.write("open", Hours())

    assert [o["state"] for o in counter.send(client)["outcomes"]] == ["stored", "stored"]
