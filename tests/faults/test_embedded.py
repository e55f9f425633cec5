"""The embedded servers come back from whatever was done to them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded import (
    OWNER_ROLE,
    InUse,
    NotStarted,
    Places,
    PortBusy,
    Postgres,
    Secrets,
    Valkey,
    leftovers,
    ports,
    servers,
)
from config.embedded.faults import Unusable

pytestmark = pytest.mark.fault


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    places = Places(tmp_path_factory.mktemp("embedded") / "data")
    yield places
    places.forget()


@pytest.fixture
def secrets(places: Places) -> Secrets:
    return Secrets(places.data_dir / "secrets.json")


@pytest.fixture
def postgres(places: Places, secrets: Secrets) -> Iterator[Postgres]:
    # Not `for_tests`: those settings may lose what was committed, and here things are killed.
    server = Postgres(places, port=ports.free_port(), secrets=secrets)
    yield server
    server.stop()


@pytest.fixture
def valkey(places: Places, secrets: Secrets) -> Iterator[Valkey]:
    server = Valkey(places, port=ports.free_port(), secrets=secrets)
    yield server
    server.stop()


def note(postgres: Postgres, word: str) -> None:
    with psycopg.connect(postgres.url(role=OWNER_ROLE), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (word text)")
        connection.execute("INSERT INTO note VALUES (%s)", [word])


def notes(postgres: Postgres) -> list[str]:
    with psycopg.connect(postgres.url()) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM note ORDER BY word")]


def kill(server: Postgres | Valkey) -> None:
    """SIGKILL to the server alone: its own children, if any, are orphans now."""
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.process = None


def test_postgres_killed_in_the_middle_of_its_work_comes_back_with_its_data(postgres: Postgres) -> None:
    postgres.start()
    postgres.ensure_roles()
    note(postgres, "before")
    open_session = psycopg.connect(postgres.url(role=OWNER_ROLE))
    open_session.execute("INSERT INTO note VALUES ('never committed')")
    kill(postgres)
    open_session.close()

    postgres.start()

    assert notes(postgres) == ["before"]


def test_a_pid_file_with_the_number_of_a_stranger_does_not_stop_the_start(postgres: Postgres) -> None:
    postgres.start()
    postgres.ensure_roles()
    note(postgres, "kept")
    kill(postgres)
    pid_file = postgres.directory / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    postgres.start()

    assert notes(postgres) == ["kept"]


def test_a_server_whose_holder_was_killed_ends_with_it(places: Places, secrets: Secrets) -> None:
    script = (
        "import sys, time; from pathlib import Path; from config.embedded import servers\n"
        "with servers(Path(sys.argv[1]), for_tests=True) as both:\n"
        "    print(both.postgres.process.pid, both.valkey.process.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(places.data_dir)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        pids = [int(word) for word in holder.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(leftovers.is_alive, pids))

        holder.send_signal(signal.SIGKILL)
        holder.wait()

    assert leftovers.wait_until(lambda: not any(map(leftovers.is_alive, pids)), seconds=5)


def test_a_server_left_running_is_ended_by_the_next_start(postgres: Postgres, secrets: Secrets) -> None:
    postgres.start()
    postgres.ensure_roles()
    note(postgres, "kept")
    assert postgres.process is not None
    elder = postgres.process
    younger = Postgres(postgres.places, port=postgres.port, secrets=secrets)

    younger.start()

    assert elder.wait(timeout=5) is not None
    assert notes(younger) == ["kept"]
    younger.stop()


def test_a_first_start_broken_off_in_initdb_begins_anew(postgres: Postgres) -> None:
    half = postgres.places.own("postgres") / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    postgres.start()
    postgres.ensure_roles()

    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("qabyldau",)


def test_a_first_start_broken_off_before_the_roles_is_finished(postgres: Postgres) -> None:
    postgres.start()
    postgres.stop()

    postgres.start()
    postgres.ensure_roles()
    postgres.ensure_roles()

    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("qabyldau",)


def test_the_application_may_write_rows_and_change_no_table(postgres: Postgres) -> None:
    postgres.start()
    postgres.ensure_roles()
    note(postgres, "one")

    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("INSERT INTO note VALUES ('two')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE note")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (word text)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("TRUNCATE note")


def test_nobody_gets_in_without_the_password(postgres: Postgres, valkey: Valkey) -> None:
    postgres.start()
    valkey.start()

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgres://{OWNER_ROLE}:wrong@127.0.0.1:{postgres.port}/postgres")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)).ping()
    assert (postgres.secrets.path.stat().st_mode & 0o777) == 0o600


def test_a_lost_password_is_said_in_one_sentence(postgres: Postgres) -> None:
    postgres.start()
    postgres.stop()
    postgres.secrets.path.unlink()
    postgres.secrets = Secrets(postgres.secrets.path)

    with pytest.raises(Unusable, match="make reset"):
        postgres.start()


def test_valkey_killed_comes_back_with_what_a_second_ago_was_there(valkey: Valkey) -> None:
    valkey.start()
    client = redis.Redis.from_url(valkey.url())
    client.set("rung", "once")
    client.waitaof(1, 0, 3000)
    kill(valkey)

    valkey.start()

    assert redis.Redis.from_url(valkey.url()).get("rung") == b"once"


def test_a_busy_port_is_named_with_the_one_who_has_it(valkey: Valkey) -> None:
    sentence = f"Port {valkey.port}.*process {os.getpid()}.*PORT_BASE"
    with socket.create_server(("127.0.0.1", valkey.port)), pytest.raises(PortBusy, match=sentence):
        valkey.start()


def test_a_data_directory_belongs_to_one_at_a_time(places: Places) -> None:
    with (
        servers(places.data_dir, for_tests=True),
        pytest.raises(InUse, match=f"process {os.getpid()}"),
        servers(places.data_dir),
    ):
        pass


def test_a_server_that_cannot_start_gives_its_last_words(valkey: Valkey) -> None:
    (valkey.places.own("valkey") / "appendonlydir").write_text("not a directory")

    with pytest.raises(NotStarted, match=r"valkey\.log"):
        valkey.start()


def test_a_data_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unusable, match="Free some room"):
        Places(tmp_path / "file" / "data")


def test_root_hands_the_servers_to_somebody_else(postgres: Postgres) -> None:
    postgres.start()

    assert postgres.process is not None
    assert Path(f"/proc/{postgres.process.pid}").stat().st_uid == postgres.directory.stat().st_uid != 0
