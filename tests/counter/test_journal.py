"""The append: one chain, in the file before anybody sees a receipt, and never changed."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from cscdesk.counter import agreement, journal, selectors, services
from cscdesk.counter.clocks import Reading
from cscdesk.counter.models import Identity, JournalEntry
from cscdesk.entry import Hours, read_entry, read_form
from enrollment.receipts import parse_number
from tests.counter.conftest import aisha

Lodge = Callable[..., JournalEntry]
At = Callable[..., Reading]


def test_the_first_family_opens_the_desk(lodged: Lodge) -> None:
    lodged()

    assert [e.kind for e in JournalEntry.objects.all()] == ["start", "open", "lodge"]


def test_every_entry_names_the_one_before(lodged: Lodge) -> None:
    for minute in range(5):
        lodged(minutes=minute)

    rows = list(JournalEntry.objects.order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, 8))
    assert [row.prev and bytes(row.prev) for row in rows[1:]] == [bytes(r.sha256) for r in rows[:-1]]
    assert list(agreement.find_broken_entries()) == []


def test_the_entry_is_of_format_version_1(lodged: Lodge, at: At) -> None:
    row = lodged()

    entry = read_entry(bytes(row.entry))
    form = read_form(entry, bytes(row.form or b""))
    assert (entry.campaign, entry.kind, entry.clerk) == (2027, "lodge", "aigul")
    assert entry.about is not None
    assert (entry.about.application, entry.about.number) == (row.application, row.number)
    assert entry.at.wall == at().wall
    assert (entry.at.boot, entry.at.anchor, entry.at.elapsed_ms) == ("boot-1", None, None)
    assert form is not None
    assert form.content == aisha()


def test_numbers_bear_the_prefix_of_the_epoch_and_none_comes_twice(lodged: Lodge) -> None:
    numbers = [lodged(minutes=minute).number for minute in range(20)]

    assert all(number.startswith("27-4KQ") and parse_number(number) == number for number in numbers)
    assert len(set(numbers)) == 20


def test_sent_twice_finds_the_first_receipt(lodged: Lodge) -> None:
    application = uuid4()
    first = lodged(application=application)

    again = lodged(application=application, minutes=5)

    assert (again.seq, again.number) == (first.seq, first.number)
    assert JournalEntry.objects.filter(kind="lodge").count() == 1


def test_the_same_id_with_other_answers_is_refused(lodged: Lodge) -> None:
    application = uuid4()
    lodged(application=application)

    with pytest.raises(services.IdReused):
        lodged(application=application, relation="guardian")

    assert JournalEntry.objects.filter(kind="lodge").count() == 1


def test_eight_clicks_at_once_leave_one_entry(enrolled: Identity, at: At) -> None:
    application, numbers, ready = uuid4(), [], threading.Barrier(8)

    def click() -> None:
        ready.wait()
        try:
            numbers.append(
                services.lodge(application=application, request=aisha(), clerk="aigul", at=at()).number
            )
        finally:
            connection.close()

    _all_at_once([click] * 8)

    assert len(numbers) == 8
    assert len(set(numbers)) == 1
    assert JournalEntry.objects.filter(kind="lodge").count() == 1


def test_eight_families_at_once_make_one_chain(enrolled: Identity, at: At) -> None:
    ready = threading.Barrier(8)

    def family() -> None:
        ready.wait()
        try:
            services.lodge(application=uuid4(), request=aisha(), clerk="aigul", at=at())
        finally:
            connection.close()

    _all_at_once([family] * 8)

    assert JournalEntry.objects.filter(kind="lodge").count() == 8
    assert list(agreement.find_broken_entries()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counter_journalentry SET number = '27-4KQ2-2222-2'",
        "UPDATE counter_journalentry SET form = NULL",
        "DELETE FROM counter_journalentry",
        "INSERT OR REPLACE INTO counter_journalentry SELECT * FROM counter_journalentry WHERE seq = 1",
    ],
)
def test_the_file_refuses_to_change_an_entry(lodged: Lodge, statement: str) -> None:
    lodged()
    before = list(JournalEntry.objects.values_list("seq", "sha256", "number"))

    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)

    assert list(JournalEntry.objects.values_list("seq", "sha256", "number")) == before


def test_nothing_follows_an_entry_twice(lodged: Lodge) -> None:
    row = lodged()
    twin = JournalEntry.objects.get(pk=row.pk)
    twin.seq, twin.sha256, twin.entry_id, twin.kind = 99, b"x" * 32, uuid4(), "open"

    with pytest.raises(DatabaseError):
        twin.save(force_insert=True)


def test_an_append_outside_a_transaction_is_an_error(enrolled: Identity, at: At) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        journal.append(identity=enrolled, kind="open", content=Hours(), entry_id=uuid4(), at=at())


def test_a_commit_is_on_the_disk(book: Path) -> None:
    with connection.cursor() as cursor:
        pragmas = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        ]

    assert pragmas == ["wal", 2, 1, 1]
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_changed_bytes_are_named_by_their_number(lodged: Lodge) -> None:
    lodged()
    bad = lodged(minutes=1)
    lodged(minutes=2)
    _behind_the_triggers(
        "UPDATE counter_journalentry SET entry = replace(entry, 'aigul', 'dauren') WHERE seq = ?", bad.seq
    )

    assert [(fault.seq, fault.wrong) for fault in agreement.find_broken_entries()] == [(bad.seq, "changed")]


def test_a_changed_column_for_look_up_is_named(lodged: Lodge) -> None:
    row = lodged()
    _behind_the_triggers("UPDATE counter_journalentry SET child_key = '1' WHERE seq = ?", row.seq)

    assert [fault.seq for fault in agreement.find_broken_entries()] == [row.seq]


def test_a_missing_entry_is_a_gap(lodged: Lodge) -> None:
    lodged()
    lost = lodged(minutes=1)
    lodged(minutes=2)
    _behind_the_triggers("DELETE FROM counter_journalentry WHERE seq = ?", lost.seq)

    assert [(fault.seq, fault.wrong) for fault in agreement.find_broken_entries()] == [(lost.seq + 1, "gap")]


def test_a_full_disk_leaves_no_entry_behind(lodged: Lodge) -> None:
    lodged()
    before = JournalEntry.objects.count()
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            with pytest.raises(DatabaseError, match="full"):
                _for_ever(lodged)
        finally:
            cursor.execute("PRAGMA max_page_count = 4294967294")

    assert list(agreement.find_broken_entries()) == []
    assert lodged(minutes=59).seq == JournalEntry.objects.count() > before


def test_the_desk_opens_and_closes_once(enrolled: Identity, at: At) -> None:
    assert services.open_desk(clerk="aigul", at=at()) is not None
    assert services.open_desk(clerk="aigul", at=at(1)) is None
    assert services.close_desk(clerk="aigul", at=at(2)) is not None
    assert services.close_desk(clerk="aigul", at=at(3)) is None

    assert not selectors.is_desk_open()
    assert [e.kind for e in JournalEntry.objects.all()] == ["start", "open", "close"]


def _for_ever(lodged: Lodge) -> None:
    while True:
        lodged()


def _all_at_once(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


def _behind_the_triggers(statement: str, seq: int) -> None:
    """What somebody with the file and a tool can do: the chain must show it."""
    connection.close()
    with sqlite3.connect(connection.settings_dict["NAME"]) as file:
        triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in triggers:
            file.execute(f"DROP TRIGGER {name}")
        file.execute(statement, (seq,))
        for _name, sql in triggers:
            file.execute(sql)
    file.close()
