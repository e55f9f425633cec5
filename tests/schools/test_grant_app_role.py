"""Law 2 in the database: the application's role cannot change a fact, and nobody else can either."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Field, Model
from django.utils import translation
from psycopg import errors, sql

from cscdesk.models import Anchor, ChainLink, Entry, EntryOutcome
from enrollment.models import (
    Application,
    ChildLink,
    Decision,
    Outage,
    OutageEnd,
    OutageForecast,
    Retraction,
    TwinsWish,
)
from schools.facts import fact_models
from schools.models import Annulment, Case, Confirmation, Region, SlotChange, SpokenClosing
from schools.services.roles import RoleNotBound, grant_app_role

pytestmark = pytest.mark.django_db

ROLE = "qabyldau_test_app"
FACTS = sorted(fact_models(), key=lambda model: model._meta.db_table)
WAYS = ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}")


def run(statement: str, model: type[Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(statement).format(
                table=sql.Identifier(model._meta.db_table), column=sql.Identifier(model._meta.pk.column)
            )
        )


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Everything inside is done with the rights of `role`; undone at the end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def bare_role() -> str:
    # Made inside the test's transaction, so it is gone with it.
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(ROLE)))
    return ROLE


@pytest.fixture
def role(bare_role: str) -> str:
    grant_app_role(role=bare_role)
    return bare_role


def test_the_facts_are_the_known_ones() -> None:
    assert set(FACTS) >= {
        Application, Retraction, Decision, Outage, OutageEnd, Entry, ChainLink, EntryOutcome, Anchor,
    }  # fmt: skip


@pytest.mark.parametrize("statement", WAYS)
@pytest.mark.parametrize("fact", FACTS, ids=lambda model: model._meta.label)
def test_the_role_can_neither_change_nor_delete_a_fact(role: str, fact: type[Model], statement: str) -> None:
    with pytest.raises(DatabaseError) as refused, acting_as(role):
        run(statement, fact)

    assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


@pytest.mark.parametrize("fact", FACTS, ids=lambda model: model._meta.label)
def test_the_role_reads_and_adds_facts(role: str, fact: type[Model]) -> None:
    with acting_as(role), connection.cursor() as cursor:
        assert not fact.objects.exists()
        cursor.execute("SELECT has_table_privilege(%s, %s, 'INSERT')", [role, fact._meta.db_table])
        assert cursor.fetchone() == (True,)


def test_other_rows_it_writes_changes_and_deletes(role: str) -> None:
    with acting_as(role):
        region = Region.objects.create(kato="100000000", name_kk="а", name_ru="а", name_en="a")
        Region.objects.update(name_kk="б")
        region.delete()


def test_it_never_empties_a_table_at_once(role: str) -> None:
    with pytest.raises(DatabaseError) as refused, acting_as(role):
        run("TRUNCATE {table}", Case)

    assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


@pytest.mark.parametrize("statement", ["UPDATE {} SET name = name", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_only_reads_what_was_migrated(role: str, statement: str) -> None:
    with pytest.raises(DatabaseError) as refused, acting_as(role), connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(sql.Identifier("django_migrations")))

    assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


def test_it_makes_no_tables(role: str) -> None:
    with pytest.raises(DatabaseError) as refused, acting_as(role), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE elsewhere (x int)")

    assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


def test_without_the_grant_the_role_may_do_nothing(bare_role: str) -> None:
    """The control: what the tests above allow is really given by the command."""
    with pytest.raises(DatabaseError) as refused, acting_as(bare_role):
        Region.objects.exists()

    assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


def test_rights_given_by_hand_are_taken_back(role: str) -> None:
    with connection.cursor() as cursor:
        for whom in (sql.Identifier(role), sql.SQL("PUBLIC")):
            cursor.execute(sql.SQL("GRANT ALL ON enrollment_application TO {}").format(whom))
        cursor.execute(
            sql.SQL("GRANT UPDATE (number) ON enrollment_application TO {}").format(sql.Identifier(role))
        )

    call_command("grant_app_role", role)

    for statement in WAYS:
        with pytest.raises(DatabaseError) as refused, acting_as(role):
            run(statement.replace("{column}", "number"), Application)
        assert isinstance(refused.value.__cause__, errors.InsufficientPrivilege)


def test_again_changes_nothing(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    def rights() -> list[tuple[str, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
                " WHERE grantee = %s ORDER BY 1, 2",
                [role],
            )
            return cursor.fetchall()

    before = rights()
    call_command("grant_app_role", role)

    assert rights() == before
    assert f"on {len(FACTS)} tables of facts it reads and adds" in capsys.readouterr().out


def test_a_superuser_cannot_be_limited() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()

    with pytest.raises(CommandError, match="it is a superuser"):
        call_command("grant_app_role", owner)


def test_neither_can_a_member_of_the_owner(bare_role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (owner,) = cursor.fetchone()
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(owner), sql.Identifier(bare_role)))

    with translation.override("en"), pytest.raises(RoleNotBound, match="owns tables"):
        grant_app_role(role=bare_role)


def test_a_role_that_is_not_there() -> None:
    with pytest.raises(CommandError, match="there is no such role"):
        call_command("grant_app_role", "nobody_at_all")


SOME: dict[type[Field], object] = {
    models.UUIDField: UUID(int=1),
    models.TextField: "x",
    models.CharField: "x",
    models.BinaryField: b"x",
    models.JSONField: {},
    models.BooleanField: True,
    models.DateTimeField: datetime(2027, 4, 1, 4, tzinfo=UTC),
    models.DateField: date(2027, 4, 1),
    ArrayField: ["x"],
}
ALSO: dict[type[Model], dict[str, object]] = {
    Application: {"door": "portal", "account_id": 1},
    Annulment: {"second_official_id": 2},
    ChildLink: {"other_key": "y"},
    Confirmation: {"way": "watermark"},
    OutageForecast: {"reopens_at": datetime(2027, 4, 1, 5, tzinfo=UTC)},
    SlotChange: {"kind": "added", "child_key": ""},
    SpokenClosing: {"last_sha256": "5eed5eed"},
    TwinsWish: {"applications": [UUID(int=1), UUID(int=2)]},
}


def some_row(fact: type[Model]) -> dict[str, object]:
    """A value of the right kind for every column that needs one, by its name."""
    row = {}
    for field in fact._meta.concrete_fields:
        plain = field.target_field if field.is_relation else field
        if not field.null or field.name == "application_id":
            row[field.attname] = next((value for kind, value in SOME.items() if isinstance(plain, kind)), 1)
    return row | ALSO.get(fact, {})


@pytest.mark.parametrize("statement", WAYS[:2])
@pytest.mark.parametrize("fact", FACTS, ids=lambda model: model._meta.label)
def test_even_a_superuser_meets_the_trigger(fact: type[Model], statement: str) -> None:
    with connection.cursor() as cursor:
        # One row without the country around it: foreign keys sleep while it is stored.
        cursor.execute("SET LOCAL session_replication_role = replica")
        fact.objects.bulk_create([fact(**some_row(fact))])
        cursor.execute("SET LOCAL session_replication_role = origin")

    with pytest.raises(DatabaseError, match=r"append_only|Cannot"), transaction.atomic():
        run(statement, fact)

    assert fact.objects.count() == 1


def test_what_is_no_fact_can_be_deleted_by_its_owner() -> None:
    """The control: it is the trigger that refuses above, not the row or the statement."""
    Region.objects.create(kato="100000000", name_kk="а", name_ru="а", name_en="a")

    for statement in WAYS[:2]:
        run(statement, Region)

    assert not Region.objects.exists()
