"""Erasing what is held about a person (R25): what stands in the way, what would go and what stays, and doing it."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.models import RoleGrant, SignedLink
from provider.accounts.rules import SEARCH_KIND as PEOPLE
from provider.credits.models import CreditRequest
from provider.credits.rules import AT_COLLEGE, UNSENT
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND as ENROLLMENTS
from provider.externships.models import OPEN_REQUEST_ROWS, ExternshipRequest
from provider.history import actions as history
from provider.jobs.actions import enqueue
from provider.jobs.rules import Later
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert, rows_changed, table
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.paging import PAGE, Page, keyset
from provider.kernel.settings import settings
from provider.kernel.web import when
from provider.ledger import queries as ledger
from provider.ledger.rules import Account
from provider.mail import queries as mail
from provider.mail.actions import post, task_key
from provider.mail.models import OutboxLetter
from provider.mail.rules import LIFECYCLE, ON_ITS_WAY, LetterState
from provider.oversight import letters, personal
from provider.oversight.models import Erasure
from provider.oversight.personal import Subject
from provider.oversight.personal_erasing import ERASES, SHORT_LIVED, Erasing, changed
from provider.oversight.personal_finders import Condition, Held
from provider.oversight.personal_map import HELD
from provider.oversight.rules import ErasureBasis, Running, erased_on, obstacles
from provider.payments.models import Payment
from provider.refunds import queries as refunds
from provider.search.actions import file_anew
from provider.tasks.actions import finish_by_key
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from provider.threads.models import Thread
from provider.threads.rules import SEARCH_KIND as THREADS

FORGET_LETTER = "oversight.forget_letter"
LETTER_WAIT = dt.timedelta(minutes=10)
LETTER_LATER = dt.timedelta(hours=1)
_HELD = {held.name: held for held in HELD}


class NotNow(DomainError):
    """Something still runs for the person; the sentences say what to do first."""

    code = "erasure_not_now"


class AlreadyErased(DomainError):
    """There is nothing left to erase."""

    code = "already_erased"
    sentence = "This was erased already."


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that goes or stays, and how many rows it is about."""

    words: str
    rows: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What erasing somebody would do, and what stands in its way."""

    obstacles: Sequence[str]
    goes: Sequence[Line]
    stays: Sequence[Line]


def erasure_of(reference: str) -> Erasure | None:
    """Return the erasure of a person or an enrollment, if there was one; of a person's enrollment the person's."""
    found = db.session.scalar(sa.select(Erasure).where(Erasure.about == reference))
    if found is None or found.person_reference in {None, reference}:
        return found
    return db.session.scalar(sa.select(Erasure).where(Erasure.about == found.person_reference))


def preview(subject: Subject, *, now: dt.datetime) -> Preview:
    """Return what would go, what would stay and why; one statement for each table."""
    gone = {name: _count(_HELD[name], subject, erasing.only) for name, erasing in ERASES.items()}
    kept = {
        name: _count(_HELD[name], subject, None) - gone[name] if erasing.only else gone[name]
        for name, erasing in ERASES.items()
    }
    paid = was_paid(subject)
    goes = [
        Line(erasing.blanked, gone[name])
        for name, erasing in ERASES.items()
        if gone[name] and erasing.blanked and not (paid and erasing.unpaid_blanks)
    ]
    return Preview(tuple(in_the_way(subject, now=now)), goes, _stays(kept))


def _count(held: Held, subject: Subject, only: Callable[[sa.Table], Condition] | None) -> int:
    query = sa.select(sa.func.count()).select_from(held.table).where(held.finds(subject))
    return db.session.scalar(query if only is None else query.where(only(held.table))) or 0


def _stays(counts: dict[str, int]) -> list[Line]:
    """Return what stays, the same reason once."""
    found: dict[str, int] = {}
    for name, erasing in ERASES.items():
        if counts[name] and erasing.kept:
            found[erasing.kept] = found.get(erasing.kept, 0) + counts[name]
    return [Line(words, rows) for words, rows in found.items()]


def was_paid(subject: Subject) -> bool:
    """Say whether money ever came in for any of the enrollments."""
    query = sa.select(Payment.id).where(Payment.enrollment_id.in_(subject.enrollment_ids)).limit(1)
    return db.session.scalar(query) is not None


def in_the_way(subject: Subject, *, now: dt.datetime) -> list[str]:
    """Return why somebody cannot be erased now."""
    rows = enrollments.by_references([reference for _, reference in subject.enrollments])
    asked = _open_requests(subject)
    roles = sa.select(RoleGrant.role).where(RoleGrant.person_id == subject.person_id).limit(1)
    sending = sa.select(OutboxLetter.id).where(_letters(subject), OutboxLetter.state == LetterState.SENDING)
    return obstacles(
        [_standing(row, asked.get(row.id), now) for row in rows.values()],
        undecided=_undecided(subject),
        works_here=subject.person_id is not None and db.session.scalar(roles) is not None,
        sending=db.session.scalar(sending.limit(1)) is not None,
    )


def _open_requests(subject: Subject) -> dict[int, str]:
    query = sa.select(ExternshipRequest.enrollment_id, ExternshipRequest.reference).where(
        ExternshipRequest.enrollment_id.in_(subject.enrollment_ids), OPEN_REQUEST_ROWS
    )
    return {row.enrollment_id: row.reference for row in db.session.execute(query)}


def _undecided(subject: Subject) -> Sequence[str]:
    """Return the credit requests that wait for the school, the student or a college."""
    query = sa.select(CreditRequest.reference).where(
        CreditRequest.person_id == subject.person_id, CreditRequest.state.in_(UNSENT | AT_COLLEGE)
    )
    return db.session.scalars(query.order_by(CreditRequest.id)).all()


def _standing(enrollment: Enrollment, externship: str | None, now: dt.datetime) -> Running:
    accounts_ = ledger.balances(enrollment.reference)
    outlook = refunds.outlook(enrollment, now)
    return Running(
        reference=enrollment.reference,
        state=enrollment.state,
        owed=accounts_.get(Account.RECEIVABLE, 0),
        credit=-accounts_.get(Account.STUDENT_CREDIT, 0),
        to_pay_out=-accounts_.get(Account.REFUNDS_PAYABLE, 0),
        disputed=accounts_.get(Account.DISPUTED, 0),
        refundable_until=when(outlook.window.deadline) if outlook.open and outlook.window else None,
        externship=externship,
    )


def erase(reference: str, *, basis: ErasureBasis, actor: Actor, at: dt.datetime) -> Subject:
    """Blank everything about a person, or an enrollment of nobody's, that nothing hangs on; returns who it was.

    Raises NotNow while something runs, AlreadyErased. Sessions and links end at once. Who asked gets a last letter that
    says what stays and why; it keeps the address until it has left, then a job takes it away.
    """
    subject = _locked(reference)
    if erasure_of(subject.reference) is not None:
        raise AlreadyErased
    reasons = in_the_way(subject, now=at)
    if reasons:
        raise NotNow(" ".join(reasons))
    kept = [line.words for line in preview(subject, now=at).stays] + [SHORT_LIVED]
    _cancel_waiting(subject, actor, at)
    _close_tasks(subject, at)
    if basis is ErasureBasis.ASKED:
        _tell(subject, kept, actor, at)
    _close_account(subject, actor, at)
    db.session.flush()
    _blank(subject, erased_on(day_of(at, settings().SCHOOL_ZONE)))
    _remember(subject, basis, kept, actor, at)
    return subject


def _locked(reference: str) -> Subject:
    """Return who is meant with their rows locked, the person's first."""
    subject = personal.to_erase(reference)
    if subject.person_id is not None:
        people.by_reference(subject.reference, lock=True)
    enrollments.by_references([reference for _, reference in subject.enrollments], lock=True)
    return subject


def _tell(subject: Subject, kept: list[str], actor: Actor, at: dt.datetime) -> None:
    last = post(letters.erasure_done(subject, kept, at=at), at=at, actor=actor)
    key, payload = f"{FORGET_LETTER}:{last.reference}", {"letter": last.reference}
    enqueue(kind=FORGET_LETTER, key=key, payload=payload, at=at, run_at=at + LETTER_WAIT)


def _letters(subject: Subject) -> Condition:
    """Return which letters are to somebody or from them, each part by its own index."""
    ids = _HELD["letters"].table.c.id
    return ids.in_(sa.union(*(sa.select(ids).where(_HELD[name].finds(subject)) for name in ("letters", "messages"))))


def _cancel_waiting(subject: Subject, actor: Actor, at: dt.datetime) -> None:
    query = sa.select(OutboxLetter).where(_letters(subject), OutboxLetter.state == LetterState.QUEUED)
    for waiting in db.session.scalars(query.with_for_update()).all():
        history.move(waiting, LetterState.CANCELED, LIFECYCLE, actor=actor, at=at)


def _close_tasks(subject: Subject, at: dt.datetime) -> None:
    query = sa.select(Task.key).where(_HELD["tasks"].finds(subject), Task.state == TaskState.OPEN)
    for key in db.session.scalars(query).all():
        finish_by_key(key=key, at=at)


def _close_account(subject: Subject, actor: Actor, at: dt.datetime) -> None:
    open_links = sa.and_(_HELD["links"].finds(subject), SignedLink.used_at.is_(None), SignedLink.revoked_at.is_(None))
    rows_changed(sa.update(SignedLink).where(open_links).values(revoked_at=at))
    if subject.person_id is not None:
        accounts.disable(person=people.by_reference(subject.reference), actor=actor, at=at)


def _blank(subject: Subject, text: str) -> None:
    paid = was_paid(subject)
    theirs = db.session.execute(sa.select(Thread.id, Thread.reference).where(_HELD["threads"].finds(subject))).all()
    for name, erasing in ERASES.items():
        _blank_rows(_HELD[name], erasing, subject, paid=paid, text=text)
    for number, reference in subject.enrollments:
        file_anew(kind=ENROLLMENTS, subject_id=number, texts=[reference])
    if subject.person_id is not None:
        file_anew(kind=PEOPLE, subject_id=subject.person_id, texts=[subject.reference])
    for thread in theirs:
        file_anew(kind=THREADS, subject_id=thread.id, texts=[thread.reference])
    db.session.expire_all()


def _blank_rows(held: Held, erasing: Erasing, subject: Subject, *, paid: bool, text: str) -> None:
    condition = held.finds(subject)
    if erasing.only is not None:
        condition = sa.and_(condition, erasing.only(held.table))
    values = changed(held.table, erasing, paid=paid, text=text)
    if erasing.removes:
        rows_changed(sa.delete(held.table).where(condition))
    elif values:
        rows_changed(sa.update(held.table).where(condition).values(values))


def _remember(subject: Subject, basis: ErasureBasis, kept: list[str], actor: Actor, at: dt.datetime) -> None:
    told = dict.fromkeys((subject.reference, *subject.references))
    for reference in told:
        insert(
            Erasure,
            about=reference,
            person_reference=subject.reference if subject.person_id is not None else None,
            at=at,
            basis=basis,
            kept=kept if reference == subject.reference else [],
            actor_kind=actor.kind,
            actor_reference=actor.reference,
            request_id=actor.request_id,
        )
    for row in db.session.scalars(sa.select(Erasure).where(Erasure.about.in_(told)).order_by(Erasure.id)).all():
        history.note(row, "erasure.done", actor=actor, at=at, data={"reason": basis.label})


def forget_letter(reference: str, *, now: dt.datetime) -> None:
    """Take the address and the text off the last letter once it is done with; raises Later while it is on its way."""
    letter = mail.find(reference, lock=True)
    if letter is None:
        return
    if letter.state in ON_ITS_WAY:
        raise Later(now + LETTER_LATER, "the letter is still on its way")
    finish_by_key(key=task_key(letter), at=now)
    text = erased_on(day_of(now, settings().SCHOOL_ZONE))
    values = changed(table(OutboxLetter), ERASES["letters"], paid=True, text=text)
    rows_changed(sa.update(OutboxLetter).where(OutboxLetter.reference == reference).values(values))
    rows_changed(sa.update(Task).where(Task.key.startswith(task_key(letter))).values(sentence=text))


def page(*, before: int | None = None, after: int | None = None, size: int = PAGE) -> Page[Erasure]:
    """Return a page of erasures, newest first; the enrollments of a person stand under the person."""
    whole = sa.or_(Erasure.person_reference.is_(None), Erasure.person_reference == Erasure.about)
    return keyset(sa.select(Erasure).where(whole), Erasure.id, before=before, after=after, size=size)
