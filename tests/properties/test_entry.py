"""Whatever is written is read, whatever is changed is found, and two meanings are refused."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscdesk.clock import Given, Sight, bounded, bounds, lower_bound, whole_since
from cscdesk.entry import (
    About,
    At,
    BadSignature,
    Delivery,
    Gauges,
    Head,
    MalformedDelivery,
    MalformedEntry,
    MalformedText,
    UnknownKind,
    UnknownVersion,
    Voiding,
    check_chain,
    compose,
    deliver,
    read_delivery,
    read_entry,
    read_form,
    strict_json,
    verify,
    write_delivery,
)
from tests.cscdesk.journals import KEY, NINE, PUBLIC_KEY, journal

CHAIN = journal()
NAMES = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)
)
LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
LATEST = datetime.max.replace(tzinfo=UTC)
WHOLE = st.integers(0, 2**53 - 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=10,
)


@given(
    desk=st.uuids(),
    identity=st.uuids(),
    epoch=NAMES,
    head=st.builds(Head, seq=st.integers(1, 2**53 - 2), sha256=HASHES),
    at=st.builds(At, wall=INSTANTS, boot=NAMES, anchor=NAMES, elapsed_ms=WHOLE),
    reason=LETTERS,
    clerk=LETTERS,
    salt=st.binary(min_size=16, max_size=16),
)
def test_whatever_is_written_is_read_and_signed(desk, identity, epoch, head, at, reason, clerk, salt):
    about = About(application=identity, number="27-4KQ7-M2XD-W")

    sealed = compose(
        key=KEY, campaign=2027, desk=desk, epoch=epoch, head=head, kind="void", id=identity, about=about,
        clerk=clerk, at=at, content=Voiding(reason=reason, code=None), salt=salt,
    )  # fmt: skip

    entry = read_entry(sealed.entry)
    form = read_form(entry, sealed.form)
    assert (entry.desk, entry.id, entry.epoch, entry.about) == (desk, identity, epoch, about)
    assert (entry.seq, entry.prev, entry.at, entry.clerk) == (head.seq + 1, head.sha256, at, clerk)
    assert form is not None
    assert (form.salt, form.content) == (salt, Voiding(reason=reason, code=None))
    verify(PUBLIC_KEY, sealed.entry, sealed.sig)


@pytest.mark.parametrize("place", range(len(CHAIN)))
def test_every_flipped_byte_of_an_entry_is_found(place):
    sealed = CHAIN[place]
    for position in range(len(sealed.entry)):
        flipped = bytearray(sealed.entry)
        flipped[position] ^= 1
        with pytest.raises(BadSignature):
            verify(PUBLIC_KEY, bytes(flipped), sealed.sig)
        chain = [*CHAIN[:place], sealed._replace(entry=bytes(flipped)), *CHAIN[place + 1 :]]
        assert [(f.seq, f.wrong) for f in check_chain(chain)] == [(place + 1, "changed")]


@pytest.mark.parametrize("place", range(len(CHAIN)))
def test_every_flipped_byte_of_a_form_is_found(place):
    sealed = CHAIN[place]
    entry = read_entry(sealed.entry)
    assert sealed.form is not None
    for position in range(len(sealed.form)):
        flipped = bytearray(sealed.form)
        flipped[position] ^= 1
        with pytest.raises(MalformedEntry):
            read_form(entry, bytes(flipped))


@given(place=st.integers(0, len(CHAIN) - 1), bit=st.integers(0, 511))
def test_every_flipped_bit_of_a_signature_is_found(place, bit):
    sealed = CHAIN[place]
    flipped = bytearray(sealed.sig)
    flipped[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BadSignature):
        verify(PUBLIC_KEY, sealed.entry, bytes(flipped))


@given(missing=st.sets(st.integers(1, len(CHAIN) - 2), min_size=1))
def test_every_missing_entry_is_a_gap(missing):
    kept = [sealed for place, sealed in enumerate(CHAIN) if place not in missing]
    after_gaps = [place + 1 for place in range(len(CHAIN)) if place not in missing and place - 1 in missing]

    assert [(f.seq, f.wrong) for f in check_chain(kept)] == [(seq, "gap") for seq in after_gaps]


@given(value=st.dictionaries(LETTERS, PLAIN, max_size=4), is_ascii=st.booleans())
def test_plain_json_is_read_as_everybody_reads_it(value, is_ascii):
    assert strict_json(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@given(value=st.dictionaries(LETTERS, PLAIN, min_size=1, max_size=4), depth=st.integers(0, 4), data=st.data())
def test_a_key_given_twice_is_refused_at_any_depth(value, depth, data):
    key = data.draw(st.sampled_from(sorted(value)))
    text = f"{json.dumps(value)[:-1]},{json.dumps(key)}:0}}"
    for _level in range(depth):
        text = f'{{"a":[{text}]}}'

    with pytest.raises(MalformedText):
        strict_json(text.encode())


@given(number=st.integers(2**53, 2**70) | st.integers(-(2**70), -(2**53)) | st.floats())
def test_numbers_that_readers_may_round_are_refused(number):
    with pytest.raises(MalformedText):
        strict_json(json.dumps({"a": [number]}).encode())


@given(text=st.binary(max_size=300) | st.recursive(PLAIN, st.lists).map(lambda v: json.dumps(v).encode()))
def test_garbage_is_refused_by_name_and_by_nothing_else(text):
    with pytest.raises((MalformedEntry, UnknownVersion, UnknownKind)):
        read_entry(text)
    with pytest.raises(MalformedDelivery):
        read_delivery(text)


@given(data=st.data())
def test_a_field_of_any_other_value_never_breaks_the_reader(data):
    raw = json.loads(CHAIN[3].entry)
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(PLAIN)

    text = json.dumps(raw).encode()

    with suppress(MalformedEntry, UnknownVersion, UnknownKind):
        read_form(read_entry(text), CHAIN[3].form)


@given(
    places=st.lists(st.integers(0, len(CHAIN) - 1), max_size=20),
    unsent=WHOLE,
    through=INSTANTS,
    desk=st.uuids(),
)
def test_a_delivery_changes_no_byte(places: list[int], unsent: int, through: datetime, desk: UUID):
    delivery = Delivery(
        desk=desk,
        epoch="epoch-1",
        entries=[deliver(CHAIN[place]) for place in places],
        head=Head(seq=8, sha256=CHAIN[-1].sha256.hex()),
        through=through,
        gauges=Gauges(unsent=unsent, last_lodged=None, disk_mb=1),
    )

    arrived = read_delivery(write_delivery(delivery))

    assert arrived == delivery
    assert [entry.sealed() for entry in arrived.entries] == [CHAIN[place] for place in places]


@st.composite
def trees(draw) -> list[Sight]:
    """A journal with branches; parents before children."""
    entries: list[Sight] = []
    for n in range(draw(st.integers(1, 8))):
        parent = draw(st.integers(-1, n - 1))
        seen = NINE + timedelta(minutes=draw(st.integers(0, 30)))
        entries.append(
            Sight(f"e{n}", f"e{parent}" if parent >= 0 else draw(st.sampled_from([None, "x"])), seen)
        )
    return entries


GIVEN = st.lists(
    st.builds(
        Given,
        head=st.sampled_from(["x", None, *(f"e{n}" for n in range(8))]),
        at=st.integers(0, 30).map(lambda minute: NINE + timedelta(minutes=minute)),
    ),
    max_size=12,
)


@given(entries=trees(), anchors=GIVEN)
def test_bounds_are_what_the_rule_says_word_by_word(entries, anchors):
    by_name = {entry.sha256: entry for entry in entries}

    def ancestors(entry: Sight) -> list[str | None]:
        above = by_name.get(entry.prev or "")
        return [entry.prev, *(ancestors(above) if above else [])]

    def is_known_to_follow(later: Sight, entry: Sight) -> bool:
        """Whether every step from `entry` to `later` was stored when the chain up to `entry` was whole."""
        if later is entry:
            return True
        if later.seen_at > whole.get(entry.sha256, LATEST):
            return False
        above = by_name.get(later.prev or "")
        return above is not None and is_known_to_follow(above, entry)

    whole = whole_since(entries)
    found = bounds(entries=entries, anchors=anchors)

    for entry in entries:
        sight = min(e.seen_at for e in entries if is_known_to_follow(e, entry))
        told = [a.at for a in anchors if a.head and a.head in ancestors(entry) and a.at < sight]
        assert found[entry.sha256] == (max(told, default=None), sight)


@given(entries=trees(), anchors=GIVEN)
def test_link_by_link_gives_the_same_bounds(entries, anchors):
    found = bounds(entries=entries, anchors=anchors)
    before: dict[str | None, list[datetime]] = {None: []}

    for entry in entries:
        above = found.get(entry.prev or "")
        known = before.get(entry.prev, []) + [a.at for a in anchors if a.head and a.head == entry.prev]
        before[entry.sha256] = known
        assert found[entry.sha256].not_before == lower_bound(
            parent_lower=above.not_before if above else None,
            anchors=known,
            first_sight=found[entry.sha256].first_sight,
        )


@given(entries=trees(), anchors=GIVEN, minutes=st.integers(-5000, 5000), data=st.data())
def test_no_clock_leaves_its_bounds_and_no_order_moves_them(entries, anchors, minutes, data):
    found = bounds(entries=entries, anchors=anchors)

    again = bounds(
        entries=data.draw(st.permutations(entries + entries[:2])),
        anchors=data.draw(st.permutations(anchors + anchors[:2])),
    )

    assert again == found
    for lower, sight in found.values():
        counts_as = bounded(wall=NINE + timedelta(minutes=minutes), not_before=lower, first_sight=sight)
        assert (lower or counts_as) <= counts_as <= sight
