"""Reading exam results: of one student by credential, and what waits for a check."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.accounts.models import Person
from provider.enrollments.models import Enrollment
from provider.exams.models import RENEWED_ROWS, TO_CHECK_ROWS, ExamResult
from provider.exams.rules import Attempt, ExamState, attempts, retake_from
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Page, Sort, up_to
from provider.programs import queries as programs
from provider.programs.models import Credential

_X = table(ExamResult).c
_WHOLE = sa.select(ExamResult).options(
    joinedload(ExamResult.person), joinedload(ExamResult.credential), joinedload(ExamResult.file)
)


def by_reference(reference: str, *, lock: bool = False) -> ExamResult:
    """Return one result with its student, its credential and its file's facts; raises NotFound."""
    query = _WHOLE.where(ExamResult.reference == reference)
    found = db.session.scalar(query.with_for_update(of=ExamResult) if lock else query)
    if found is None:
        raise NotFound
    return found


def own(person_id: int, reference: str, *, lock: bool = False) -> ExamResult:
    """Return a result to the student whose it is; what is not theirs raises NotFound like what is not there."""
    found = by_reference(reference, lock=lock)
    if found.person_id != person_id:
        raise NotFound
    return found


def of_person(person_id: int) -> Sequence[ExamResult]:
    """Return the results of somebody, the newest attempt first."""
    query = _WHOLE.where(ExamResult.person_id == person_id)
    return db.session.scalars(query.order_by(_X.taken_on.desc(), _X.id.desc())).all()


def counting(person_id: int, credential_id: int, taken_on: dt.date) -> ExamResult | None:
    """Return the result of an attempt that was not rejected, locked; None when there is none."""
    query = sa.select(ExamResult).where(
        ExamResult.person_id == person_id,
        ExamResult.credential_id == credential_id,
        ExamResult.taken_on == taken_on,
        ExamResult.state != ExamState.REJECTED,
    )
    return db.session.scalar(query.with_for_update())


def number_of(person_id: int) -> int:
    """Return how many results somebody has here."""
    query = sa.select(sa.func.count()).select_from(ExamResult).where(ExamResult.person_id == person_id)
    return db.session.scalar(query) or 0


def other_attempts(result: ExamResult) -> tuple[Attempt, ...]:
    """Return the other attempts of a result's student at the same exam, the first one first."""
    query = sa.select(_X.state, _X.taken_on, _X.passed).where(
        _X.person_id == result.person_id, _X.credential_id == result.credential_id, _X.id != result.id
    )
    return attempts((state, Attempt(taken_on, passed)) for state, taken_on, passed in db.session.execute(query))


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam as its student sees it: what they reported, and the first day on which they may take it again.

    ``certificate`` is the verified pass whose certificate runs the longest, or none.
    """

    credential: Credential
    results: tuple[ExamResult, ...]

    @property
    def retake_from(self) -> dt.date | None:
        """The first day of the next attempt; none when nothing stands in its way or it was passed."""
        return retake_from(attempts((one.state, one.attempt) for one in self.results))

    @property
    def certificate(self) -> ExamResult | None:
        """The newest verified pass."""
        return next((one for one in self.results if one.state is ExamState.VERIFIED and one.passed), None)


def exams_of(person_id: int) -> list[Exam]:
    """Return the exams that somebody took or that their programs lead to, in the order of the credentials."""
    results = of_person(person_id)
    wanted = {one.credential_id for one in results}
    codes = _codes_of_programs(person_id)
    return [
        Exam(credential, tuple(one for one in results if one.credential_id == credential.id))
        for credential in programs.credentials()
        if credential.id in wanted or credential.code in codes
    ]


def _codes_of_programs(person_id: int) -> frozenset[str]:
    """Return the codes of the credentials that somebody's programs lead to."""
    query = sa.select(Enrollment.program_id).where(Enrollment.person_id == person_id).distinct()
    found = (programs.content(programs.latest(program_id)) for program_id in db.session.scalars(query).all())
    return frozenset(code for content in found for code in content.credentials)


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of results that wait for a check."""
    return up_to(sa.select(_X.id).where(TO_CHECK_ROWS))


@dataclass(frozen=True, slots=True)
class Line:
    """One result as the staff's list shows it."""

    id: int
    reference: str
    credential: str
    student: str
    student_reference: str
    taken_on: dt.date
    passed: bool
    state: ExamState
    reported_at: dt.datetime


OLDEST = Sort("oldest", "Oldest first", "Reported", ascending=True, earlier="Older", later="Newer")
NEWEST = Sort("newest", "Newest first", "Reported")
_LINES = (
    sa.select(
        _X.id,
        _X.reference,
        Credential.code,
        Person.name,
        Person.reference,
        _X.taken_on,
        _X.passed,
        _X.state,
        _X.reported_at,
    )
    .select_from(table(ExamResult))
    .join(Person, Person.id == _X.person_id)
    .join(Credential, Credential.id == _X.credential_id)
)


def _ways(every: sa.Select[Any], state: ExamState, _words: Words) -> list[sa.Select[Any]]:
    return [every.where(TO_CHECK_ROWS if state is ExamState.REPORTED else _X.state == state)]


_RESULTS = Lines(Line, _LINES, sorts=(NEWEST, OLDEST), ways=_ways)


def page(state: ExamState = ExamState.REPORTED, *, before: int | None = None, after: int | None = None) -> Page[Line]:
    """Return a page of results in a state: what waits for a check oldest first, others newest first."""
    sort = OLDEST if state is ExamState.REPORTED else NEWEST
    return _RESULTS.page(state, sort=sort, before=before, after=after)


def renewing(first_on: dt.date, last_on: dt.date) -> Sequence[ExamResult]:
    """Return the certificates that have to be renewed between two days, the soonest first."""
    query = _WHOLE.where(RENEWED_ROWS, ExamResult.renew_by.between(first_on, last_on))
    return db.session.scalars(query.order_by(_X.renew_by, _X.id)).all()


def newer_certificate(result: ExamResult) -> bool:
    """Say whether a later pass of the same exam was verified, so that an earlier certificate needs no renewal."""
    later = sa.select(_X.id).where(
        _X.person_id == result.person_id,
        _X.credential_id == result.credential_id,
        _X.state == ExamState.VERIFIED,
        _X.passed,
        _X.taken_on > result.taken_on,
    )
    return db.session.scalar(later.limit(1)) is not None
