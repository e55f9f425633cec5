"""
`python -m tests.bench.sending FILE PORT FIRST COUNT CONNECTIONS SECONDS`: the load generator.

Sends prepared requests over kept connections, each thread the next one as soon as it has its
answer, for at most SECONDS. Bare sockets and ready bytes: what it costs itself is taken from
the same cores. Prints JSON: what was accepted (draft, number), how long each took.
"""

import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

_RECEIPT = re.compile(rb"\r\nlocation: [^\r]*/applications/([0-9A-Z-]+)/receipt/\r", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r", re.IGNORECASE)


class Load:
    """All threads of one run and what they have found."""

    def __init__(self, requests: list[tuple[str, bytes]], *, port: int, seconds: float) -> None:
        self._requests: Iterator[tuple[str, bytes]] = iter(requests)
        self._port, self._seconds = port, seconds
        self._lock = threading.Lock()
        self._until = 0.0
        self.accepted: list[tuple[str, str]] = []
        self.ms: list[float] = []
        self.other: dict[str, int] = {}

    def run(self, connections: int) -> float:
        """Seconds from the first request to the last answer."""
        threads = [threading.Thread(target=self._send) for _connection in range(connections)]
        began = perf_counter()
        self._until = began + self._seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return perf_counter() - began

    def _send(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=15) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while perf_counter() < self._until:
                with self._lock:
                    draft, request = next(self._requests, ("", b""))
                if not request:
                    return
                began = perf_counter()
                connection.sendall(request)
                answer = _answer(connection)
                ended = perf_counter()
                self._note(draft, answer, (ended - began) * 1000)

    def _note(self, draft: str, answer: bytes, ms: float) -> None:
        receipt = _RECEIPT.search(answer)
        with self._lock:
            if answer.startswith(b"HTTP/1.1 302") and receipt:
                self.accepted.append((draft, receipt[1].decode()))
                self.ms.append(ms)
            else:
                status = answer[:12].decode("latin-1")
                self.other[status] = self.other.get(status, 0) + 1


def _answer(connection: socket.socket) -> bytes:
    """The head of one answer, its body read to the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _blank, body = data.partition(b"\r\n\r\n")
    head += b"\r\n"
    length = _LENGTH.search(head)
    if length:
        while len(body) < int(length[1]):
            body += _more(connection)
    elif b"chunked" in head.lower():
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
    return head


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError("the portal has closed a kept connection")
    return data


def ready_bytes(request: dict[str, str], *, port: int) -> bytes:
    """One request as it goes over the wire."""
    body = request["body"].encode()
    lines = [
        f"POST {request['path']} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/html",
        "Accept-Language: kk",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Cookie: {request['cookie']}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def main() -> None:
    path, port, first, count, connections = Path(sys.argv[1]), *map(int, sys.argv[2:6])
    requests = json.loads(path.read_text())[first : first + count]
    ready = [(request["draft"], ready_bytes(request, port=port)) for request in requests]
    load = Load(ready, port=port, seconds=float(sys.argv[6]))
    cpu = process_time()
    seconds = load.run(connections)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "accepted": load.accepted,
                "ms": load.ms,
                "refused": sum(load.other.values()),
                "other": load.other,
                "cpu_s": process_time() - cpu,
            }
        )
    )


if __name__ == "__main__":
    main()
