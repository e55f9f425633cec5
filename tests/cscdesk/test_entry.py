"""The journal's format, version 1: final, held to exact bytes."""

import json
from typing import Any

import pytest

from cscdesk.entry import (
    SIZE_MAX,
    About,
    At,
    BadSignature,
    Head,
    Hours,
    MalformedEntry,
    Sealed,
    Start,
    UnknownKind,
    UnknownVersion,
    Voiding,
    Withdrawal,
    base64url,
    check_chain,
    compose,
    from_base64url,
    read_entry,
    read_form,
    sha256,
    verify,
)
from tests.cscdesk.journals import (
    APPLICATION,
    CENTRE_KEY,
    DAY,
    DESK,
    KEY,
    NINE,
    NUMBER,
    PUBLIC_KEY,
    REQUEST,
    head_of,
    journal,
)

START = (
    b'{"v":1,"campaign":2027,"desk":"0198f0a0-0000-7000-8000-000000000001","epoch":"epoch-1","seq":1,'
    b'"prev":null,"kind":"start","id":"0198f0a0-0000-7000-8000-000000000101","about":null,"clerk":"",'
    b'"at":{"wall":"2027-04-01T04:01:00Z","boot":"boot-1","anchor":null,"elapsed_ms":null},'
    b'"form_sha256":"243cd0887aeddf72115e7bc99b513807da29897c9d7241417f32cf8d4c02b71f","form_v":1}'
)
START_FORM = (
    b'{"salt":"01010101010101010101010101010101","reason":"first start",'
    b'"public_key":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}'
)
START_SIG = "OguLi8SGQ9y9ydsTFPlhaFnoTiNQDVnRMdGuUX1SQxcLci_3Kf7YRhdgvhxP3DpbwteuTzzXLd1-oRPLVQVmCw"
START_SHA256 = "7ded60a6c72af5d6fe0ffcc858d60461d910d6f1fd47aadbdf1f0d072961b605"

LODGE = (
    b'{"v":1,"campaign":2027,"desk":"0198f0a0-0000-7000-8000-000000000001","epoch":"epoch-1","seq":4,'
    b'"prev":"4a8126abb311a04fe00af61cd0a4e9760a7c7858fdab2897e03f792dbbb9b73f","kind":"lodge",'
    b'"id":"0198f0a0-0000-7000-8000-000000000401",'
    b'"about":{"application":"0198f0a0-0000-7000-8000-00000000000a","number":"27-4KQ7-M2XD-W"},'
    b'"clerk":"aigul","at":{"wall":"2027-04-01T04:04:00Z","boot":"boot-1","anchor":"a1","elapsed_ms":6000},'
    b'"form_sha256":"9bb1024b50f6403fdd274b23af19a0f1fb73de0e9a8086b7d4aec25d283b6114","form_v":1}'
)
LODGE_FORM = (
    '{"salt":"04040404040404040404040404040404","child":{"iin":"190401599990","document":null,'
    '"family_name":"Әбдірахман","given_name":"Айым","patronymic":"Ерланқызы","birth_date":"2021-04-01",'
    '"wish":false},"choices":["990140999995/kk"],"applicant":{"iin":"850101199993","document":null,'
    '"family_name":"Әбдірахман","given_name":"Ерлан","patronymic":""},"relation":"father",'
    '"document":{"type":"birth_certificate","number":"1234567"},"address":{"district":"711210000",'
    '"street":"Қабанбай батыр","house":"12","flat":"3"},"phone":"+77011234567","language":"kk","replaces":null}'
).encode()
LODGE_SIG = "lPspuk1o-yb8gFcdpZkujE4921YbuHLQ54aeY8h4vGOLygx2WVHeEqyh1R4jeQt6Q7k-rRJFcIUVwPvEzoVcAQ"
LODGE_SHA256 = "526101a14d18ba38c3f761b1a5f3bcfcf7e0643ea5fce3d65eba22f34c01a1b3"
LAST_SHA256 = "ade370576e889cd1c870d0f163fff9bba0dde1a288c9faa47b4cc8e9da425538"


def with_fields(text: bytes = LODGE, **fields: Any) -> bytes:
    return json.dumps({**json.loads(text), **fields}).encode()


def without(text: bytes, key: str) -> bytes:
    return json.dumps({k: v for k, v in json.loads(text).items() if k != key}).encode()


class TestGoldenBytes:
    def test_a_start_is_written_in_exactly_these_bytes(self):
        assert journal()[0] == Sealed(
            START, START_FORM, from_base64url(START_SIG, size=64), bytes.fromhex(START_SHA256)
        )

    def test_a_lodged_application_is_written_in_exactly_these_bytes(self):
        assert journal()[3] == Sealed(
            LODGE, LODGE_FORM, from_base64url(LODGE_SIG, size=64), bytes.fromhex(LODGE_SHA256)
        )

    def test_a_day_with_every_kind_ends_in_this_hash(self):
        assert journal()[-1].sha256.hex() == LAST_SHA256

    def test_open_and_close_carry_nothing_but_salt(self):
        assert journal()[2].form == b'{"salt":"03030303030303030303030303030303"}'


class TestReading:
    def test_what_was_written_is_read(self):
        entry = read_entry(LODGE)

        assert (entry.kind, entry.seq, entry.campaign, entry.desk) == ("lodge", 4, 2027, DESK)
        assert entry.about == About(application=APPLICATION, number=NUMBER)
        assert entry.at.elapsed_ms == 6000

    def test_a_form_of_every_kind_is_read_as_it_was_given(self):
        for sealed, (kind, content) in zip(journal(), DAY, strict=True):
            entry = read_entry(sealed.entry)
            form = read_form(entry, sealed.form)

            assert form is not None
            assert (entry.kind, form.content, form.salt) == (kind, content, bytes([entry.seq]) * 16)

    def test_an_erased_form_is_no_fault(self):
        assert read_form(read_entry(LODGE), None) is None

    def test_a_clerks_signature_may_be_there(self):
        assert read_entry(with_fields(clerk_sig="c2ln")).clerk_sig == "c2ln"

    def test_a_withdrawal_may_know_the_number_alone(self):
        text = with_fields(kind="withdraw", about={"application": None, "number": NUMBER})

        assert read_entry(text).about == About(application=None, number=NUMBER)

    def test_opening_hours_may_have_no_form_at_all(self):
        entry = read_entry(with_fields(kind="open", about=None, form_sha256=None))

        assert read_form(entry, None) is None
        with pytest.raises(MalformedEntry):
            read_form(entry, b'{"salt":"03030303030303030303030303030303"}')

    @pytest.mark.parametrize("key", sorted(json.loads(LODGE)))
    def test_every_field_must_be_there(self, key):
        with pytest.raises(MalformedEntry):
            read_entry(without(LODGE, key))

    @pytest.mark.parametrize(
        "fields",
        [
            {"more": 1},
            {"v": 0},
            {"v": "1"},
            {"v": True},
            {"campaign": 27},
            {"desk": "0198F0A0-0000-7000-8000-000000000001"},
            {"desk": "0198f0a0000070008000000000000001"},
            {"id": "1"},
            {"epoch": ""},
            {"epoch": "e" * 65},
            {"seq": 0},
            {"seq": 1},
            {"seq": "4"},
            {"seq": True},
            {"prev": None},
            {"prev": "4A" * 32},
            {"prev": "4a" * 31},
            {"prev": "4a" * 32 + "\n"},
            {"about": None},
            {"about": {"application": str(APPLICATION)}},
            {"about": {"application": None, "number": NUMBER}},
            {"about": {"application": str(APPLICATION), "number": "27-4kq7-m2xd-w"}},
            {"about": {"application": str(APPLICATION), "number": "27-0OI1-M2XD-W"}},
            {"about": {"application": str(APPLICATION).upper(), "number": NUMBER}},
            {"clerk": ""},
            {"clerk": None},
            {"clerk": 7},
            {"at": {"wall": "2027-04-01T09:00:00", "boot": "b", "anchor": None, "elapsed_ms": None}},
            {"at": {"wall": "0001-01-01T00:00:00+05:00", "boot": "b", "anchor": None, "elapsed_ms": None}},
            {"at": {"wall": "9999-12-31T23:59:59-05:00", "boot": "b", "anchor": None, "elapsed_ms": None}},
            {"at": {"wall": "yesterday", "boot": "b", "anchor": None, "elapsed_ms": None}},
            {"at": {"wall": "2027-04-01T09:00:00Z", "boot": "b", "anchor": None, "elapsed_ms": 5}},
            {"at": {"wall": "2027-04-01T09:00:00Z", "boot": "b", "anchor": "a", "elapsed_ms": -5}},
            {"at": {"wall": "2027-04-01T09:00:00Z", "boot": "b", "anchor": "a"}},
            {"form_sha256": None},
            {"form_v": 0},
            {"clerk_sig": None},
            {"kind": "open"},
            {"kind": "Lodge"},
            {"kind": "x" * 21},
        ],
        ids=str,
    )
    def test_a_wrong_field_is_refused(self, fields):
        with pytest.raises(MalformedEntry) as refused:
            read_entry(with_fields(**fields))

        assert refused.value.code == "malformed"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"null",
            b"[]",
            b"{",
            LODGE + b"x",
            b"\xef\xbb\xbf" + LODGE,
            LODGE.decode().encode("utf-16"),
            LODGE.replace(b"aigul", b"\xff"),
            LODGE.replace(b"aigul", rb"\ud800"),
            LODGE.replace(b"aigul", rb"\u0000"),
            LODGE.replace(b'"v":1', b'"v":1,"v":1'),
            LODGE.replace(b'"boot":"boot-1"', b'"boot":"boot-1","boot":"boot-1"'),
            LODGE.replace(b'"boot":"boot-1"', rb'"boot":"boot-1","b\u006fot":"boot-1"'),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":6000.0'),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":6e3'),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":NaN'),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":Infinity'),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":%d' % 2**53),
            LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":' + b"9" * 20_000),
            b"[" * 30_000,
            b'{"a":' * 6_000,
        ],
    )
    def test_what_is_not_one_plain_json_object_is_refused(self, text):
        with pytest.raises(MalformedEntry):
            read_entry(text)

    def test_the_largest_whole_number_is_read(self):
        text = LODGE.replace(b'"elapsed_ms":6000', b'"elapsed_ms":%d' % (2**53 - 1))

        assert read_entry(text).at.elapsed_ms == 2**53 - 1

    def test_32_kib_are_read_and_one_byte_more_is_not(self):
        assert read_entry(LODGE.ljust(SIZE_MAX)).seq == 4
        with pytest.raises(MalformedEntry):
            read_entry(LODGE.ljust(SIZE_MAX + 1))

    def test_a_newer_version_is_kept_for_later_with_its_place_in_the_chain(self):
        with pytest.raises(UnknownVersion) as parked:
            read_entry(with_fields(v=2, kind="swap", more={"new": [1]}))

        assert parked.value.code == "unknown_version"
        assert parked.value.link == read_entry(LODGE).link

    def test_a_newer_version_without_a_readable_place_is_kept_too(self):
        with pytest.raises(UnknownVersion) as parked:
            read_entry(b'{"v":2}')

        assert parked.value.link is None

    def test_an_unknown_kind_is_kept_for_later(self):
        with pytest.raises(UnknownKind) as parked:
            read_entry(with_fields(kind="swap"))

        assert parked.value.code == "unknown_kind"
        assert parked.value.entry.link == read_entry(LODGE).link


class TestForms:
    def entry_for(self, form: bytes, **fields: Any):
        return read_entry(with_fields(form_sha256=sha256(form).hex(), **fields))

    def test_another_form_than_the_one_named_is_refused(self):
        with pytest.raises(MalformedEntry):
            read_form(read_entry(LODGE), LODGE_FORM.replace(b"711210000", b"711310000"))

    def test_salt_comes_first(self):
        form = json.dumps({**json.loads(without(LODGE_FORM, "salt")), "salt": "04" * 16}).encode()

        with pytest.raises(MalformedEntry):
            read_form(self.entry_for(form), form)

    @pytest.mark.parametrize("salt", ["04" * 15, "0G" * 16, "04" * 16 + "\n", 4, None])
    def test_salt_is_16_bytes_in_hex(self, salt):
        form = with_fields(LODGE_FORM, salt=salt)

        with pytest.raises(MalformedEntry):
            read_form(self.entry_for(form), form)

    @pytest.mark.parametrize("key", sorted(json.loads(LODGE_FORM)))
    def test_every_key_of_the_kind_must_be_there(self, key):
        form = without(LODGE_FORM, key)

        with pytest.raises(MalformedEntry):
            read_form(self.entry_for(form), form)

    @pytest.mark.parametrize(
        "fields", [{"more": 1}, {"choices": "990140999995/kk"}, {"child": {}}, {"language": None}], ids=str
    )
    def test_no_other_key_and_no_other_kind_of_value(self, fields):
        form = with_fields(LODGE_FORM, **fields)

        with pytest.raises(MalformedEntry):
            read_form(self.entry_for(form), form)

    @pytest.mark.parametrize("public_key", ["", "A" * 42, "A" * 43 + "=", "ы" * 43])
    def test_a_start_names_a_key_of_32_bytes(self, public_key):
        form = with_fields(START_FORM, public_key=public_key)
        entry = read_entry(with_fields(START, form_sha256=sha256(form).hex()))

        with pytest.raises(MalformedEntry):
            read_form(entry, form)

    def test_a_newer_form_is_kept_for_later(self):
        form = b'{"salt":"04","new":1}'

        with pytest.raises(UnknownVersion) as parked:
            read_form(self.entry_for(form, form_v=2), form)

        assert parked.value.link == read_entry(LODGE).link

    def test_the_form_of_an_unknown_kind_is_kept_for_later(self):
        with pytest.raises(UnknownKind) as parked:
            read_entry(with_fields(kind="swap"))

        with pytest.raises(UnknownKind):
            read_form(parked.value.entry, LODGE_FORM)

    def test_a_form_longer_than_32_kib_is_refused(self):
        form = LODGE_FORM.ljust(SIZE_MAX + 1)

        with pytest.raises(MalformedEntry):
            read_form(self.entry_for(form), form)
        fits = LODGE_FORM.ljust(SIZE_MAX)
        assert read_form(self.entry_for(fits), fits) is not None


class TestWriting:
    def compose(self, **fields: Any) -> Sealed:
        return compose(
            **{
                "key": KEY,
                "campaign": 2027,
                "desk": DESK,
                "epoch": "epoch-1",
                "head": Head(seq=1, sha256=START_SHA256),
                "kind": "void",
                "id": APPLICATION,
                "about": About(application=APPLICATION, number=NUMBER),
                "clerk": "aigul",
                "at": At(wall=NINE, boot="boot-1", anchor=None, elapsed_ms=None),
                "content": Voiding(reason="typed twice", code=None),
                **fields,
            }
        )

    def test_every_form_gets_a_salt_of_its_own(self):
        one, two = self.compose(), self.compose()

        assert one.form != two.form
        assert one.sha256 != two.sha256

    @pytest.mark.parametrize(
        "fields",
        [
            {"about": None},
            {"clerk": ""},
            {"head": None},
            {"epoch": "two words"},
            {"kind": "open", "content": Hours()},
            {"content": Voiding(reason="", code=None)},
            {"content": Voiding(reason="x" * 1001, code=None)},
            {"kind": "withdraw", "content": Withdrawal(person="", code=None)},
            {"kind": "start", "about": None, "content": Start(reason="restore", public_key="short")},
        ],
        ids=str,
    )
    def test_what_could_not_be_read_is_never_signed(self, fields):
        with pytest.raises(MalformedEntry):
            self.compose(**fields)

    def test_a_form_of_another_kind_is_a_mistake_of_the_caller(self):
        with pytest.raises(TypeError):
            self.compose(content=Hours())

    def test_entry_and_form_together_fit_in_32_kib(self):
        choices = ["990140999995/kk"] * 1_750
        request = REQUEST.__class__(
            **{**{f: getattr(REQUEST, f) for f in REQUEST.__struct_fields__}, "choices": choices}
        )

        sealed = self.compose(kind="lodge", content=request)
        assert SIZE_MAX - 3000 < len(sealed.entry) + len(sealed.form or b"") <= SIZE_MAX
        request.choices.extend(["990140999995/kk"] * 200)
        with pytest.raises(MalformedEntry):
            self.compose(kind="lodge", content=request)


class TestSignatures:
    def test_the_desks_key_checks_its_entries(self):
        for sealed in journal():
            verify(PUBLIC_KEY, sealed.entry, sealed.sig)

    def test_another_key_does_not(self):
        sealed = journal()[0]

        with pytest.raises(BadSignature):
            verify(CENTRE_KEY.public_key().public_bytes_raw(), sealed.entry, sealed.sig)

    def test_a_signature_for_another_purpose_does_not_count(self):
        with pytest.raises(BadSignature):
            verify(PUBLIC_KEY, START, KEY.sign(b"qabyldau/1/anchor\0" + sha256(START)))

    @pytest.mark.parametrize("sig", [b"", b"x" * 63, b"x" * 65])
    def test_what_cannot_be_a_signature_is_a_bad_one(self, sig):
        with pytest.raises(BadSignature):
            verify(PUBLIC_KEY, START, sig)

    @pytest.mark.parametrize("text", ["", "AAA=", "A A", "ыы", "AAB", "AAAA"])
    def test_two_bytes_have_one_text_only(self, text):
        with pytest.raises(ValueError, match="base64url"):
            from_base64url(text, size=2)

        assert from_base64url("AAA", size=2) == b"\0\0"
        assert base64url(b"\0\0") == "AAA"


class TestChain:
    def faults(self, chain):
        return [(f.seq, f.wrong) for f in check_chain(chain, public_key_of={"epoch-1": PUBLIC_KEY}.get)]

    def test_a_sound_day_has_no_fault(self):
        assert self.faults(journal()) == []

    def test_erased_forms_are_no_fault(self):
        assert self.faults([sealed._replace(form=None) for sealed in journal()]) == []

    def test_a_changed_entry_is_named_and_nothing_else(self):
        chain = journal()
        chain[3] = chain[3]._replace(entry=chain[3].entry.replace(b"04:04:00Z", b"04:03:00Z"))

        assert self.faults(chain) == [(4, "changed")]

    def test_a_changed_entry_with_a_fitting_hash_has_no_signature(self):
        chain = journal()
        entry = chain[3].entry.replace(b"04:04:00Z", b"04:03:00Z")
        chain[3] = chain[3]._replace(entry=entry, sha256=sha256(entry))

        assert self.faults(chain) == [(4, "changed"), (5, "gap")]

    def test_an_entry_that_was_never_readable_is_named(self):
        chain = journal()
        chain[3] = Sealed(b"{}", None, b"", sha256(b"{}"))

        assert self.faults(chain) == [(4, "malformed"), (5, "gap")]

    def test_a_changed_form_is_named(self):
        chain = journal()
        chain[3] = chain[3]._replace(form=LODGE_FORM.replace(b"711210000", b"711310000"))

        assert self.faults(chain) == [(4, "form")]

    def test_a_missing_entry_is_a_gap_before_the_next_one(self):
        chain = journal()
        del chain[3]

        assert self.faults(chain) == [(5, "gap")]

    def test_two_entries_after_one_are_a_fork_and_both_branches_are_walked(self):
        chain = journal()
        clone = journal([("close", Hours()), ("open", Hours())], after=head_of(chain[4], seq=5))

        assert self.faults([*chain, *clone]) == [(6, "fork")]

    def test_an_unknown_epoch_is_not_believed(self):
        assert self.faults(journal(epoch="epoch-2")) == [(seq, "changed") for seq in range(1, 9)]

    def test_a_newer_version_in_between_breaks_nothing(self):
        chain = journal()[:4]
        entry = json.dumps({**json.loads(chain[3].entry), "v": 2, "seq": 5, "prev": LODGE_SHA256}).encode()
        newer = Sealed(entry, None, KEY.sign(b"qabyldau/1/entry\0" + sha256(entry)), sha256(entry))
        after = journal([("close", Hours())], after=head_of(newer, seq=5))

        assert self.faults([*chain, newer, *after]) == []
