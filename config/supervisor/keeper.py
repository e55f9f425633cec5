"""The supervisor itself: one thread, one loop."""

import json
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from config.embedded import OWNER_ROLE, Places, Postgres, Secrets, Valkey, leftovers, ports
from config.embedded.faults import EmbeddedFault, NotStarted, PortBusy
from config.front import Front
from config.supervisor.child import Child, child_of_row, child_of_server
from config.supervisor.control import Control
from config.supervisor.options import ROOT, Options
from config.supervisor.preparation import BY_APPLICATION, FILES, Preparation, by_owner
from config.supervisor.table import Row, rows

QUICK, SLOW = 0.05, 0.2
"""Seconds between two looks while something is starting, and while all is well."""
READY_WITHIN = 90.0
SERVERS = ("postgres", "valkey")


class Stopped(Exception):
    """Somebody asked this run to end: Ctrl-C, SIGTERM, a closed terminal."""


class Supervisor:
    """
    Everything of one run. The caller holds the lock of the data directory.

    `say` is told each event in one line; `table` names other processes than those of the demo,
    which then need no preparation.
    """

    def __init__(
        self, options: Options, *, say: Callable[[str], None], table: list[Row] | None = None
    ) -> None:
        self.options = options
        self.say = say
        self.is_demo = table is None
        self.rows: list[Row] = rows(options) if table is None else table
        self.children: dict[str, Child] = {}
        self.control: Control | None = None
        self._stop_asked = False

    # ------------------------------------------------------------------ start

    def start(self) -> None:
        """
        Bring everything up, in the order of what needs what.

        :raises EmbeddedFault: one sentence for a person; what was started is ended by `stop`
        :raises Stopped: asked to end meanwhile
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._end_leftovers()
        self._refuse_busy_ports()
        places = Places(self.options.data_dir)
        if places.is_outside:
            self.say(
                f"The servers' files are under {places.root}: they run as {places.user.name if places.user else 'you'}, "
                f"who may not enter {places.data_dir}."
            )
        self.control = Control(self.options.data_dir / "run" / "control.sock")
        database_url, owner_url, redis_url = self._start_servers(places)
        environment = self.options.child_environment(database_url=database_url, redis_url=redis_url)
        front = Front(
            places,
            port=self.options.port(0),
            desk_port=self.options.port(1),
            portal_port=self.options.port(20),
            signin_port=self.options.port(21),
            officials_port=self.options.port(22),
            deskapi_port=self.options.port(23),
            signin_rate=int(environment.get("FRONT_SIGNIN_RATE", "20")),
            signin_burst=int(environment.get("FRONT_SIGNIN_BURST", "200")),
        )
        # Before Django writes into them: where the front may read them is decided here.
        self.children["front"] = child_of_server(front)
        self._start("front")
        if self.is_demo:
            self._prepare(environment, owner_url=owner_url)
        for row in self.rows:
            self.children[row.name] = child_of_row(
                row, environment=environment, logs=self.options.data_dir / "logs"
            )
            self._start(row.name)
        self._wait_ready(list(self.children), seconds=READY_WITHIN)

    def _start_servers(self, places: Places) -> tuple[str, str, str]:
        """Addresses for the application, for the owner, and of Valkey; starts what is not given from outside."""
        options, secrets = self.options, Secrets(places.data_dir / "secrets.json")
        if options.redis_url is None:
            valkey = Valkey(places, port=options.port(33), secrets=secrets)
            self.children["valkey"] = child_of_server(valkey)
            self._start("valkey")
        redis_url = options.redis_url or valkey.url()
        if options.database_url is not None and options.owner_url is not None:
            return options.database_url, options.owner_url, redis_url
        postgres = Postgres(places, port=options.port(32), secrets=secrets)
        if not postgres.directory.exists():
            self.say("Making the database …")
        self.children["postgres"] = child_of_server(postgres)
        self._start("postgres")
        self._wait_ready(["postgres"], seconds=Postgres.patience)
        postgres.ensure_roles()
        return postgres.url(), postgres.url(role=OWNER_ROLE), redis_url

    def _prepare(self, environment: dict[str, str], *, owner_url: str) -> None:
        preparation = Preparation(self.options.data_dir, database_url=environment["DATABASE_URL"])
        as_owner = environment | {"DATABASE_URL": owner_url}
        owners = by_owner(owner_url=owner_url, database_url=environment["DATABASE_URL"])
        if len(owners) == 1:
            self.say(
                "The application uses the owner's role, so the database itself does not guard the facts: "
                "give both a role of their own (DATABASE_URL, OWNER_DATABASE_URL)."
            )
        if any(preparation.due(chain) for chain in (owners, FILES, BY_APPLICATION)):
            self.say("Preparing tables, pages and the demo country …")
        chains = [
            preparation.begin(FILES, environment=environment),
            preparation.begin(owners, environment=as_owner),
        ]
        try:
            done = [name for chain in chains for name in chain.finish()]
            self._look()
            chains.append(preparation.begin(BY_APPLICATION, environment=environment))
            done += chains[-1].finish()
        finally:
            for chain in chains:
                chain.end()
        if done:
            self.say(f"Done: {', '.join(done)}.")

    def _start(self, name: str) -> None:
        self._check_stop()
        child = self.children[name]
        child.start()
        self._note_children()

    def _wait_ready(self, names: list[str], *, seconds: float) -> None:
        """
        :raises NotStarted: one of them died thrice or was not ready in time
        """
        until = time.monotonic() + seconds
        while waiting := [n for n in names if self.children[n].wanted and self.children[n].state != "ready"]:
            self._turn(QUICK)
            hopeless = next((n for n in waiting if self.children[n].deaths >= 3), None)
            if hopeless or time.monotonic() > until:
                raise NotStarted(self._last_words(hopeless or waiting[0]))

    def _last_words(self, name: str) -> str:
        child = self.children[name]
        return f"{name} does not start: {child.complaint()} Its log: {child.log}"

    # ------------------------------------------------------------------- keep

    def keep(self) -> None:
        """
        Watch over everything until asked to end.

        :raises Stopped: always, in the end
        """
        while True:
            starting = any(child.state in {"starting", "pausing"} for child in self.children.values())
            self._turn(QUICK if starting else SLOW)

    def _turn(self, seconds: float) -> None:
        self._check_stop()
        if self.control is None:
            time.sleep(seconds)
        else:
            with suppress(InterruptedError):
                if select.select([self.control], [], [], seconds)[0]:
                    self.control.serve(self._answer)
        self._look()

    def _look(self) -> None:
        for child in self.children.values():
            before = child.process
            try:
                event = child.look()
            except EmbeddedFault as fault:
                event = f"{child.name} cannot start: {fault}"
                child.deaths += 1
                child.next_start_at = time.monotonic() + 5
            if event:
                self.say(event)
            if child.process is not before:
                self._note_children()

    # ---------------------------------------------------------------- control

    def _answer(self, words: list[str]) -> list[str]:
        verb, names = (words[0], words[1:]) if words else ("", [])
        if verb == "status" and not names:
            return [
                *(
                    f"{c.name} {c.state} {c.process.pid if c.process else '-'}"
                    for c in self.children.values()
                ),
                "ok",
            ]
        if verb not in {"kill", "stop", "start", "restart"} or not names:
            return ["error: say status, or kill, stop, start or restart with names"]
        if unknown := [name for name in names if name not in self.children]:
            return [f"error: there is no {', '.join(unknown)}"]
        chosen = [self.children[name] for name in names]
        if verb == "kill":
            for child in chosen:
                child.kill()
        if verb in {"stop", "restart"}:
            _end(chosen, seconds=5)
        try:
            if verb in {"start", "restart"}:
                for child in chosen:
                    child.deaths = 0
                    child.start()
        except EmbeddedFault as fault:
            return [f"error: {fault}"]
        finally:
            self._note_children()
        self.say(f"{verb} {' '.join(names)}: done as asked")
        return ["ok"]

    # ------------------------------------------------------------------- stop

    def stop(self) -> None:
        """End everything: first those who use the servers, then the servers."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _end([c for c in self.children.values() if c.name not in SERVERS], seconds=6)
        servers = [c for c in self.children.values() if c.name in SERVERS]
        for child in servers:
            child.wanted = False
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(
                    Postgres.last_signal if child.name == "postgres" else Valkey.last_signal
                )
        until = time.monotonic() + 10
        for child in servers:
            child.finish(until=until)
        if self.control is not None:
            self.control.close()
        self._children_path.unlink(missing_ok=True)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked = True

    def _check_stop(self) -> None:
        if self._stop_asked:
            raise Stopped

    # -------------------------------------------------- what a dead run left

    @property
    def _children_path(self) -> Path:
        return self.options.data_dir / "run" / "children.json"

    def _note_children(self) -> None:
        """Whom the next start has to end if this one is killed."""
        groups = {c.name: c.process.pid for c in self.children.values() if c.process is not None}
        fresh = self._children_path.with_suffix(".new")
        fresh.write_text(json.dumps(groups))
        fresh.replace(self._children_path)

    def _end_leftovers(self) -> None:
        try:
            groups: dict[str, int] = json.loads(self._children_path.read_text())
        except (OSError, ValueError):
            return
        # The servers look after their own, kindly, when they start.
        members = [
            pid
            for name, group in groups.items()
            if name not in SERVERS
            for within in (ROOT, self.options.data_dir)
            for pid in leftovers.group_members(group, within=within)
        ]
        if members:
            self.say("Ending what is left over from a run that was killed …")
            leftovers.end(members, kindly=signal.SIGTERM, patience=3)

    def _refuse_busy_ports(self) -> None:
        wanted = {row.name: row.port for row in self.rows if row.port}
        wanted |= {"front": self.options.port(0), "front, for desks": self.options.port(1)}
        if self.options.database_url is None:
            wanted["postgres"] = self.options.port(32)
        if self.options.redis_url is None:
            wanted["valkey"] = self.options.port(33)
        own = [self.options.data_dir / "servers", self.options.data_dir]
        for name, port in wanted.items():
            if ports.is_busy(port) and not (
                (server := name.partition(",")[0]) in {*SERVERS, "front"} and _is_own(server, own)
            ):
                by = ports.listener_of(port)
                raise PortBusy(
                    f"Port {port}, wanted by {name}, is taken{f' by {by}' if by else ''}: end that program, "
                    f"or choose other ports: PORT_BASE={_other_base(self.options.port_base)} make run."
                )


def _is_own(name: str, homes: list[Path]) -> bool:
    """A server that a killed run left in our own data directory: its next start ends it."""
    directory = homes[0].resolve() / {"postgres": "postgres/data"}.get(name, name)
    comm = {"postgres": Postgres.comm, "valkey": Valkey.comm, "front": Front.comm}[name]
    return bool(leftovers.working_in(directory, named=comm))


def _other_base(base: int) -> int:
    """A base whose main ports are free."""
    candidates = (c for c in range(9000, 60_000, 500) if c != base)
    return next(
        (c for c in candidates if not any(ports.is_busy(c + o) for o in (0, 1, 4, 20, 32, 100))), 9000
    )


def _end(children: list[Child], *, seconds: float) -> None:
    for child in children:
        child.ask_to_end()
    until = time.monotonic() + seconds
    for child in children:
        child.finish(until=until)
