"""Exams: the results of students, and those that a list brings."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.exams.models import ExamResult
from provider.kernel import clock
from tests.harness import exams, papers
from tests.harness.room import OWNER, Case, Objects, Records, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

OFFICER = Role.CREDIT_OFFICER
YESTERDAY = f"{clock.now() - dt.timedelta(days=1):%Y-%m-%d}"
LATER = f"{clock.now() + dt.timedelta(days=1500):%Y-%m-%d}"
LIST = b"email,name,exam,date,result\nnobody@example.org,Nobody Here,CCMA,2026-11-01,pass\n"
CERTIFICATE = sa.select(ExamResult.reference).where(ExamResult.renew_by.is_not(None))
FORMS = (
    Case(
        "report exam",
        "completed",
        "/my/exams/report",
        {"credential": "cpct-a", "taken_on": YESTERDAY, "result": "pass", "score": "407"},
        file=("evidence", papers.PAPER),
    ),
    Case("renew certificate", "completed", "/my/exams/{certificate}/renewal", {"renew_by": LATER}),
    Case("verify exam", OFFICER, "/staff/exams/{exam}", {}, "verify"),
    Case("reject exam", OFFICER, "/staff/exams/{exam}", {"reason": "The day cannot be read"}, "reject"),
    Case("import exams", OFFICER, "/staff/exams/import", file=("csv", LIST)),
)
BUTTONS = {"/staff/exams/import/rows": OFFICER}


def _student(stage: Stage) -> Iterator[Visit]:
    """A student's exams: in every state, none yet, the form to report one, and a renewal."""
    completed, other = (stage.season[state].email for state in ("completed", "refunding"))
    certificate = looked_up(stage.app, lambda: first(CERTIFICATE))
    yield Visit("my-exams", "/my/exams", completed)
    yield Visit("my-exams-failed", "/my/exams", stage.season["graduate"].email)
    yield Visit("my-exams-none", "/my/exams", other)
    yield Visit("my-exams-report", "/my/exams/report?exam=cpt", completed)
    yield Visit("my-exams-report-errors", "/my/exams/report", completed, sent_empty=True, status=422)
    yield Visit("my-exams-renewal", f"/my/exams/{certificate}/renewal", completed)


def _staff(stage: Stage) -> Iterator[Visit]:
    waiting = looked_up(stage.app, lambda: exams.waiting(stage.season["completed"].email))
    certificate = looked_up(stage.app, lambda: first(CERTIFICATE))
    paths = {
        "exams": "/staff/exams",
        "exams-verified": "/staff/exams?state=verified",
        "exam": f"/staff/exams/{waiting}",
        "exam-verified": f"/staff/exams/{certificate}",
        "exam-import": "/staff/exams/import",
    }
    yield from by_staff(stage, paths, sent_empty=("exam-import",))


def _waiting(school: Flask, season: Season) -> dict[str, str]:
    return {"exam": looked_up(school, lambda: exams.waiting(season["completed"].email))}


def _objects(season: Season) -> Objects:
    owner = season[OWNER].email
    return {
        "/my/exams/": {"reference": exams.certificate(owner)},
        "/staff/exams/": {"reference": exams.waiting(owner)},
    }


RECORDS = (Records(("exam",), _waiting), by_query("certificate", CERTIFICATE))
ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
