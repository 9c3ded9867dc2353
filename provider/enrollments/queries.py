"""Reading enrollments: by reference, by who may see them, and for the staff list."""

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, raiseload, selectinload

from provider.accounts.models import Person
from provider.accounts.rules import Asker
from provider.enrollments.models import ACTIVE_ROWS, JOINED_ROWS, OPEN_ROWS, Enrollment
from provider.enrollments.rules import OPEN_STATES, SEARCH_KIND, UNPAID_STATES, EnrollmentState
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.kernel.paging import counted, up_to
from provider.mail.models import OutboxLetter
from provider.search.queries import ids_under

JOINED_STATES = (EnrollmentState.AWAITING_PAYMENT, EnrollmentState.ACTIVE)


_WHOLE = sa.select(Enrollment).options(joinedload(Enrollment.agreement), selectinload(Enrollment.installments))
# In one statement; not for locking, since PostgreSQL reads only the locked row anew after it has waited for it.
_ONE = (
    sa.select(Enrollment)
    .options(joinedload(Enrollment.agreement), joinedload(Enrollment.installments))
    .where(Enrollment.reference == sa.bindparam("wanted"))
)


def by_reference(reference: str, *, lock: bool = False) -> Enrollment:
    """Return one enrollment with its agreement and installments, locked for changing if asked; raises NotFound."""
    if lock:
        found = db.session.scalar(_WHOLE.where(Enrollment.reference == reference).with_for_update(of=Enrollment))
    else:
        found = db.session.scalars(_ONE, {"wanted": reference}).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def first_ever() -> sa.ScalarSelect[int]:
    """Return the count of enrollments up to the first, whatever became of it: 1 once anybody has enrolled."""
    return up_to(sa.select(Enrollment.id), 1)


def any_ever() -> bool:
    """Say whether anybody has ever enrolled."""
    return counted({"first": first_ever()})["first"] > 0


def by_id(enrollment_id: int, *, lock: bool = False) -> Enrollment:
    """Return one enrollment like `by_reference`."""
    query = _WHOLE.where(Enrollment.id == enrollment_id)
    return db.session.scalars(query.with_for_update(of=Enrollment) if lock else query).one()


def own(asker: Asker, reference: str, *, lock: bool = False) -> Enrollment:
    """Return an enrollment to its student; what is not theirs raises NotFound like what is not there."""
    enrollment = by_reference(reference, lock=lock)
    if not asker.owns(person_id=enrollment.person_id, browser=enrollment.submission_key):
        raise NotFound
    return enrollment


def of_person(person_id: int) -> Sequence[Enrollment]:
    """Return a student's enrollments, newest first."""
    return db.session.scalars(_WHOLE.where(Enrollment.person_id == person_id).order_by(Enrollment.id.desc())).all()


def of_student(reference: str) -> tuple[Person, Sequence[Enrollment]]:
    """Return a student with all their enrollments, newest first; a person without one raises NotFound.

    Two statements, and one for the installments.
    """
    person = db.session.scalar(sa.select(Person).where(Person.reference == reference).options(raiseload(Person.grants)))
    found = of_person(person.id) if person is not None else ()
    if person is None or not found:
        raise NotFound
    return person, found


def of_browser(browser: str) -> Sequence[Enrollment]:
    """Return what a browser session typed and nobody has proved yet, newest first."""
    query = _WHOLE.where(Enrollment.submission_key == browser, Enrollment.person_id.is_(None))
    return db.session.scalars(query.order_by(Enrollment.id.desc())).all()


def unproved_of(email: str) -> Sequence[Enrollment]:
    """Return the running enrollments of a claimed address that nobody proved, locked for changing."""
    query = _WHOLE.where(
        Enrollment.id.in_(ids_under(SEARCH_KIND, email)),
        Enrollment.claimed_email == email,
        Enrollment.person_id.is_(None),
        OPEN_ROWS,
    )
    return db.session.scalars(query.order_by(Enrollment.id).with_for_update(of=Enrollment)).all()


def recipient(enrollment: Enrollment) -> str:
    """Return where letters about an enrollment go: its person's address, or the one that was typed."""
    if enrollment.person_id is None:
        return enrollment.claimed_email
    joined = db.session.get(Person, enrollment.person_id)
    return enrollment.claimed_email if joined is None else joined.email


_COLUMNS = table(Enrollment).c
_OPEN = sa.select(_COLUMNS.id).where(
    _COLUMNS.submission_key == sa.bindparam("browser"),
    _COLUMNS.program_id == sa.bindparam("program_id"),
    OPEN_ROWS,
)


def open_of_submission(browser: str, program_id: int) -> Enrollment | None:
    """Return the open enrollment that a browser session made in a program."""
    found = db.session.scalar(_OPEN, {"browser": browser, "program_id": program_id})
    enrollment = by_id(found, lock=True) if found is not None else None
    return enrollment if enrollment is not None and enrollment.state in OPEN_STATES else None


def joined_elsewhere(enrollment: Enrollment, person_id: int) -> Enrollment | None:
    """Return the person's other running enrollment in the same program."""
    query = _WHOLE.where(
        Enrollment.person_id == person_id,
        Enrollment.program_id == enrollment.program_id,
        Enrollment.id != enrollment.id,
        Enrollment.state.in_(JOINED_STATES),
    )
    return db.session.scalar(query.with_for_update(of=Enrollment))


def active_elsewhere(enrollment: Enrollment) -> bool:
    """Say whether the same student, by person or by claimed address, is active in the program by another enrollment."""
    other = sa.select(Enrollment.id).where(
        Enrollment.program_id == enrollment.program_id, Enrollment.id != enrollment.id, ACTIVE_ROWS
    )
    same_student = [other.where(Enrollment.claimed_email == enrollment.claimed_email)]
    if enrollment.person_id is not None:
        same_student.append(other.where(Enrollment.person_id == enrollment.person_id, JOINED_ROWS))
    return db.session.scalar(sa.union_all(*same_student).limit(1)) is not None


def unpaid_references(accepted_before: dt.datetime) -> Sequence[str]:
    """Return the enrollments accepted up to an instant that nobody has paid for."""
    return db.session.scalars(_unpaid(accepted_before)).all()


def unreminded_references(accepted_before: dt.datetime) -> Sequence[str]:
    """Return the unpaid enrollments accepted up to an instant whose student has not been reminded."""
    reminded = sa.exists().where(
        OutboxLetter.about == Enrollment.reference, OutboxLetter.template == "payment_reminder"
    )
    return db.session.scalars(_unpaid(accepted_before).where(~reminded)).all()


def _unpaid(accepted_before: dt.datetime) -> sa.Select[str]:
    return (
        sa.select(Enrollment.reference)
        .where(Enrollment.state.in_(UNPAID_STATES), Enrollment.accepted_at <= accepted_before)
        .order_by(Enrollment.id)
    )


def legal_names(references: Collection[str]) -> dict[str, str]:
    """Return the students' names of these references that are enrollments'."""
    query = sa.select(Enrollment.reference, Enrollment.legal_name).where(Enrollment.reference.in_(references))
    return {reference: name for reference, name in db.session.execute(query)}  # noqa: C416 - plain pairs are wanted


def by_references(references: Sequence[str], *, lock: bool = False) -> dict[str, Enrollment]:
    """Return the enrollments of these references that there are, always locked in the same order."""
    query = _WHOLE.where(Enrollment.reference.in_(references)).order_by(Enrollment.id)
    found = db.session.scalars(query.with_for_update(of=Enrollment) if lock else query)
    return {enrollment.reference: enrollment for enrollment in found}
