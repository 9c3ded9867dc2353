"""Documents of students, and which ones are asked for."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.documents.models import DocumentRequirement
from provider.kernel import clock
from tests.harness import (
    papers,
)
from tests.harness.room import (
    OWNER,
    Case,
    Objects,
    Records,
    Room,
    Visit,
    by_query,
    by_staff,
    first,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case(
        "upload",
        "completed",
        "/my/externship/documents/upload?kind=tb",
        {"expires_on": f"{clock.now() + dt.timedelta(days=90):%Y-%m-%d}"},
        file=("file", papers.PAPER),
    ),
    Case("accept document", Role.COORDINATOR, "/staff/documents/{document}", {}, "accept"),
    Case(
        "refuse document", Role.COORDINATOR, "/staff/documents/{document}", {"reason": "Cut off at the end"}, "refuse"
    ),
    Case(
        "ask for document",
        Role.COORDINATOR,
        "/staff/document-requirements",
        {"kind": "liability_cover", "program": "cpt", "remark": "Through the insurer of the school"},
        "requirements",
    ),
)
BUTTONS = {
    "/staff/document-requirements/{requirement}/end": Role.COORDINATOR,
}

REQUIREMENT = sa.select(DocumentRequirement.reference)


def _student(stage: Stage) -> Iterator[Visit]:
    """A student's documents: all states of them, none that anybody asks for, and the form to upload one."""
    completed, paying, other = (stage.season[state].email for state in ("completed", "paying", "refunding"))
    yield Visit("my-documents", "/my/externship/documents", completed)
    yield Visit("my-documents-waiting", "/my/externship/documents", paying)
    yield Visit("my-documents-none", "/my/externship/documents", other)
    path = "/my/externship/documents/upload"
    yield Visit("my-documents-upload", f"{path}?kind=influenza", completed)
    yield Visit("my-documents-upload-errors", path, completed, sent_empty=True, status=422)


def _staff(stage: Stage) -> Iterator[Visit]:
    waiting = looked_up(stage.app, lambda: papers.waiting(stage.season["completed"].email))
    paths = {
        "documents": "/staff/documents",
        "documents-accepted": "/staff/documents?state=accepted",
        "documents-none": "/staff/documents?state=expired",
        "document": f"/staff/documents/{waiting}",
        "document-requirements": "/staff/document-requirements",
        "document-requirements-ended": "/staff/document-requirements?view=ended",
    }
    yield from by_staff(stage, paths)


def _waiting(school: Flask, season: Season) -> dict[str, str]:
    return {"document": looked_up(school, lambda: papers.waiting(season["completed"].email))}


def _objects(season: Season) -> Objects:
    waiting = papers.waiting(season[OWNER].email)
    return {
        "/my/externship/documents/": {"reference": waiting},
        "/staff/documents/": {"reference": waiting},
        "/staff/document-requirements/": {"reference": first(REQUIREMENT)},
    }


RECORDS = (Records(("document",), _waiting), by_query("requirement", REQUIREMENT))


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
