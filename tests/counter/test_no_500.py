"""Whatever is sent to any address of the counter, it answers, and never with 500."""

from collections.abc import Callable

from cscdesk.counter.models import Clerk, JournalEntry
from tests.counter.conftest import PASSWORD
from tests.nasty import Attacker, Known, faults_of_all


def known(lodged: Callable[..., JournalEntry]) -> Known:
    row = lodged()
    return {"application": [str(row.application)], "number": [row.number]}


def test_the_counter_for_a_stranger(lodged: Callable[..., JournalEntry], clerk: Clerk) -> None:
    assert faults_of_all(Attacker(), "config.urls.counter", known(lodged)) == []


def test_the_counter_for_a_clerk(lodged: Callable[..., JournalEntry], clerk: Clerk) -> None:
    client = Attacker()
    client.post("/en/sign-in/", {"code": "aigul", "password": PASSWORD})
    client.stays = True

    assert faults_of_all(client, "config.urls.counter", known(lodged)) == []
    assert client.get("/en/").status_code == 200
