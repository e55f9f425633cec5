"""Taking applications over HTTP by the portal's pool, beside what the same database does with nothing around it."""

import json
import os
import re
import subprocess
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from tests.bench.figures import Value, middle, percentile
from tests.bench.installation import ROOT, DidNotHappen, Installation, installation
from tests.bench.resources import cpu_seconds

NATION = 370_000
PGBENCH_CLIENTS = 32


class Sent(TypedDict):
    """What the load generator says after a round."""

    seconds: float
    accepted: list[tuple[str, str]]
    """Draft and number."""
    ms: list[float]
    refused: int
    other: dict[str, int]
    """Answers that were no receipt, by status."""
    cpu_s: float


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--rounds", type=int, default=3, help="of sending and of pgbench, in turn (default 3)"
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each (default 5)")
    parser.add_argument("--drafts", type=int, default=6000, help="at most sent in a round (default 6000)")
    parser.add_argument("--connections", type=int, default=32, help="of the load generator (default 32)")
    parser.add_argument("--profile", action="store_true", help="also show where a process spends its time")


def measure(options: Namespace) -> dict[str, Value]:
    """Rounds of sending and of pgbench in turn; what was promised is looked for in the database at the end."""
    with installation() as made:
        made.prepare("--size", "city", "--applications", "0")
        alone, profiled = 200, 1000 if options.profile else 0
        plan = made.directory / "requests.json"
        drafts = alone + options.rounds * options.drafts + profiled
        made.python("-m", "tests.bench.drafting", str(drafts), str(plan), settings="config.settings.portal")
        row = made.start("portal")
        assert row.port is not None
        sender = _Sender(made, plan, row.port, options)
        single = sender.send(first=0, count=alone, connections=1)
        first = alone
        sent: list[Sent] = []
        pgbench: list[float] = []
        cpu: list[list[float]] = []
        for _round in range(options.rounds):
            before = _cpu(made)
            sent.append(sender.send(first=first, count=options.drafts, connections=options.connections))
            cpu.append([after - b for after, b in zip(_cpu(made), before, strict=True)])
            first += options.drafts
            pgbench.append(_pgbench(made, seconds=options.seconds))
        accepted = [one for said in (single, *sent) for one in said["accepted"]]
        found = _found(made, [draft for draft, _number in accepted])
        lost = sum(found.get(draft) != number for draft, number in accepted)
        if options.profile:
            made.stop()
            print(made.python("-m", "tests.bench.profiling", str(plan), str(first), settings=row.settings))
    rates = [len(said["accepted"]) / said["seconds"] for said in sent]
    times = [ms for said in sent for ms in said["ms"]]
    return {
        "accepted_per_s": middle(rates, 1),
        "p50_ms": middle(times),
        "p99_ms": round(percentile(times, 0.99), 2),
        "single_p50_ms": middle(single["ms"]),
        "accepted": len(accepted),
        "found_in_database": len(found),
        "lost": lost,
        "refused": sum(said["refused"] for said in (single, *sent)),
        "pgbench_tps": middle(pgbench, 1),
        "ratio_to_pgbench": middle([rate / tps for rate, tps in zip(rates, pgbench, strict=True)], 3),
        "nation_minutes": round(NATION / middle(rates, 6) / 60, 1),
        "portal_cpu_ms": _per_accepted(cpu, 0, sent),
        "database_cpu_ms": _per_accepted(cpu, 1, sent),
        "generator_cpu_ms": round(
            sum(said["cpu_s"] for said in sent) * 1000 / sum(len(said["accepted"]) for said in sent), 3
        ),
        "n": len(times),
        "rounds": options.rounds,
        "connections": options.connections,
        "pgbench_clients": PGBENCH_CLIENTS,
        "load_generator": f"tests.bench.sending: 1 process, {options.connections} threads, kept connections",
    }


def _cpu(made: Installation) -> list[float]:
    """What the pool and the database have used until now."""
    pool, database = made.children["portal"].process, made.servers.postgres.process
    assert pool is not None
    assert database is not None
    return [cpu_seconds([pool.pid]), cpu_seconds([database.pid])]


def _per_accepted(cpu: list[list[float]], which: int, sent: list[Sent]) -> float:
    return round(sum(c[which] for c in cpu) * 1000 / sum(len(said["accepted"]) for said in sent), 3)


class _Sender:
    """Starts the load generator, a process of its own."""

    def __init__(self, made: Installation, plan: Path, port: int, options: Namespace) -> None:
        self.made, self.plan, self.port, self.seconds = made, plan, port, options.seconds

    def send(self, *, first: int, count: int, connections: int) -> Sent:
        """
        Send so many of the prepared drafts, for a bounded time.

        :raises DidNotHappen: nothing was accepted
        """
        order = [str(self.plan), self.port, first, count, connections, self.seconds]
        said: Sent = json.loads(self.made.python("-m", "tests.bench.sending", *map(str, order)))
        if not said["accepted"]:
            raise DidNotHappen(f"the portal accepted nothing; it answered {said['other']}")
        return said


def _found(made: Installation, drafts: list[str]) -> dict[str, str]:
    """Numbers of the applications that are stored, by id, read after everything was sent."""
    query = "SELECT id::text, number FROM enrollment_application WHERE id = ANY(%s::uuid[])"
    with made.database() as connection:
        return {str(id_): str(number) for id_, number in connection.execute(query, [drafts])}


def _pgbench(made: Installation, *, seconds: float) -> float:
    """
    Transactions a second of the database's own load program, with the application's role.

    :raises DidNotHappen: it failed
    """
    script = made.directory / "accept.sql"
    if not script.exists():
        script.write_text(_script(made))
    url = urlsplit(made.environment["DATABASE_URL"])
    program = made.servers.postgres.places.postgres_binaries() / "pgbench"
    done = subprocess.run(
        [
            str(program),
            *("--no-vacuum", "--protocol=prepared", f"--client={PGBENCH_CLIENTS}", "--jobs=2"),
            *(f"--time={max(1, round(seconds))}", f"--file={script}"),
            *(f"--host={url.hostname}", f"--port={url.port}", f"--username={url.username}"),
            url.path.lstrip("/"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.defpath, "PGPASSWORD": str(url.password)},
    )
    tps = re.search(r"tps = ([0-9.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode != 0 or tps is None or (failed and failed[1] != "0"):
        raise DidNotHappen(f"pgbench: {(done.stderr or done.stdout).strip()[-800:]}")
    time.sleep(0.2)
    return float(tps[1])


def _script(made: Installation) -> str:
    """Two inserts in one transaction: a draft and an application, both as big as real ones."""
    with made.database() as connection:
        row = connection.execute(
            "SELECT min(account_id), max(account_id), min(campaign_id), (array_agg(form::text))[1],"
            " (array_agg(choices[1]))[1] FROM enrollment_draft"
        ).fetchone()
    assert row is not None
    least, most, year, form, choice = row
    document = str(form).replace("'", "''")
    if re.search(r":\w", document):
        raise DidNotHappen("the form has a colon that pgbench would take for a variable")
    id_, key = "md5(:a || '/' || :b)::uuid", "lpad((:a % 1000000000000)::text, 12, '0')"
    salt, sha256 = "decode(md5(:b::text), 'hex')", "sha256(:b::text::bytea)"
    draft = (
        "INSERT INTO enrollment_draft (id, account_id, campaign_id, form, salt, started_at, saved_at,"
        " child_key, person_key, choices, language, content_sha256) VALUES"
        f" ({id_}, :account, {year}, '{document}'::jsonb, {salt}, now(), now(),"
        f" {key}, {key}, ARRAY['{choice}'], 'kk', {sha256});"
    )
    application = (
        "INSERT INTO enrollment_application (id, number, campaign_id, child_key, person_key, is_proven,"
        " choices, form, salt, language, door, account_id, lodged_at, received_at, content_sha256) VALUES"
        f" ({id_}, substr(md5(:a || '/' || :b), 1, 14), {year}, {key}, {key},"
        f" FALSE, ARRAY['{choice}'], '{document}'::jsonb, {salt}, 'kk', 'portal', :account,"
        f" now(), now(), {sha256});"
    )
    chances = [
        f"\\set account random({least}, {most})",
        "\\set a random(1, 9000000000000000)",
        "\\set b random(1, 9000000000000000)",
    ]
    return "\n".join([*chances, "BEGIN;", draft, application, "COMMIT;"])
