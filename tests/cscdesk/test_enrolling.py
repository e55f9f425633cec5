"""Binding a counter to its desk, and letting go of one."""

import json
from io import StringIO

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from cscdesk.entry import base64url, public_bytes, sign_call, verify_certificate
from cscdesk.models import Desk, DeskKey, EnrolmentCode, ReceiptPrefix
from cscdesk.services import CodeRefused, enroll_desk, issue_enrolment_code, revoke_desk
from cscdesk.services.enrolling import PREFIXES_GIVEN, KeyAlreadyKnown, NoSuchCentre, NoSuchDesk
from enrollment.keys import centre_public_key
from schools.models import Horizon
from schools.selectors.rosters import knowledge
from schools.selectors.visibility import visible_to
from schools.services.officials import add_official
from tests.cscdesk.desks import URLS, Counter, at, centre, nonce
from tests.factories import CampaignFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(URLS)]
PATH = "/api/desk/v1/enroll"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def _nine(clock_at):
    clock_at(at(0), rate=0)


@pytest.fixture
def code():
    CampaignFactory()
    centre()
    return issue_enrolment_code(name="1", centre_code="AST-1", at=at(0))


def key_bytes():
    return public_bytes(Ed25519PrivateKey.generate())


def enroll(client, typed, /, *, key=None, signer=None, **changes):
    key = key or Ed25519PrivateKey.generate()
    body = msgspec.json.encode({"code": typed, "public_key": base64url(public_bytes(key)), **changes})
    spent = nonce()
    signature = sign_call(
        key=signer or key, method="POST", path=PATH, query="", body=body, desk=NOBODY, nonce=spent
    )
    headers = {"Desk-Id": NOBODY, "Desk-Nonce": spent, "Desk-Signature": signature}
    response = client.post(PATH, body, content_type="application/json", headers=headers)
    return response.status_code, json.loads(response.content)


class TestOverHttp:
    def test_a_code_and_a_key_become_an_identity(self, client, code):
        key = Ed25519PrivateKey.generate()
        status, answer = enroll(client, code, key=key)

        assert status == 200
        desk = Desk.objects.get()
        assert (answer["desk"], answer["name"], answer["campaign"]) == (str(desk.id), "1", 2027)
        assert answer["centre_key"] == base64url(centre_public_key())
        certificate = verify_certificate(public_key=centre_public_key(), **answer["certificate"])
        assert certificate.prefixes == answer["prefixes"]
        assert certificate.public_key == base64url(public_bytes(key))
        assert answer["catalogue"]["centre"]["code"] == "AST-1"
        assert desk.enrolled_at == at(0)

    def test_the_new_desk_can_call_at_once(self, client, code):
        counter = Counter(name="2")
        key = Ed25519PrivateKey.generate()
        counter.desk.id, counter.key = enroll(client, code, key=key)[1]["desk"], key

        assert counter.get(client, "/api/desk/v1/catalogue").status_code == 200

    @pytest.mark.parametrize(
        "typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "]
    )
    def test_a_code_is_typed_as_people_type(self, client, code, typed):
        assert enroll(client, typed(code))[0] == 200

    def test_a_wrong_code(self, client, code):
        assert code
        status, answer = enroll(client, "AAAA-AAAA-AAAA")
        assert (status, answer["code"]) == (403, "code_refused")
        assert not DeskKey.objects.exists()
        assert not ReceiptPrefix.objects.exists()

    def test_a_code_works_once(self, client, code):
        assert enroll(client, code)[0] == 200
        assert enroll(client, code)[1]["code"] == "code_refused"
        assert DeskKey.objects.count() == 1

    def test_a_code_lives_15_minutes(self, client, code, clock_at):
        clock_at(at(15), rate=0)
        assert enroll(client, code)[1]["code"] == "code_refused"
        clock_at(at(14.9), rate=0)
        assert enroll(client, code)[0] == 200

    def test_a_newer_code_ends_the_older_one(self, client, code):
        newer = issue_enrolment_code(name="1", centre_code="AST-1", at=at(1))
        assert enroll(client, code)[0] == 403
        assert enroll(client, newer)[0] == 200

    def test_a_key_serves_one_desk_and_the_code_stays_good(self, client, code):
        counter = Counter(name="2")
        assert enroll(client, code, key=counter.key)[1]["code"] == "key_already_known"
        assert enroll(client, code)[0] == 200

    def test_who_brings_a_key_must_own_it(self, client, code):
        status, answer = enroll(client, code, signer=Ed25519PrivateKey.generate())
        assert (status, answer["code"]) == (401, "bad_signature")
        assert EnrolmentCode.objects.get().used_at is None

    @pytest.mark.parametrize("changes", [{"public_key": "x"}, {"public_key": 7}, {"code": None}], ids=str)
    def test_what_cannot_be_read(self, client, code, changes):
        status, answer = enroll(client, code, **changes)
        assert (status, answer["code"]) == (400, "malformed")


class TestServices:
    def test_prefixes_are_given_once(self, code):
        second = issue_enrolment_code(name="2", centre_code="AST-1", at=at(0))
        given = [
            prefix
            for one in (code, second)
            for prefix in enroll_desk(code=one, public_key=key_bytes(), at=at(1)).prefixes
        ]
        assert len(set(given)) == 2 * PREFIXES_GIVEN
        assert not [prefix for prefix in given if prefix.startswith("Q")]

    def test_a_desk_keeps_its_old_keys_to_check_old_entries(self, code):
        enroll_desk(code=code, public_key=key_bytes(), at=at(1))
        revoke_desk(name="1", centre_code="AST-1", at=at(2))
        again = issue_enrolment_code(name="1", centre_code="AST-1", at=at(3))
        enroll_desk(code=again, public_key=key_bytes(), at=at(4))

        assert Desk.objects.count() == 1
        assert list(DeskKey.objects.order_by("id").values_list("revoked_at", flat=True)) == [at(2), None]
        assert Desk.objects.get().revoked_at is None

    def test_a_desk_that_enrolled_and_never_called_is_not_heard_from(self, code):
        enrolled = enroll_desk(code=code, public_key=key_bytes(), at=at(1))

        horizon = Horizon.objects.get()
        assert (horizon.door, horizon.heard_at, horizon.through) == (str(enrolled.desk.id), None, None)
        assert (horizon.district_id, horizon.name_ru) == (
            enrolled.desk.centre.district_id,
            "ЦОН № 1, окно: 1",
        )
        official = add_official(
            email="esil@example.kz", full_name="Айгүл Есіл", district=horizon.district, at=at(1)
        ).account
        known = knowledge(
            visible=visible_to(account=official),
            campaign=horizon.campaign,
            at=at(2),
            district=horizon.district_id,
        )
        assert (known.desks, known.dark) == ([horizon], [horizon])

    def test_enrolling_again_keeps_what_the_desk_has_reported(self, code):
        enroll_desk(code=code, public_key=key_bytes(), at=at(1))
        Horizon.objects.update(heard_at=at(5), through=at(5))
        again = issue_enrolment_code(name="1", centre_code="AST-1", at=at(6))
        enroll_desk(code=again, public_key=key_bytes(), at=at(7))

        assert Horizon.objects.get().through == at(5)

    def test_a_refused_key_uses_no_code(self, code):
        counter = Counter(name="2")
        with pytest.raises(KeyAlreadyKnown):
            enroll_desk(code=code, public_key=public_bytes(counter.key), at=at(1))
        enroll_desk(code=code, public_key=key_bytes(), at=at(1))

    def test_revoking_twice_keeps_the_first_time(self):
        Counter()
        assert revoke_desk(name="1", centre_code="AST-1", at=at(2)) == 1
        assert revoke_desk(name="1", centre_code="AST-1", at=at(3)) == 0
        assert Desk.objects.get().revoked_at == DeskKey.objects.get().revoked_at == at(2)

    def test_what_is_not_there_is_named(self):
        with pytest.raises(NoSuchDesk, match="9"):
            revoke_desk(name="9", centre_code="AST-1", at=at(0))
        with pytest.raises(NoSuchCentre, match="NO"):
            issue_enrolment_code(name="1", centre_code="NO", at=at(0))
        with pytest.raises(CodeRefused):
            enroll_desk(code="", public_key=b"\0" * 32, at=at(0))


class TestCommands:
    def test_enroll_prints_a_code_that_works(self, client):
        CampaignFactory()
        centre()
        out = StringIO()
        call_command("desk_enroll", "7", "--centre", "AST-1", stdout=out)

        assert enroll(client, out.getvalue().strip())[1]["name"] == "7"

    def test_revoke_says_how_many(self):
        Counter()
        out = StringIO()
        call_command("desk_revoke", "1", "--centre", "AST-1", stdout=out)
        assert out.getvalue() == "1 keys revoked.\n"

    @pytest.mark.parametrize("command", ["desk_enroll", "desk_revoke"])
    def test_an_unknown_centre_is_refused_by_name(self, command):
        with pytest.raises(CommandError, match="NO-1"):
            call_command(command, "1", "--centre", "NO-1")
