"""
`python -m tests.bench.profiling FILE FIRST`: the portal's whole request in one process, under cProfile.

Which part of taking an application costs most; the figures themselves are larger than
without the profiler.
"""

import cProfile
import io
import json
import os
import pstats
import sys
from pathlib import Path
from typing import Any

PARTS = {
    "the statement, with the wait for its commit": "psycopg/cursor.py:execute",
    "a connection from the pool and back": "psycopg_pool/pool.py:getconn",
    "SQL of the whole send": "enrollment/services/lodging.py:lodge_draft",
    "the view, SQL included": "enrollment/views/drafts.py:send",
    "CSRF check": "django/middleware/csrf.py:process_view",
    "POST body": "django/http/request.py:_load_post_and_files",
    "the parent's cookie": "enrollment/passes.py:opened",
    "address book": "django/urls/resolvers.py:resolve",
}


def main() -> None:
    os.environ["DB_POOL"] = "1"
    from config.wsgi import application

    requests = json.loads(Path(sys.argv[1]).read_text())[int(sys.argv[2]) :]
    warm, measured = requests[:100], requests[100:]
    for request in warm:
        _send(application, request)
    profile = cProfile.Profile()
    profile.enable()
    for request in measured:
        _send(application, request)
    profile.disable()
    stats: dict[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = max(
        cumulative
        for (_file, _line, name), (_c, _n, _own, cumulative, _by) in stats.items()
        if name == "_send"
    )
    print(
        f"{len(measured)} sends in one process, {whole * 1000 / len(measured):.2f} ms each under the profiler"
    )
    for words, place in PARTS.items():
        end, _colon, function = place.rpartition(":")
        seconds = sum(
            row[3] for (file, _line, name), row in stats.items() if file.endswith(end) and name == function
        )
        print(f"  {seconds * 1000 / len(measured):7.3f} ms  {seconds / whole:6.1%}  {words} ({function})")
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(12)
    pstats.Stats(profile, stream=text).print_callers(r"psycopg/connection.py:\d+\(wait\)")
    print(text.getvalue())


def _send(application: Any, request: dict[str, str]) -> None:
    body = request["body"].encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": request["path"],
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_COOKIE": request["cookie"],
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    statuses: list[str] = []
    answer = application(environ, lambda status, _headers, _exc=None: statuses.append(status))
    b"".join(answer)
    answer.close()
    if not statuses[0].startswith("302"):
        raise SystemExit(f"the portal answered {statuses[0]}")


if __name__ == "__main__":
    main()
