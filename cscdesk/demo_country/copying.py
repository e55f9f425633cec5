"""Many rows at once by COPY; rows that are there already stay as they are."""

from collections.abc import Iterable, Sequence

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Field, Model
from psycopg import sql


def add_missing(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """
    Store the rows that no constraint of `model` finds there already; how many these were.

    JSON fields take their text. Call it inside a transaction: the rows come by way of a
    temporary table, because COPY itself cannot leave out what is there.
    """
    table = sql.Identifier(model._meta.db_table)
    columns = sql.SQL(", ").join([sql.Identifier(_column(model, field)) for field in fields])
    incoming = sql.Identifier("incoming")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                incoming, columns, table
            )
        )
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(incoming, columns)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(
                table, columns, columns, incoming
            )
        )
        added: int = cursor.rowcount
        cursor.execute(sql.SQL("DROP TABLE {}").format(incoming))
    return added


def ids_by(model: type[Model], field: str, values: Sequence[object], **also: str) -> dict[object, object]:
    """The primary keys of the rows with these values, by value; `also`: what else makes the row the only one."""
    table, column = sql.Identifier(model._meta.db_table), sql.Identifier(_column(model, field))
    key = sql.Identifier(_column(model, model._meta.pk.name))
    more = sql.SQL("").join(
        [sql.SQL(" AND {} = %s").format(sql.Identifier(_column(model, name))) for name in also]
    )
    with connection.cursor() as cursor:
        # A cost: one array, where `__in` sends, and takes apart, a placeholder for each value.
        cursor.execute(
            sql.SQL("SELECT {}, {} FROM {} WHERE {} = ANY(%s){}").format(column, key, table, column, more),
            [list(values), *also.values()],
        )
        return dict(cursor.fetchall())


def _column(model: type[Model], field: str) -> str:
    found = model._meta.get_field(field)
    if not isinstance(found, Field) or found.column is None:
        raise FieldDoesNotExist(field)
    return found.column
