"""Rows by COPY: whole tables without an object for each value."""

from collections.abc import Iterator, Sequence

from django.db import connection
from psycopg import sql


def copied_out(statement: str, *, values: Sequence[object] = ()) -> Iterator[bytes]:
    """
    The rows of a query as COPY's text format writes them, each with its newline.

    :param statement: our own words only; `%s` for each value
    """
    words = [sql.SQL(part) for part in statement.split("%s")]
    parts: list[sql.Composable] = [words[0]]
    for value, word in zip(values, words[1:], strict=True):
        parts += [sql.Literal(value), word]
    query = sql.SQL("COPY ({}) TO STDOUT").format(sql.Composed(parts))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for row in copy:
            yield bytes(row)
