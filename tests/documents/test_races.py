"""Several uploads, or several checks, of one document at once: one stands; and controls that show both unguarded."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.documents import actions, queries
from provider.documents.models import StudentDocument
from provider.documents.rules import DOCUMENT_PREFIX, DocumentKind, DocumentState
from provider.files.actions import keep
from provider.files.models import File
from provider.history.models import History
from provider.kernel import references
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.harness import papers
from tests.harness.money import at_once, kept
from tests.harness.placed import graduated
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first

AT = dt.datetime(2026, 11, 22, 15, tzinfo=dt.UTC)
EMAIL = "ana@example.org"
TB = DocumentKind.TB
MANY = 4


@pytest.fixture
def student(app: Flask) -> str:
    """The enrollment of a student who has an account."""
    with app.app_context():
        return graduated(EMAIL)


def count(*where: sa.ColumnElement[bool]) -> int:
    return db.session.scalars(sa.select(sa.func.count()).where(*where)).one()


def waiting() -> tuple[int, int, int]:
    """Return how many documents wait to be checked, how many files there are, and how many tasks are open."""
    return (
        count(StudentDocument.state == DocumentState.UPLOADED),
        count(File.content_type == "application/pdf", File.id.in_(sa.select(StudentDocument.file_id))),
        count(Task.kind == TaskKind.CHECK_DOCUMENT, Task.done_at.is_(None)),
    )


def upload() -> str:
    """Upload as the page does."""

    def work() -> str:
        who = papers.person(EMAIL)
        actor = Actor(ActorKind.STUDENT, who.reference)
        return actions.upload(person=who, kind=TB, data=papers.PAPER, expires_on=None, actor=actor, at=AT).reference

    return retrying(work)


@pytest.mark.usefixtures("student")
@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_of_the_same_paper_uploaded_several_times_at_once_one_waits(app: Flask, _round: int) -> None:
    found = at_once(app, *[upload] * MANY)
    assert [one for one in found if not isinstance(one, str)] == []
    with app.app_context():
        assert waiting() == (1, 1, 1)


@pytest.mark.usefixtures("student")
def test_without_the_guard_every_upload_waits_to_be_checked(app: Flask) -> None:
    """The control: whether another one waits is looked at first, and the document is written afterwards."""

    def none_waits() -> bool:
        return waiting()[0] == 0

    def write() -> None:
        who = papers.person(EMAIL)
        actor = Actor(ActorKind.STUDENT, who.reference)
        file = keep(data=papers.PAPER, about=who.reference, actor=actor, at=AT)
        db.session.flush()
        db.session.add(
            StudentDocument(
                reference=references.new(DOCUMENT_PREFIX), person_id=who.id, about=who.reference, kind=TB,
                file_id=file.id, state=DocumentState.UPLOADED, uploaded_at=AT,
            )
        )  # fmt: skip

    assert looked_first(app, *[(none_waits, write)] * MANY) == [True] * MANY
    with app.app_context():
        assert waiting()[:2] == (MANY, MANY)


def accept(reference: str) -> None:
    retrying(
        lambda: actions.accept(
            document=queries.by_reference(reference, lock=True), expires_on=None, actor=papers.STAFF, at=AT
        )
    )


def refuse(reference: str) -> None:
    retrying(
        lambda: actions.refuse(
            document=queries.by_reference(reference, lock=True), reason="Nobody can read it.", actor=papers.STAFF, at=AT
        )
    )


def decisions(reference: str) -> int:
    events = ("student_document.accepted", "student_document.refused")
    return count(History.subject_reference == reference, History.event.in_(events))


@pytest.mark.usefixtures("student")
@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_of_several_who_check_one_paper_at_once_one_decides(app: Flask, _round: int) -> None:
    with app.app_context():
        reference = upload()
    ways: list[Callable[[str], None]] = [accept, refuse, accept, refuse]
    found = at_once(app, *[partial(way, reference) for way in ways])
    assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "IllegalTransition": 3}
    with app.app_context():
        won = DocumentState.ACCEPTED if found.index(None) % 2 == 0 else DocumentState.REFUSED
        assert kept(queries.by_reference(reference)).state is won
        assert (decisions(reference), waiting()[2]) == (1, 0)


@pytest.mark.usefixtures("student")
def test_without_the_guard_everybody_decides_and_the_last_one_counts(app: Flask) -> None:
    """The control: whether it waits is looked at first, and the decision is written afterwards."""
    with app.app_context():
        reference = upload()
    row = sa.update(StudentDocument).where(StudentDocument.reference == reference)

    def waits() -> bool:
        return kept(queries.by_reference(reference)).state is DocumentState.UPLOADED

    def write(state: DocumentState) -> None:
        refusal = "Nobody can read it." if state is DocumentState.REFUSED else None
        db.session.execute(row.values(state=state, checked_at=AT, refusal=refusal))

    ways = [DocumentState.ACCEPTED, DocumentState.REFUSED] * 2
    assert looked_first(app, *[(waits, partial(write, state)) for state in ways]) == [True] * MANY
