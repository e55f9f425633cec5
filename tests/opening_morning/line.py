"""The line between a counter and the centre, as bad as a real one: a proxy on bytes."""

import random
import socket
import threading
from collections import Counter, deque
from contextlib import suppress

SILENCE_S = 10.0


class Line:
    """
    A proxy of its own for one counter. `mode` may be changed at any time:

    `good`; `twice`: each delivery is handed in a second time with the very same bytes;
    `down`: nobody answers.

    `once`: what befalls the next deliveries that carry entries, one each: `cut`: half of the
    request, then nothing; `deaf`: the centre takes it in, its answer is lost.
    """

    def __init__(self, *, to_port: int, seed: int) -> None:
        self.to_port = to_port
        self.mode = "good"
        self.once: deque[str] = deque()
        self.seen: Counter[str] = Counter()
        """What was done to calls: `twice` (and the second answer's status), `cut`, `deaf`, `down`, `entries`."""
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, name=f"line-{self.port}", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _count(self, what: str) -> None:
        with self._lock:
            self.seen[what] += 1

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        mode = self.mode
        with client, suppress(OSError):
            client.settimeout(SILENCE_S)
            if mode == "down":
                self._count("down")
                return
            request = _whole_message(client)
            is_delivery = b" /api/desk/v1/entries " in request.split(b"\r\n", 1)[0]
            has_entries = is_delivery and b'"entries":[]' not in request
            if has_entries:
                self._count("deliveries")
                mode = self.once.popleft() if self.once else mode
            try:
                self._carried(client, request, mode=mode, has_entries=has_entries)
            except OSError:
                if mode in ("cut", "deaf"):  # the centre was dead: it befalls the next one
                    self.once.appendleft(mode)

    def _carried(self, client: socket.socket, request: bytes, *, mode: str, has_entries: bool) -> None:
        if mode == "cut":
            self._half(request)
            return
        answer = self._asked(request)
        if mode == "deaf":
            self._count("deaf")
            return
        if mode == "twice" and has_entries:
            again = self._asked(request)
            self._count("twice")
            self._count(f"twice: {again[9:12].decode('ascii', 'replace')}")
        client.sendall(answer)

    def _half(self, request: bytes) -> None:
        head, _gap, body = request.partition(b"\r\n\r\n")
        until = len(head) + 4 + self._random.randrange(1, max(2, len(body)))
        with self._upstream() as centre:
            centre.sendall(request[:until])
        self._count("cut")

    def _asked(self, request: bytes) -> bytes:
        with self._upstream() as centre:
            centre.sendall(request)
            return _whole_message(centre)

    def _upstream(self) -> socket.socket:
        centre = socket.create_connection(("127.0.0.1", self.to_port), timeout=SILENCE_S)
        centre.settimeout(SILENCE_S)
        return centre


def _whole_message(connection: socket.socket) -> bytes:
    """
    One HTTP message to its end, by its length or by the end of the connection.

    :raises OSError: it ended before its end
    """
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _gap, _body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(li.partition(b":")[2]) for li in lines if li.startswith(b"content-length:")), None)
    if any(li.startswith(b"transfer-encoding:") and b"chunked" in li for li in lines):
        while not received.endswith(b"0\r\n\r\n"):
            received += _more(connection)
        return received
    if length is None:
        is_bodiless = lines[0].startswith(b"get ") or b" 304" in lines[0] or b" 204" in lines[0]
        while not is_bodiless:
            more = connection.recv(65_536)
            if not more:
                break
            received += more
        return received
    while len(received) < len(head) + 4 + length:
        received += _more(connection)
    return received


def _more(connection: socket.socket) -> bytes:
    more = connection.recv(65_536)
    if not more:
        raise ConnectionError("ended before its end")
    return more
