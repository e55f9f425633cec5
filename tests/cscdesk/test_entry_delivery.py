"""Calls, anchors, certificates and deliveries: held to exact bytes, and read strictly."""

import json

import msgspec
import pytest

from cscdesk.entry import (
    DELIVERY_SIZE_MAX,
    Anchor,
    Answer,
    BadSignature,
    Certificate,
    DeliveredEntry,
    Delivery,
    Gauges,
    MalformedAnchor,
    MalformedCertificate,
    MalformedDelivery,
    Outcome,
    SignedText,
    TooLarge,
    base64url,
    call_text,
    compose_anchor,
    compose_certificate,
    deliver,
    key_id,
    public_bytes,
    read_anchor,
    read_answer,
    read_certificate,
    read_delivery,
    sha256,
    sign_call,
    verify_anchor,
    verify_call,
    verify_certificate,
    write_answer,
    write_delivery,
)
from tests.cscdesk.journals import CENTRE_KEY, DESK, KEY, NINE, PUBLIC_KEY, head_of, journal

CENTRE_PUBLIC_KEY = public_bytes(CENTRE_KEY)
CALL = {
    "method": "POST",
    "path": "/api/desk/v1/entries",
    "query": "",
    "body": b"{}",
    "desk": DESK,
    "nonce": "n-1",
}
CALL_SIGNATURE = "cbxg4pFfBz8mzRkpKQRGaCA1KVZxylUw8LcNs382GX3taHuGWhLJTteIlI1R69fCrAmRV8rH5WgekZQ3eFcoDQ"
LODGE_HEAD = head_of(journal()[3], seq=4)
ANCHOR = Anchor(
    id="a1",
    desk=DESK,
    nonce="n-1",
    boot="boot-1",
    head=LODGE_HEAD,
    stored_through=None,
    time=NINE,
    key=key_id(CENTRE_PUBLIC_KEY),
)
SIGNED_ANCHOR = SignedText(
    text='{"id":"a1","desk":"0198f0a0-0000-7000-8000-000000000001","nonce":"n-1","boot":"boot-1","head":{"seq":4,'
    '"sha256":"526101a14d18ba38c3f761b1a5f3bcfcf7e0643ea5fce3d65eba22f34c01a1b3"},"stored_through":null,'
    '"time":"2027-04-01T04:00:00Z","key":"24f6ed6acbfe1009"}',
    sig="amk-BSzXeVJGCGpbWUmPgGGKB5vQTimJs4Z0V1ZzZeahyZY-3QYfck0l_9AXY4EoyqlhYGtsWAl_9hJFxdCpCQ",
)
CERTIFICATE = Certificate(
    desk=DESK,
    name="Window 1",
    centre="ASTANA-1",
    public_key=base64url(PUBLIC_KEY),
    prefixes=["4KQ", "4KR"],
    issued_at=NINE,
    key=key_id(CENTRE_PUBLIC_KEY),
)
SIGNED_CERTIFICATE = SignedText(
    text='{"desk":"0198f0a0-0000-7000-8000-000000000001","name":"Window 1","centre":"ASTANA-1",'
    '"public_key":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg","prefixes":["4KQ","4KR"],'
    '"issued_at":"2027-04-01T04:00:00Z","key":"24f6ed6acbfe1009"}',
    sig="pUpt3wPch_QeJluQ9-ZVpHGJgNE9Ns4vjQ4fM7302M396CiS9AmDkes5U1j-J-ROwTctoiiD5O3y67__TnRuCw",
)


def delivery(**fields) -> Delivery:
    return Delivery(
        **{
            "desk": DESK,
            "epoch": "epoch-1",
            "entries": [deliver(sealed) for sealed in journal()[:4]],
            "head": LODGE_HEAD,
            "through": NINE,
            "gauges": Gauges(unsent=4, last_lodged=NINE, disk_mb=900),
            **fields,
        }
    )


class TestCalls:
    def test_these_bytes_are_signed(self):
        assert call_text(**CALL) == (
            b"qabyldau/1/call\0POST\n/api/desk/v1/entries\n\n"
            b"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n"
            b"0198f0a0-0000-7000-8000-000000000001\nn-1\n"
        )
        assert sign_call(key=KEY, **CALL) == CALL_SIGNATURE

    def test_the_desks_own_call_is_believed(self):
        verify_call(public_key=PUBLIC_KEY, signature=CALL_SIGNATURE, **CALL)

    @pytest.mark.parametrize(
        "changed",
        [
            {"method": "GET"},
            {"path": "/api/desk/v1/outcomes"},
            {"query": "after=0"},
            {"body": b"{} "},
            {"desk": "0198f0a0-0000-7000-8000-000000000002"},
            {"nonce": "n-2"},
            {"nonce": "n-1\n"},
            {"signature": ""},
            {"signature": CALL_SIGNATURE + "=="},
            {"signature": CALL_SIGNATURE[::-1]},
            {"signature": "ы"},
            {"public_key": CENTRE_PUBLIC_KEY},
            {"public_key": b""},
        ],
        ids=str,
    )
    def test_any_other_word_is_not(self, changed):
        with pytest.raises(BadSignature) as refused:
            verify_call(**{"public_key": PUBLIC_KEY, "signature": CALL_SIGNATURE, **CALL, **changed})

        assert refused.value.code == "bad_signature"

    def test_a_line_break_cannot_move_words_from_one_line_to_the_next(self):
        with pytest.raises(ValueError, match="line break"):
            call_text(**{**CALL, "path": "/api\n", "query": ""})


class TestAnchors:
    def test_an_anchor_is_written_in_exactly_these_bytes(self):
        assert compose_anchor(key=CENTRE_KEY, anchor=ANCHOR) == SIGNED_ANCHOR

    def test_a_signed_anchor_is_read(self):
        assert (
            verify_anchor(public_key=CENTRE_PUBLIC_KEY, text=SIGNED_ANCHOR.text, sig=SIGNED_ANCHOR.sig)
            == ANCHOR
        )

    def test_what_was_stored_is_told(self):
        anchor = msgspec.structs.replace(ANCHOR, stored_through=LODGE_HEAD, boot=None)
        signed = compose_anchor(key=CENTRE_KEY, anchor=anchor)

        assert read_anchor(signed.text) == anchor

    def test_a_changed_letter_is_found(self):
        with pytest.raises(BadSignature):
            verify_anchor(
                public_key=CENTRE_PUBLIC_KEY,
                text=SIGNED_ANCHOR.text.replace("04:00:00", "05:00:00"),
                sig=SIGNED_ANCHOR.sig,
            )

    @pytest.mark.parametrize("text", ["", "\ud800", "<html>Wi-Fi</html>"])
    def test_a_captive_portal_is_no_centre(self, text):
        with pytest.raises(BadSignature):
            verify_anchor(public_key=CENTRE_PUBLIC_KEY, text=text, sig=SIGNED_ANCHOR.sig)

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "[]",
            SIGNED_ANCHOR.text.replace('"id"', '"id":"a1","id"'),
            SIGNED_ANCHOR.text.replace('"seq":4', '"seq":4.0'),
            SIGNED_ANCHOR.text.replace('"seq":4', '"seq":0'),
            SIGNED_ANCHOR.text.replace('"key"', '"more":1,"key"'),
        ],
    )
    def test_what_is_signed_but_no_anchor_is_refused(self, text):
        sig = base64url(CENTRE_KEY.sign(b"qabyldau/1/anchor\0" + sha256(text.encode())))

        with pytest.raises(MalformedAnchor):
            verify_anchor(public_key=CENTRE_PUBLIC_KEY, text=text, sig=sig)


class TestCertificates:
    def test_a_certificate_is_written_in_exactly_these_bytes(self):
        assert compose_certificate(key=CENTRE_KEY, certificate=CERTIFICATE) == SIGNED_CERTIFICATE

    def test_a_signed_certificate_is_read(self):
        certificate = verify_certificate(
            public_key=CENTRE_PUBLIC_KEY, text=SIGNED_CERTIFICATE.text, sig=SIGNED_CERTIFICATE.sig
        )

        assert certificate == CERTIFICATE

    def test_a_desk_cannot_certify_itself(self):
        signed = compose_certificate(key=KEY, certificate=CERTIFICATE)

        with pytest.raises(BadSignature):
            verify_certificate(public_key=CENTRE_PUBLIC_KEY, text=signed.text, sig=signed.sig)

    def test_an_anchors_signature_certifies_nothing(self):
        sig = base64url(CENTRE_KEY.sign(b"qabyldau/1/anchor\0" + sha256(SIGNED_CERTIFICATE.text.encode())))

        with pytest.raises(BadSignature):
            verify_certificate(public_key=CENTRE_PUBLIC_KEY, text=SIGNED_CERTIFICATE.text, sig=sig)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"4KR"', '"4kr"'),
            ('"A6EH', '"A6E'),
            ('"name"', '"title"'),
            ('"name"', '"key":"","name"'),
            ("{", ""),
        ],
    )
    def test_another_shape_is_refused(self, old, new):
        assert old in SIGNED_CERTIFICATE.text

        with pytest.raises(MalformedCertificate):
            read_certificate(SIGNED_CERTIFICATE.text.replace(old, new))


class TestDeliveries:
    def test_entries_arrive_as_they_were_stored(self):
        arrived = read_delivery(write_delivery(delivery()))

        assert arrived == delivery()
        assert [entry.sealed() for entry in arrived.entries] == journal()[:4]

    def test_an_erased_form_travels_as_null(self):
        sealed = journal()[3]._replace(form=None)

        assert deliver(sealed).sealed() == sealed

    def test_a_heartbeat_carries_no_entries(self):
        assert read_delivery(write_delivery(delivery(entries=[]))).entries == []

    def test_the_boot_may_be_told(self):
        assert b'"boot"' not in write_delivery(delivery())
        assert read_delivery(write_delivery(delivery(boot="boot-1"))).boot == "boot-1"

    def test_new_gauges_of_a_newer_counter_are_passed_over(self):
        body = write_delivery(delivery()).replace(b'"disk_mb"', b'"paper":3,"disk_mb"')

        assert read_delivery(body).gauges == delivery().gauges

    def test_a_bad_entry_is_a_matter_of_its_own(self):
        bad = DeliveredEntry(entry="not\0json", form=None, sig="?")

        arrived = read_delivery(write_delivery(delivery(entries=[bad, deliver(journal()[0])])))

        with pytest.raises(BadSignature):
            arrived.entries[0].sealed()
        assert arrived.entries[1].sealed() == journal()[0]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"epoch"', b'"epoch":"e","epoch"'),
            (b'"sig":', b'"sig":"","sig":'),
            (b'"unsent":4', b'"unsent":4.5'),
            (b'"unsent":4', b'"unsent":9007199254740992'),
            (b'"unsent":4', b'"unsent":-1'),
            (b'"unsent":4', b'"unsent":4,"unsent":4'),
            (b'"through"', b'"until"'),
            (b'"head"', b'"more":1,"head"'),
            (b'"epoch-1"', b'"\xff"'),
            (b'"epoch-1"', b'"\\ud83d"'),
            (b'"form":null', b'"form":7'),
            (b"2027-04-01T04:00:00Z", b"2027-04-01 soon"),
        ],
    )
    def test_a_malformed_delivery_is_refused_whole(self, old, new):
        body = write_delivery(
            delivery(entries=[deliver(journal()[0]), deliver(journal()[3]._replace(form=None))])
        )
        assert old in body

        with pytest.raises(MalformedDelivery) as refused:
            read_delivery(body.replace(old, new))

        assert refused.value.code == "malformed"

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\x1f\x8b", b"[" * 100_000, b"9" * 100_000])
    def test_what_is_no_json_object_is_refused(self, body):
        with pytest.raises(MalformedDelivery):
            read_delivery(body)

    def test_500_entries_go_at_once_and_501_do_not(self):
        entry = DeliveredEntry(entry="{}", form=None, sig="")

        assert len(read_delivery(write_delivery(delivery(entries=[entry] * 500))).entries) == 500
        with pytest.raises(TooLarge):
            write_delivery(delivery(entries=[entry] * 501))
        with pytest.raises(TooLarge) as refused:
            read_delivery(msgspec.json.encode(delivery(entries=[entry] * 501)))
        assert refused.value.code == "too_large"

    def test_2_mib_go_at_once_and_one_byte_more_does_not(self):
        body = write_delivery(delivery()).ljust(DELIVERY_SIZE_MAX)

        assert read_delivery(body) == delivery()
        with pytest.raises(TooLarge):
            read_delivery(body + b" ")
        with pytest.raises(TooLarge):
            write_delivery(
                delivery(entries=[DeliveredEntry(entry="x" * DELIVERY_SIZE_MAX, form=None, sig="")])
            )


class TestAnswers:
    ANSWER = Answer(
        v=1,
        outcomes=[
            Outcome(sha256=LODGE_HEAD.sha256, seq=4, state="stored", code=None, reason=None),
            Outcome(sha256="0" * 64, seq=None, state="parked", code="malformed", reason="оқылмады"),
        ],
        anchor=SIGNED_ANCHOR,
    )

    def test_an_answer_is_read_as_it_was_given(self):
        assert read_answer(write_answer(self.ANSWER)) == self.ANSWER

    def test_more_words_of_a_newer_centre_are_passed_over(self):
        body = write_answer(self.ANSWER).replace(b'"v":1', b'"v":1,"news":[]')

        assert read_answer(body) == self.ANSWER

    @pytest.mark.parametrize(
        "body", [b"<html>", b"{}", b"", json.dumps({"v": 1, "outcomes": [], "anchor": None}).encode()]
    )
    def test_a_captive_portal_is_no_answer(self, body):
        with pytest.raises(MalformedDelivery):
            read_answer(body)
