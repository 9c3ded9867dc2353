"""Reporting an exam result, verifying or rejecting it, entering one that a list brought, and moving a renewal."""

import datetime as dt

import sqlalchemy as sa

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.exams import letters, queries
from provider.exams.models import ExamResult
from provider.exams.rules import (
    LIFECYCLE,
    MOST_RESULTS,
    RESULT_PREFIX,
    ExamState,
    Facts,
    renew_by,
    why_not_renewed,
    why_not_taken,
)
from provider.files import actions as files
from provider.files.models import File
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post, post_once
from provider.programs.models import Credential
from provider.tasks import queries as tasks
from provider.tasks.actions import finish, raise_task
from provider.tasks.rules import TaskKind


class DayRefused(DomainError):
    """A day that cannot be the one that is meant; the sentence says why."""

    status = 422
    code = "exam_day_refused"


class ReportedAlready(DomainError):
    """The attempt of this day was checked and accepted before."""

    code = "exam_reported_already"
    sentence = "The exam of this day is accepted already. If something about it is wrong, write to us."


class AttemptKnown(DomainError):
    """Another result of the same student, exam and day counts."""

    code = "exam_attempt_known"
    sentence = "Another result of this student for the same exam and day counts already. Reject one of the two."


class TooManyResults(DomainError):
    """Nobody takes so many exams; it keeps anybody from filling the disk."""

    status = 422
    code = "too_many_results"
    sentence = "You have reported as many results as we keep. Write to us, and we make room for more."


class NothingToRenew(DomainError):
    """A result that stands for no certificate, or for one that does not run out."""

    code = "nothing_to_renew"
    sentence = "This certificate has no day by which it is renewed. Reload the page to see how it stands."


def report(
    *, person: Person, credential: Credential, facts: Facts, data: bytes, actor: Actor, at: dt.datetime
) -> ExamResult:
    """Keep what a student reports with its evidence, and put it before staff.

    What is reported again before anybody checked it is corrected in its place. Raises DayRefused, FileRefused,
    ReportedAlready, TooManyResults. The person's row is locked, so that one attempt is not reported twice at once.
    """
    _check_day(facts.taken_on, at)
    people.by_id(person.id, lock=True)
    result = queries.counting(person.id, credential.id, facts.taken_on)
    if result is not None and result.state is not ExamState.REPORTED:
        raise ReportedAlready
    if result is None and queries.number_of(person.id) >= MOST_RESULTS:
        raise TooManyResults
    file = files.keep(data=data, about=person.reference, actor=actor, at=at)
    db.session.flush()
    if result is None:
        return _add(person, credential, facts, file.id, actor=actor, at=at)
    return _correct(result, facts, file.id, actor, at)


def _check_day(taken_on: dt.date, at: dt.datetime) -> None:
    refusal = why_not_taken(taken_on, today=_today(at))
    if refusal is not None:
        raise DayRefused(refusal)


def _today(at: dt.datetime) -> dt.date:
    return day_of(at, settings().SCHOOL_ZONE)


def _add(
    person: Person, credential: Credential, facts: Facts, file_id: int | None, *, actor: Actor, at: dt.datetime
) -> ExamResult:
    result = ExamResult(
        reference=references.new(RESULT_PREFIX),
        person_id=person.id,
        about=person.reference,
        credential_id=credential.id,
        taken_on=facts.taken_on,
        passed=facts.passed,
        score=facts.score,
        certificate_number=facts.certificate_number,
        file_id=file_id,
        state=ExamState.REPORTED,
        reported_at=at,
    )
    db.session.add(result)
    db.session.flush()
    history.born(result, actor=actor, at=at, about=result.about, data={"credential": credential.code})
    if file_id is not None:
        raise_task(
            kind=TaskKind.CHECK_EXAM_RESULT,
            key=task_key(result.reference),
            about=person.reference,
            sentence=f"{person.name} reported a result of the {credential.code} exam, {result.reference}. Check it.",
            at=at,
        )
    return result


def task_key(reference: str) -> str:
    """Return the key of the task to check a result."""
    return f"exam:{reference}"


def _correct(result: ExamResult, facts: Facts, file_id: int, actor: Actor, at: dt.datetime) -> ExamResult:
    """Take what was typed again for the same attempt, with the new evidence; the old evidence served nothing yet."""
    old, result.file_id = result.file_id, file_id
    _take(result, facts)
    db.session.flush()
    rows_changed(sa.delete(File).where(File.id == old))
    history.note(result, "exam_result.corrected", actor=actor, at=at, about=result.about)
    return result


def _take(result: ExamResult, facts: Facts) -> None:
    result.taken_on, result.passed = facts.taken_on, facts.passed
    result.score, result.certificate_number = facts.score, facts.certificate_number


def verify(*, result: ExamResult, facts: Facts, actor: Actor, at: dt.datetime) -> ExamResult:
    """Accept a result as staff read it in the evidence, and tell the student what comes next.

    Raises DayRefused, AttemptKnown, IllegalTransition.
    """
    _check_day(facts.taken_on, at)
    people.by_id(result.person_id, lock=True)
    known = queries.counting(result.person_id, result.credential_id, facts.taken_on)
    if known is not None and known.id != result.id:
        raise AttemptKnown
    _take(result, facts)
    _accept(result, actor, at)
    post(letters.verified(result, _retake_from(result)), at=at, actor=actor)
    return result


def _accept(result: ExamResult, actor: Actor, at: dt.datetime) -> None:
    if result.passed:
        result.renew_by = renew_by(result.taken_on, result.credential.renewal_months)
    _decide(result, ExamState.VERIFIED, actor, at)


def _decide(result: ExamResult, to: ExamState, actor: Actor, at: dt.datetime) -> None:
    result.decided_at, result.decided_by = at, actor.reference
    said = {"result": "passed" if result.passed else "not passed"}
    history.move(result, to, LIFECYCLE, actor=actor, at=at, about=result.about, personal=said)
    db.session.flush()
    task = tasks.by_key(task_key(result.reference))
    if task is not None and task.done_at is None:
        finish(task=task, remark=to.label, actor=actor, at=at)


def _retake_from(result: ExamResult) -> dt.date | None:
    exams = queries.exams_of(result.person_id)
    return next((exam.retake_from for exam in exams if exam.credential.id == result.credential_id), None)


def reject(*, result: ExamResult, reason: str, actor: Actor, at: dt.datetime) -> ExamResult:
    """Reject a result, and tell the student why and what to do; raises IllegalTransition."""
    result.rejection = reason
    _decide(result, ExamState.REJECTED, actor, at)
    post(letters.rejected(result), at=at, actor=actor)
    return result


def enter(*, person: Person, credential: Credential, facts: Facts, actor: Actor, at: dt.datetime) -> ExamResult | None:
    """Enter a result that the issuing body's own list states: it is verified at once, and the student gets the letter.

    A result that the student reported for that day is verified with what the list says. None when the attempt is
    verified already, so that a list may be read twice. Raises DayRefused.
    """
    _check_day(facts.taken_on, at)
    people.by_id(person.id, lock=True)
    known = queries.counting(person.id, credential.id, facts.taken_on)
    if known is not None and known.state is ExamState.VERIFIED:
        return None
    result = known or _add(person, credential, facts, None, actor=actor, at=at)
    return verify(result=queries.by_reference(result.reference, lock=True), facts=facts, actor=actor, at=at)


def renew(*, result: ExamResult, renew_on: dt.date, actor: Actor, at: dt.datetime) -> ExamResult:
    """Move the day by which a certificate is renewed, as its holder says; raises NothingToRenew, DayRefused.

    It moves reminders and nothing else, so that no evidence is asked for.
    """
    if result.renew_by is None:
        raise NothingToRenew
    refusal = why_not_renewed(renew_on, before=result.renew_by, today=_today(at))
    if refusal is not None:
        raise DayRefused(refusal)
    data = {"old": result.renew_by.isoformat(), "new": renew_on.isoformat()}
    result.renew_by = renew_on
    history.note(result, "exam_result.renewed", actor=actor, at=at, about=result.about, data=data)
    return result


def remind(*, result: ExamResult, days: int, at: dt.datetime) -> None:
    """Remind somebody to renew a certificate, unless a later pass took its place; done again, it changes nothing."""
    if result.renew_by is not None and not queries.newer_certificate(result):
        post_once(letters.renewal(result, event(result, days)), at=at)


def event(result: ExamResult, days: int) -> str:
    """Return the event of a reminder: one for each day of renewal and each of its reminders."""
    return f"{result.reference}:{result.renew_by}:{days}"
