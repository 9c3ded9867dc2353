"""Statements, the closing of days and the journal."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.books.models import DayClose
from provider.kernel.database import db
from tests.harness.room import Case, Objects, Records, Room, Visit, by_staff, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case("journal", Role.BURSAR, "/staff/journal", {"format": "csv"}),
    Case("close day", Role.BURSAR, "/staff/closing/{day}", {"remark": "The bank’s answer is on file"}, "/close"),
)
BUTTONS = {
    "/staff/closing/{day}/compare": Role.BURSAR,
    "/staff/closing/export": Role.BURSAR,
}


def _newest() -> str:
    return db.session.scalars(sa.select(sa.func.max(DayClose.day))).one().isoformat()


def _student(stage: Stage) -> Iterator[Visit]:
    for state in ("paying", "overpaid", "refunding", "settled", "withdrawn", "reversed", "awaiting"):
        who = stage.season[state]
        yield Visit(f"my-{state}-statement", f"/my/enrollments/{who.enrollment}/statement", who.email)


def _staff(stage: Stage) -> Iterator[Visit]:
    newest = sa.select(DayClose.day).order_by(DayClose.id.desc()).limit(2)
    differs, shut = looked_up(stage.app, lambda: db.session.scalars(newest).all())
    paths = {
        "statement": f"/staff/enrollments/{stage.season['late'].enrollment}/statement",
        "closing": "/staff/closing",
        "closing-day": f"/staff/closing/{differs}",
        "closing-day-closed": f"/staff/closing/{shut}",
        "journal": "/staff/journal",
    }
    yield from by_staff(stage, paths)


def _day(school: Flask, season: Season) -> dict[str, str]:
    return {"day": looked_up(school, _newest)}


def _objects(season: Season) -> Objects:
    return {"/staff/closing/": {"day": _newest()}}


RECORDS = (Records(("day",), _day),)


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
