"""What the search box finds about people and their enrollments, and around them: letters and tasks."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.models import Person, RoleGrant
from provider.accounts.rules import SEARCH_KIND as PERSON
from provider.accounts.rules import Permission
from provider.enrollments.models import Agreement, Enrollment
from provider.enrollments.rules import SEARCH_KIND as ENROLLMENT
from provider.kernel.database import db, table
from provider.kernel.finding import Hit, Source, Typed
from provider.kernel.paging import limited
from provider.mail.models import OutboxLetter
from provider.search.queries import has_all, has_word, typed_words
from provider.search.rules import whole_reference
from provider.tasks.models import Task

MOST_CALLED = 50
NEAR = 20_000
_P, _G = table(Person).c, table(RoleGrant).c
_E, _A = table(Enrollment).c, table(Agreement).c
_L, _T = table(OutboxLetter).c, table(Task).c
_NEWEST = sa.select(sa.func.max(_E.id)).where(_E.person_id == _P.id).correlate(table(Person)).scalar_subquery()
_STUDENTS = sa.select(
    _P.reference, _P.name, _P.email, _P.disabled_at, _E.reference.label("enrollment"), _E.state
).join_from(table(Person), table(Enrollment), _E.id == _NEWEST)
_STAFF = sa.select(_P.reference, _P.name, _P.email, _P.disabled_at).where(_P.id.in_(sa.select(_G.person_id)))
_ENROLLMENTS = sa.select(
    _E.reference, _E.legal_name, _E.claimed_email, _E.state, _E.accepted_at, _A.program_code
).join_from(table(Enrollment), table(Agreement))
_LETTERS = sa.select(
    _L.id, _L.reference, _L.subject, _L.template, _L.recipient, _L.state, _L.queued_at, _L.sent_at, _L.about
)
_TASKS = sa.select(_T.id, _T.reference, _T.kind, _T.sentence, _T.state, _T.created_at)


def students(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return people with an enrollment, the newest first."""
    joined = sa.select(_E.id).where(_E.person_id == _P.id).exists()
    newest = newest_with(sa.select(_P.id).where(joined), PERSON, words, _P.id, most)
    return [_student(row) for row in _rows(_STUDENTS.where(newest).order_by(_P.id.desc()))]


def _student(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.name,
        href=url_for("staff_students.show", reference=row.reference),
        text=row.email,
        address=row.email,
        state=row.state,
        around=(row.reference, row.enrollment),
    )


def staff(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return people with a role, the newest first; there are few, so each is asked for its words."""
    asked = [Typed(word.beginning, common=True) for word in words]
    query = _STAFF.where(*(has_word(PERSON, word, _P.id) for word in asked))
    return [_colleague(row) for row in _rows(query.order_by(_P.id.desc()).limit(most))]


def _colleague(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_people.show", reference=row.reference)
    return Hit(reference=row.reference, title=row.name, href=href, text=row.email, address=row.email)


def person(reference: str) -> Hit | None:
    """Return a student by reference."""
    row = _row(_STUDENTS.where(_P.reference == reference))
    return None if row is None else _student(row)


def colleague(reference: str) -> Hit | None:
    """Return somebody with a role by reference."""
    row = _row(_STAFF.where(_P.reference == reference))
    return None if row is None else _colleague(row)


def people_called(typed: str) -> tuple[str, ...]:
    """Return the references of the people that were meant, students and staff, the newest first; of very many some."""
    if (whole := whole_reference(typed)) is not None and whole[0] == "P":
        return (whole[1],)
    words = typed_words(PERSON, typed)
    if not words:
        return ()
    newest = newest_with(sa.select(_P.id), PERSON, words, _P.id, MOST_CALLED)
    return tuple(db.session.scalars(sa.select(_P.reference).where(newest)))


def enrollments(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return enrollments, the newest first."""
    newest = newest_with(sa.select(_E.id), ENROLLMENT, words, _E.id, most)
    return [_enrollment(row) for row in _rows(_ENROLLMENTS.where(newest).order_by(_E.id.desc()))]


def enrollment(reference: str) -> Hit | None:
    """Return an enrollment by reference."""
    row = _row(_ENROLLMENTS.where(_E.reference == reference))
    return None if row is None else _enrollment(row)


def _enrollment(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.legal_name,
        href=url_for("staff_enrollments.show", reference=row.reference),
        text=f"{row.program_code}, {row.claimed_email}",
        address=row.claimed_email,
        state=row.state,
        at=row.accepted_at,
    )


def letters(names: Sequence[str], most: int) -> list[Hit]:
    """Return the letters about what was found, the newest first."""
    # Sorted by more than the key: a database that walks the key for its order would read half the table.
    query = _LETTERS.where(_L.about.in_(names)).order_by(sa.desc(_L.id + 0)).limit(most)
    return [_letter(row) for row in _rows(query)]


def letter(reference: str) -> Hit | None:
    """Return a letter by reference."""
    row = _row(_LETTERS.where(_L.reference == reference))
    return None if row is None else _letter(row)


def _letter(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.subject or row.template.replace("_", " ").capitalize(),
        href=url_for("staff_mail.show", reference=row.reference),
        text=f"To {row.recipient}",
        address=row.recipient,
        state=row.state,
        at=row.sent_at or row.queued_at,
    )


def tasks(names: Sequence[str], most: int) -> list[Hit]:
    """Return the tasks about what was found, open or done, the newest first."""
    query = _TASKS.where(_T.about.in_(names)).order_by(sa.desc(_T.id + 0)).limit(most)  # as above
    return [_task(row) for row in _rows(query)]


def task(reference: str) -> Hit | None:
    """Return a task by reference."""
    row = _row(_TASKS.where(_T.reference == reference))
    return None if row is None else _task(row)


def _task(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.kind.label,
        href=url_for("staff_tasks.show", reference=row.reference),
        text=row.sentence,
        state=row.state,
        at=row.created_at,
    )


def newest_with(
    query: sa.Select[Any], kind: str, words: Sequence[Typed], key: sa.Column[int], most: int
) -> sa.ColumnElement[bool]:
    """Return the condition that a record is among the newest that have all these words.

    Limited first, joined afterwards. Where two words are common but hardly anybody has both, walking through all
    records would take seconds: among all but the newest ones, those of each word are put together instead.
    """
    having = [has_word(kind, word, key) for word in words]
    if sum(word.common for word in words) < 2:
        return key.in_(sa.select(limited(query.where(*having), key, size=most - 1).subquery().c.id))
    near = sa.select(sa.func.max(key) - NEAR).scalar_subquery()
    found = list(db.session.scalars(limited(query.where(key > near, *having), key, size=most - 1)))
    if len(found) < most:
        rest = limited(query.where(key <= near, has_all(kind, words, key)), key, size=most - len(found) - 1)
        found += db.session.scalars(rest)
    return key.in_(found)


def _rows(query: sa.Select[Any]) -> list[Any]:
    return list(db.session.execute(query))


def _row(query: sa.Select[Any]) -> Any | None:  # noqa: ANN401 - a row
    return db.session.execute(query).first()


SOURCES = {
    "students": Source(
        "Students",
        "Students, by name, e-mail address, telephone number or reference (P-…)",
        Permission.SEE_ENROLLMENTS,
        rank=10,
        prefixes=("P",),
        kind=PERSON,
        named=person,
        worded=students,
    ),
    "enrollments": Source(
        "Enrollments",
        "Enrollments, by the student’s name, e-mail address or reference (E-…)",
        Permission.SEE_ENROLLMENTS,
        rank=20,
        prefixes=("E",),
        kind=ENROLLMENT,
        named=enrollment,
        worded=enrollments,
        whole_list=lambda typed: url_for("staff_enrollments.index", q=typed),
    ),
    "staff": Source(
        "Staff",
        "People who work here, by name, e-mail address or reference (P-…)",
        Permission.SEE_PEOPLE,
        rank=30,
        prefixes=("P",),
        kind=PERSON,
        named=colleague,
        worded=staff,
        whole_list=lambda _typed: url_for("staff_people.index"),
    ),
    "tasks": Source(
        "Tasks",
        "Tasks about what was found, or by reference (T-…)",
        Permission.SEE_TASKS,
        rank=40,
        prefixes=("T",),
        named=task,
        told=tasks,
    ),
    "letters": Source(
        "Letters",
        "Letters about what was found, or by reference (L-…)",
        Permission.SEE_MAIL,
        rank=50,
        prefixes=("L",),
        named=letter,
        told=letters,
    ),
}
