"""The way up and down between revisions, on both engines, with rows in place; triggers survive each step."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from config import ROOT
from provider.documents.rules import DocumentKind
from provider.enrollments.queries import by_reference as enrollment_of
from provider.kernel import clock, triggers
from provider.kernel.database import Model, db, is_sqlite, unit_of_work
from provider.kernel.settings import settings
from provider.refunds import approval
from provider.search.models import SearchWord
from provider.verification import queries as issued
from provider.verification.rules import IssuedKind
from tests.fieldwork.test_new_records import HOUR, all_records, anew, revoke
from tests.fieldwork.test_records import DONE, complete, worked
from tests.harness import externs, season
from tests.harness.disclosed import note_erasure, tell
from tests.harness.money import BURSAR
from tests.harness.season import Student
from tests.harness.stories import enroll
from tests.harness.visitor import Visitor

CHANGES = {
    "update": "UPDATE {table} SET id = id",
    "delete": "DELETE FROM {table}",
}


def _tables() -> set[str]:
    return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def _described() -> dict[str, object]:
    """Everything the database says about each table, in one comparable value."""
    inspector = sa.inspect(db.engine)
    return {
        table: (
            _written(inspector.get_columns(table)),
            _written(inspector.get_indexes(table)),
            _written(inspector.get_foreign_keys(table)),
            _written(inspector.get_check_constraints(table)),
            _written(inspector.get_unique_constraints(table)),
        )
        for table in sorted(_tables())
    }


def _written(things: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(str({name: _plain(value) for name, value in thing.items()}) for thing in things)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return str(value)


def _counts() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            table: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0
            for table in sorted(_tables())
        }


def _triggers() -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if is_sqlite()
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with db.engine.connect() as connection:
        return set(connection.scalars(sa.text(query)))


def _expected_triggers() -> set[str]:
    verbs = ("update", "delete") if is_sqlite() else ("change",)
    return {f"{table}_no_{verb}" for table in triggers.APPEND_ONLY for verb in verbs}


def _revisions() -> list[str]:
    """All revisions, the first one first."""
    found = ScriptDirectory(str(ROOT / "migrations")).walk_revisions()
    return [each.revision for each in found][::-1]


def test_up_and_down_again_leave_nothing_and_up_makes_the_same_tables(empty_app: Flask) -> None:
    with empty_app.app_context():
        made = _described()
        assert set(made) == {table.name for table in Model.metadata.tables.values()}
        flask_migrate.downgrade(revision="base")
        assert (_tables(), _triggers()) == (set(), set())
        flask_migrate.upgrade()
        again = _described()
        assert {table: again[table] for table in made if again[table] != made[table]} == {}
        assert _triggers() == _expected_triggers()


def test_a_school_with_rows_goes_down_to_nothing(app: Flask, visitor: Visitor) -> None:
    enroll(visitor)
    with app.app_context():
        flask_migrate.downgrade(revision="base")
        assert _tables() == set()


def test_each_later_revision_keeps_the_rows_on_its_way_down_and_up(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    with app.app_context():
        tell(reference)
        before = kept = _counts()
        for revision in _revisions()[:0:-1]:
            flask_migrate.downgrade(revision=f"{revision}-1")
            kept = _counts()
            assert kept == {table: before[table] for table in kept}, revision
        flask_migrate.upgrade()
        again = _counts()
        assert again == before | dict.fromkeys(set(again) - set(kept), 0)
        assert _triggers() == _expected_triggers()


def test_the_migrations_make_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.check()


def test_people_from_before_are_found_after_the_migration(app: Flask) -> None:
    student = Student("María Núñez-Åberg", "maria.nunez@example.org")
    with app.app_context():
        for step in (season.enroll, season.prove):
            with unit_of_work():
                step(student, clock.now())
        query = sa.select(SearchWord.word).where(SearchWord.kind == "person").order_by(SearchWord.word)
        filed = db.session.scalars(query).all()
        flask_migrate.downgrade(revision="0005")
        flask_migrate.upgrade()
        assert db.session.scalars(query).all() == filed
        assert {"nunez", "maria.nunez@example.org", "5550100199"} < set(filed)


def test_a_promise_from_before_keeps_its_days_after_the_migration(app: Flask) -> None:
    with app.app_context():
        externs.require("ccma", DocumentKind.TB)
        last_minute = dt.datetime(2027, 2, 2, 4, 59, tzinfo=dt.UTC)  # 23:59 on February 1 in New York
        waited = externs.asked(at=last_minute)
        externs.bring(
            externs.request(waited).enrollment.reference,
            DocumentKind.TB,
            at=last_minute + dt.timedelta(days=10, hours=5),
        )
        app.extensions["settings"] = replace(before := settings(), GUARANTEE_DAYS=45)
        try:
            shorter = externs.asked(at=last_minute)
            flask_migrate.downgrade(revision="0035-1")
            assert "days" not in {column["name"] for column in sa.inspect(db.engine).get_columns("clock")}
            flask_migrate.upgrade()
        finally:
            app.extensions["settings"] = before
        assert [externs.clock_of(reference).days for reference in (waited, shorter)] == [60, 45]
        assert externs.clock_of(waited).due_on == dt.date(2027, 4, 2) + dt.timedelta(days=10)


def test_a_record_that_goes_with_the_way_down_is_not_said_to_stand(app: Flask) -> None:
    with app.app_context():
        who = worked()
        first = complete(who)
        revoke(first)
        second = anew(who)
        flask_migrate.downgrade(revision="0035-1")
        flask_migrate.upgrade()
        assert [one.reference for one in all_records(who)] == [first]
        (old,), (gone,) = (issued.of_subject(one, IssuedKind.EXTERNSHIP_RECORD) for one in (first, second))
        assert (old.revoked_because, old.revoked_at) == ("Counted twice.", DONE + HOUR)
        assert gone.revoked_at is not None
        assert "one record of a placement" in (gone.revoked_because or "")
        with unit_of_work():
            approval.end(enrollment_of(who.enrollment, lock=True), BURSAR, DONE)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", triggers.APPEND_ONLY)
def test_what_happened_is_never_rewritten(app: Flask, visitor: Visitor, table: str, change: str) -> None:
    reference = enroll(visitor)
    with app.app_context():
        tell(reference)
        note_erasure()
        assert _counts()[table] > 0
        with unit_of_work(), pytest.raises(sa.exc.DBAPIError, match=f"{table} is append-only"):
            db.session.execute(sa.text(CHANGES[change].format(table=table)))
