"""
A small centre on a real socket: stores entries by their bytes, signs anchors, and can be told to lie.

It speaks the protocol of docs/reference/desk-protocol.md with the same pure rooms as the real
one.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cscdesk.entry import (
    Anchor,
    Answer,
    Certificate,
    Head,
    Outcome,
    Sealed,
    base64url,
    compose_anchor,
    compose_certificate,
    from_base64url,
    key_id,
    public_bytes,
    read_delivery,
    read_entry,
    verify_call,
    write_answer,
)
from cscdesk.entry.enrolment import Enrolled, Enrolment, EntryResult, EntryResults, read_body, write_body
from schools import clock
from tests.counter.catalogues import catalogue

CODE = "AAAA-BBBB-CCCC"
DESK = UUID("6f1b2c3d-0000-4000-8000-000000000001")


class Centre:
    """What the centre knows; `lie`, when set, answers a delivery in its place."""

    def __init__(self, *, key: Ed25519PrivateKey | None = None) -> None:
        self.key = key or Ed25519PrivateKey.generate()
        self.desk_key: bytes = b""
        self.stored: dict[str, Sealed] = {}
        self.seqs: dict[int, str] = {}
        self.nonces: set[str] = set()
        self.deliveries: list[list[str]] = []
        self.results: list[EntryResult] = []
        self.lie: Callable[[Handler, bytes], None] | None = None
        self.forgets: set[int] = set()
        self.codes_wanted: list[str] = []
        self.url = ""
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    def start(self, port: int = 0) -> str:
        """Listen on loopback; the address."""
        handler = type("BoundHandler", (Handler,), {"centre": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def enrolled(self, public_key: bytes) -> Enrolled:
        self.desk_key = public_key
        prefixes = ["4KQ", "4KR"]
        certificate = compose_certificate(
            key=self.key,
            certificate=Certificate(
                desk=DESK,
                name="1",
                centre="A1",
                public_key=base64url(public_key),
                prefixes=prefixes,
                issued_at=clock.now(),
                key=key_id(public_bytes(self.key)),
            ),
        )
        return Enrolled(
            desk=DESK,
            name="1",
            campaign=2027,
            certificate=certificate,
            centre_key=base64url(public_bytes(self.key)),
            prefixes=prefixes,
            catalogue=catalogue(),
        )

    def take(self, body: bytes, nonce: str, *, signer: Ed25519PrivateKey | None = None) -> bytes:
        """Store a delivery and answer it as the protocol says."""
        delivery = read_delivery(body)
        outcomes = []
        with self._lock:
            self.deliveries.append([entry.entry for entry in delivery.entries])
            for delivered in delivery.entries:
                sealed = delivered.sealed()
                entry = read_entry(sealed.entry)
                identity = sealed.sha256.hex()
                state = "known" if identity in self.stored else "stored"
                if entry.seq not in self.forgets:
                    if identity not in self.stored:
                        self._note_result(identity, entry.seq, entry.kind)
                    self.stored[identity] = sealed
                    self.seqs[entry.seq] = identity
                outcomes.append(
                    Outcome(sha256=identity, seq=entry.seq, state=state, code=None, reason=None)  # type: ignore[arg-type]
                )
            through = 0
            while through + 1 in self.seqs:
                through += 1
        stored = Head(seq=through, sha256=self.seqs[through]) if through else None
        anchor = Anchor(
            id=str(uuid4()),
            desk=delivery.desk,
            nonce=nonce,
            boot=delivery.boot,
            head=delivery.head,
            stored_through=stored,
            time=clock.now(),
            key=key_id(public_bytes(self.key)),
        )
        return write_answer(
            Answer(v=1, outcomes=outcomes, anchor=compose_anchor(key=signer or self.key, anchor=anchor))
        )

    def _note_result(self, identity: str, seq: int, kind: str) -> None:
        state = "applied" if kind in ("lodge", "correct", "withdraw", "void") else "noted"
        self.results.append(EntryResult(id=len(self.results) + 1, sha256=identity, seq=seq, state=state))


class Handler(BaseHTTPRequestHandler):
    centre: Centre

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/entries") and self.centre.lie is not None:
            self.centre.lie(self, body)
            return
        if self.path.endswith("/enroll"):
            wanted = read_body(body, Enrolment)
            if wanted.code != CODE:
                self.problem(403, "code_refused")
                return
            key = from_base64url(wanted.public_key, size=32)
            self.check(body, key)
            self.answer(200, write_body(self.centre.enrolled(key)))
            return
        self.check(body, self.centre.desk_key)
        nonce = self.headers["Desk-Nonce"]
        if nonce in self.centre.nonces:
            self.problem(409, "replayed")
            return
        self.centre.nonces.add(nonce)
        if self.path.endswith("/codes"):
            self.centre.codes_wanted.append(json.loads(body)["number"])
            self.answer(200, b'{"v":1}')
            return
        self.answer(200, self.centre.take(body, nonce))

    def do_GET(self) -> None:
        self.check(b"", self.centre.desk_key)
        path, _question, query = self.path.partition("?")
        if path.endswith("/outcomes"):
            after = int(query.removeprefix("after="))
            found = [result for result in self.centre.results if result.id > after]
            self.answer(200, write_body(EntryResults(outcomes=found)))
            return
        text = msgspec.json.encode(catalogue())
        if self.headers["If-None-Match"] == '"one"':
            self.answer(304, b"")
            return
        self.answer(200, text, ETag='"one"')

    def check(self, body: bytes, key: bytes) -> None:
        path, _question, query = self.path.partition("?")
        verify_call(
            public_key=key,
            method=self.command,
            path=path,
            query=query,
            body=body,
            desk=self.headers["Desk-Id"],
            nonce=self.headers["Desk-Nonce"],
            signature=self.headers["Desk-Signature"],
        )

    def problem(self, status: int, code: str) -> None:
        self.answer(status, json.dumps({"code": code}).encode(), kind="application/problem+json")

    def answer(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass
