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
from provider.mail.models import OutboxLetter
from provider.search.queries import has_word, typed_words
from provider.search.records import Records, newest_with
from provider.search.rules import whole_reference
from provider.tasks.models import Task

MOST_CALLED = 50
_P, _G = table(Person).c, table(RoleGrant).c
_E, _A = table(Enrollment).c, table(Agreement).c
_L, _T = table(OutboxLetter).c, table(Task).c
_NEWEST = sa.select(sa.func.max(_E.id)).where(_E.person_id == _P.id).correlate(table(Person)).scalar_subquery()


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


STUDENTS = Records(
    sa.select(_P.reference, _P.name, _P.email, _P.disabled_at, _E.reference.label("enrollment"), _E.state).join_from(
        table(Person), table(Enrollment), _E.id == _NEWEST
    ),
    _P.reference,
    _student,
)


def students(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return people with an enrollment, the newest first."""
    joined = sa.select(_E.id).where(_E.person_id == _P.id).exists()
    newest = newest_with(sa.select(_P.id).where(joined), PERSON, words, _P.id, most)
    return STUDENTS.read(STUDENTS.query.where(newest).order_by(_P.id.desc()))


def _colleague(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_people.show", reference=row.reference)
    return Hit(reference=row.reference, title=row.name, href=href, text=row.email, address=row.email)


STAFF = Records(
    sa.select(_P.reference, _P.name, _P.email, _P.disabled_at).where(_P.id.in_(sa.select(_G.person_id))),
    _P.reference,
    _colleague,
)


def staff(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return people with a role, the newest first; there are few, so each is asked for its words."""
    asked = [Typed(word.beginning, common=True) for word in words]
    query = STAFF.query.where(*(has_word(PERSON, word, _P.id) for word in asked))
    return STAFF.read(query.order_by(_P.id.desc()).limit(most))


def people_called(typed: str) -> tuple[str, ...]:
    """Return the references of the people that were meant, students and staff, the newest first; of very many some."""
    if (whole := whole_reference(typed)) is not None and whole[0] == "P":
        return (whole[1],)
    words = typed_words(PERSON, typed)
    if not words:
        return ()
    newest = newest_with(sa.select(_P.id), PERSON, words, _P.id, MOST_CALLED)
    return tuple(db.session.scalars(sa.select(_P.reference).where(newest)))


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


ENROLLMENTS = Records(
    sa.select(_E.reference, _E.legal_name, _E.claimed_email, _E.state, _E.accepted_at, _A.program_code).join_from(
        table(Enrollment), table(Agreement)
    ),
    _E.reference,
    _enrollment,
)


def enrollments(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return enrollments, the newest first."""
    newest = newest_with(sa.select(_E.id), ENROLLMENT, words, _E.id, most)
    return ENROLLMENTS.read(ENROLLMENTS.query.where(newest).order_by(_E.id.desc()))


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


LETTERS = Records(
    sa.select(_L.reference, _L.subject, _L.template, _L.recipient, _L.state, _L.queued_at, _L.sent_at),
    _L.reference,
    _letter,
)


def letters(names: Sequence[str], most: int) -> list[Hit]:
    """Return the letters about what was found, the newest first."""
    # Sorted by more than the key: a database that walks the key for its order would read half the table.
    return LETTERS.read(LETTERS.query.where(_L.about.in_(names)).order_by(sa.desc(_L.id + 0)).limit(most))


def _task(row: Any) -> Hit:  # noqa: ANN401 - a row
    return Hit(
        reference=row.reference,
        title=row.kind.label,
        href=url_for("staff_tasks.show", reference=row.reference),
        text=row.sentence,
        state=row.state,
        at=row.created_at,
    )


TASKS = Records(sa.select(_T.reference, _T.kind, _T.sentence, _T.state, _T.created_at), _T.reference, _task)


def tasks(names: Sequence[str], most: int) -> list[Hit]:
    """Return the tasks about what was found, open or done, the newest first."""
    return TASKS.read(TASKS.query.where(_T.about.in_(names)).order_by(sa.desc(_T.id + 0)).limit(most))  # as above


SOURCES = {
    "students": Source(
        "Students",
        "Students, by name, e-mail address, telephone number or reference (P-…)",
        Permission.SEE_ENROLLMENTS,
        rank=10,
        prefixes=("P",),
        kind=PERSON,
        named=STUDENTS.named,
        worded=students,
    ),
    "enrollments": Source(
        "Enrollments",
        "Enrollments, by the student’s name, e-mail address or reference (E-…)",
        Permission.SEE_ENROLLMENTS,
        rank=20,
        prefixes=("E",),
        kind=ENROLLMENT,
        named=ENROLLMENTS.named,
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
        named=STAFF.named,
        worded=staff,
        whole_list=lambda _typed: url_for("staff_people.index"),
    ),
    "tasks": Source(
        "Tasks",
        "Tasks about what was found, or by reference (T-…)",
        Permission.SEE_TASKS,
        rank=40,
        prefixes=("T",),
        named=TASKS.named,
        told=tasks,
    ),
    "letters": Source(
        "Letters",
        "Letters about what was found, or by reference (L-…)",
        Permission.SEE_MAIL,
        rank=50,
        prefixes=("L",),
        named=LETTERS.named,
        told=letters,
    ),
}
