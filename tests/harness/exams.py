"""A student's exams: results they report with evidence, and what staff decide about them. Needs an app context."""

import datetime as dt

import sqlalchemy as sa

from provider.exams import actions, queries
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState, Facts
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.programs.models import Credential
from tests.harness.papers import PAPER, STAFF, person


def credential(code: str) -> Credential:
    """Return a credential by its code."""
    return db.session.scalars(sa.select(Credential).where(Credential.code == code)).one()


def facts(taken_on: dt.date, *, passed: bool = True, score: int | None = None, number: str | None = None) -> Facts:
    """Return what a score report says."""
    return Facts(taken_on, passed, score, number)


def report(email: str, said: Facts, *, code: str = "CCMA", at: dt.datetime | None = None) -> str:
    """Report a result as its student; returns its reference."""
    with unit_of_work():
        who = person(email)
        actor = Actor(ActorKind.STUDENT, who.reference)
        made = actions.report(
            person=who, credential=credential(code), facts=said, data=PAPER, actor=actor, at=at or clock.now()
        )
        return made.reference


def verify(reference: str, said: Facts | None = None, *, at: dt.datetime | None = None) -> None:
    """Verify a result as staff, as it was reported or as they read it."""
    with unit_of_work():
        result = queries.by_reference(reference, lock=True)
        kept = Facts(result.taken_on, result.passed, result.score, result.certificate_number)
        actions.verify(result=result, facts=said or kept, actor=STAFF, at=at or clock.now())


def reject(reference: str, reason: str = "The day cannot be read.", *, at: dt.datetime | None = None) -> None:
    """Reject a result as staff."""
    with unit_of_work():
        result = queries.by_reference(reference, lock=True)
        actions.reject(result=result, reason=reason, actor=STAFF, at=at or clock.now())


def result(reference: str) -> ExamResult:
    """Return a result as it is stored now."""
    db.session.expire_all()
    return queries.by_reference(reference)


def tell(*, passed: str, failed: str, now: dt.datetime) -> None:
    """Let one student pass at the second attempt, and report what waits and what was rejected; another one fails."""
    day, month = now.date(), dt.timedelta(days=31)
    verify(report(passed, facts(day - 2 * month, passed=False, score=371), code="CPCT/A", at=now), at=now)
    verify(report(passed, facts(day - month, score=412, number="C7-4410-2286"), code="CPCT/A", at=now), at=now)
    reject(report(passed, facts(day - dt.timedelta(days=3)), code="CPT", at=now), at=now)
    report(passed, facts(day - dt.timedelta(days=2), score=405), code="CPT", at=now)
    verify(report(failed, facts(day - dt.timedelta(days=9), passed=False), code="CPT", at=now), at=now)


def waiting(email: str) -> str:
    """Return a result of somebody that waits for a check; a new one when staff have decided all of them."""
    query = sa.select(ExamResult.reference).where(
        ExamResult.person_id == person(email).id, ExamResult.state == ExamState.REPORTED
    )
    found = db.session.scalars(query.order_by(ExamResult.id).limit(1)).first()
    return found or report(email, facts(clock.now().date() - dt.timedelta(days=1)))


def certificate(email: str) -> str:
    """Return a verified pass of somebody whose certificate is renewed by a day; a new one when there is none."""
    query = sa.select(ExamResult.reference).where(
        ExamResult.person_id == person(email).id, ExamResult.renew_by.is_not(None)
    )
    found = db.session.scalars(query.order_by(ExamResult.id).limit(1)).first()
    if found is not None:
        return found
    made = report(email, facts(clock.now().date() - dt.timedelta(days=40)))
    verify(made)
    return made
