"""What the application's own database role may do: nothing that changes a fact (law 2)."""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from schools.facts import fact_models
from schools.rules import Refusal

_READ_ONLY = frozenset({"django_migrations"})


class RoleNotBound(Refusal):
    """Grants would not hold this role back."""

    message = _("The role %(role)s cannot be limited: %(reason)s")


@transaction.atomic
def grant_app_role(*, role: str) -> tuple[int, int]:
    """
    Let `role` read and write every table of this schema, but facts only read and add.

    No TRUNCATE anywhere; migrations are only read. Rights given before are taken back first,
    so calling it again, also after a migration, always ends in the same rights.

    :return: how many tables may be written, and how many are facts
    :raises RoleNotBound: there is no such role, or it is a superuser, or it owns the tables
    """
    with connection.cursor() as cursor:
        _refuse_unbound(cursor, role)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT current_schema()")
        schema = sql.Identifier(cursor.fetchone()[0])
        facts = {model._meta.db_table for model in fact_models()}
        to = sql.Identifier(role)
        for whom in (sql.SQL("PUBLIC"), to):
            cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, whom))
            cursor.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM {}").format(schema, whom))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, to))
        cursor.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, to))
        for table in tables:
            if table in _READ_ONLY:
                rights = "SELECT"
            elif table in facts:
                rights = "SELECT, INSERT"
            else:
                rights = "SELECT, INSERT, UPDATE, DELETE"
            cursor.execute(
                sql.SQL("GRANT {} ON {}.{} TO {}").format(sql.SQL(rights), schema, sql.Identifier(table), to)
            )
    return len(set(tables) - facts - _READ_ONLY), len(facts & set(tables))


def _refuse_unbound(cursor: CursorWrapper, role: str) -> None:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
    found = cursor.fetchone()
    if found is None:
        raise RoleNotBound(role=role, reason=_("there is no such role."))
    if found[0]:
        raise RoleNotBound(role=role, reason=_("it is a superuser."))
    cursor.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        " AND pg_has_role(%s, tableowner, 'MEMBER')",
        [role],
    )
    if cursor.fetchone()[0]:
        raise RoleNotBound(role=role, reason=_("it owns tables, or belongs to the role that does."))
