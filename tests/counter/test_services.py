"""What families may want of a counter, and why it says no."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.counter import agreement, selectors, services, signing_in
from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import AnchorSeen, Clerk, Identity, JournalEntry
from cscdesk.entry import public_bytes, read_entry, read_form
from tests.counter.centre import Centre
from tests.counter.conftest import NOON, PASSWORD, aisha

Lodge = Callable[..., JournalEntry]
At = Callable[..., Reading]


def test_a_correction_is_an_application_of_its_own(lodged: Lodge, at: At) -> None:
    first = lodged()

    new = services.correct(
        application=uuid4(),
        request=aisha(phone=None, replaces=str(first.application)),
        clerk="aigul",
        at=at(5),
    )

    assert new.kind == "correct"
    assert new.number != first.number
    assert new.replaces == first.application


def test_what_was_corrected_is_not_corrected_again(lodged: Lodge, at: At) -> None:
    first = lodged()
    request = aisha(phone=None, replaces=str(first.application))
    new = services.correct(application=uuid4(), request=request, clerk="aigul", at=at(5))

    with pytest.raises(services.AlreadyReplaced) as refused:
        services.correct(application=uuid4(), request=request, clerk="aigul", at=at(6))

    assert new.number in str(refused.value)


def test_a_correction_of_something_made_elsewhere_is_refused(enrolled: Identity, at: At) -> None:
    with pytest.raises(services.NoSuchApplication):
        services.correct(application=uuid4(), request=aisha(replaces=str(uuid4())), clerk="aigul", at=at())


def test_a_withdrawal_names_the_application_and_the_person(lodged: Lodge, at: At) -> None:
    made = lodged()

    row = services.withdraw(
        entry_id=uuid4(), number=made.number, person="850101199993", code="483920", clerk="aigul", at=at(5)
    )

    form = read_form(read_entry(bytes(row.entry)), bytes(row.form or b""))
    assert row.application == made.application
    assert form is not None
    assert msgspec.structs.asdict(form.content) == {"person": "850101199993", "code": "483920"}  # type: ignore[arg-type]


def test_a_withdrawal_of_an_application_from_the_portal_knows_its_number_alone(
    enrolled: Identity, at: At
) -> None:
    row = services.withdraw(
        entry_id=uuid4(), number="27-4KQ7-M2XD-W", person="850101199993", code="", clerk="aigul", at=at()
    )

    about = read_entry(bytes(row.entry)).about
    assert about is not None
    assert (about.application, about.number) == (None, "27-4KQ7-M2XD-W")


def test_a_withdrawal_sent_twice_is_one_entry(lodged: Lodge, at: At) -> None:
    made, entry_id = lodged(), uuid4()

    rows = [
        services.withdraw(
            entry_id=entry_id, number=made.number, person="850101199993", code="", clerk="aigul", at=at(n)
        )
        for n in (5, 6)
    ]

    assert rows[0].seq == rows[1].seq


def test_what_was_withdrawn_is_not_voided(lodged: Lodge, at: At) -> None:
    made = lodged()
    assert made.application is not None
    services.withdraw(
        entry_id=uuid4(), number=made.number, person="850101199993", code="", clerk="aigul", at=at(5)
    )

    with pytest.raises(services.AlreadyWithdrawn):
        services.void(
            entry_id=uuid4(), application=made.application, reason="x", code="", clerk="aigul", at=at(6)
        )


def test_a_voided_application_stays_in_the_journal(lodged: Lodge, at: At) -> None:
    made = lodged()
    assert made.application is not None

    row = services.void(
        entry_id=uuid4(),
        application=made.application,
        reason="typed twice",
        code="",
        clerk="aigul",
        at=at(5),
    )

    assert (row.kind, row.number) == ("void", made.number)
    assert selectors.application_by_number(number=made.number) == made
    assert list(agreement.find_broken_entries()) == []


@pytest.mark.parametrize(
    ("wall", "refusal"),
    [
        (datetime(2027, 4, 1, 2, 59, tzinfo=UTC), services.NotOpenYet),
        (datetime(2027, 8, 31, 14, 1, tzinfo=UTC), services.Over),
    ],
)
def test_outside_the_campaign_is_refused_in_words(
    enrolled: Identity, wall: datetime, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        services.lodge(
            application=uuid4(), request=aisha(), clerk="aigul", at=Reading(wall, "boot-1", 1_000_000)
        )


def test_a_slow_clock_sends_nobody_away_on_the_first_morning(enrolled: Identity) -> None:
    forty_minutes_slow = datetime(2027, 4, 1, 3, 21, tzinfo=UTC)

    row = services.lodge(
        application=uuid4(),
        request=aisha(),
        clerk="aigul",
        at=Reading(forty_minutes_slow, "boot-1", 1_000_000),
    )

    assert row.kind == "lodge"


def test_the_centres_time_goes_before_the_machines(enrolled: Identity, at: At) -> None:
    AnchorSeen(
        id=1, anchor="a1", time=datetime(2027, 4, 1, 3, 30, tzinfo=UTC), boot="boot-1",
        sent_boot_ms=at().boot_ms, received_at=NOON,
    ).save()  # fmt: skip

    with pytest.raises(services.NotOpenYet):
        services.lodge(application=uuid4(), request=aisha(), clerk="aigul", at=at())


def test_an_entry_cites_the_anchor_of_this_start_of_the_machine(lodged: Lodge, at: At) -> None:
    AnchorSeen(
        id=1, anchor="a1", time=NOON, boot="boot-1", sent_boot_ms=at().boot_ms, received_at=NOON
    ).save()

    cited = read_entry(bytes(lodged(minutes=2).entry)).at

    assert (cited.anchor, cited.elapsed_ms) == ("a1", 120_000)


def test_after_a_restart_of_the_machine_no_anchor_is_cited(enrolled: Identity, at: At) -> None:
    AnchorSeen(
        id=1, anchor="a1", time=NOON, boot="boot-1", sent_boot_ms=at().boot_ms, received_at=NOON
    ).save()

    row = services.lodge(application=uuid4(), request=aisha(), clerk="aigul", at=at(boot="boot-2"))

    cited = read_entry(bytes(row.entry)).at
    assert (cited.anchor, cited.elapsed_ms) == (None, None)


def test_a_new_key_begins_a_new_epoch_on_the_same_chain(lodged: Lodge, at: At, centre: Centre) -> None:
    lodged()
    before = Identity.objects.get()
    key = Ed25519PrivateKey.generate()

    start = services.start_epoch(
        enrolled=centre.enrolled(public_bytes(key)),
        private_key=key.private_bytes_raw(),
        api_url=centre.url,
        at=at(5),
        again=True,
    )

    assert (start.seq, start.kind) == (4, "start")
    assert Identity.objects.get().epoch != before.epoch
    assert list(agreement.find_broken_entries()) == []


def test_enrolled_twice_by_mistake_changes_nothing(enrolled: Identity, at: At, centre: Centre) -> None:
    key = Ed25519PrivateKey.generate()

    with pytest.raises(services.AlreadyEnrolled):
        services.start_epoch(
            enrolled=centre.enrolled(public_bytes(key)),
            private_key=key.private_bytes_raw(),
            api_url="",
            at=at(5),
        )

    assert Identity.objects.get().epoch == enrolled.epoch


def test_a_certificate_for_another_key_is_refused(book: Path, at: At, centre: Centre) -> None:
    with pytest.raises(services.WrongCertificate):
        services.start_epoch(
            enrolled=centre.enrolled(public_bytes(Ed25519PrivateKey.generate())),
            private_key=Ed25519PrivateKey.generate().private_bytes_raw(),
            api_url="",
            at=at(),
        )

    assert not Identity.objects.exists()
    assert not JournalEntry.objects.exists()


def test_ten_wrong_passwords_make_the_right_one_wait(clerk: Clerk, at: At) -> None:
    for _try in range(9):
        with pytest.raises(signing_in.WrongPassword):
            signing_in.clerk_signing_in(code="aigul", password="wrong", at=at().wall)
    with pytest.raises(signing_in.TooManyTries):
        signing_in.clerk_signing_in(code="aigul", password="wrong", at=at().wall)

    with pytest.raises(signing_in.TooManyTries):
        signing_in.clerk_signing_in(code="aigul", password=PASSWORD, at=at(4).wall)

    assert signing_in.clerk_signing_in(code="AIGUL", password=PASSWORD, at=at(6).wall) == clerk
