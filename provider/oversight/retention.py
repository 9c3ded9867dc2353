"""Personal data whose time is over: how much of it there is by rule, and taking it away a few rows at a time."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from provider.accounts.models import PersonSession, SignedLink, Throttle
from provider.documents import actions as documents
from provider.documents.models import StudentDocument
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships.models import ExternshipRequest
from provider.files.models import File
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, rows_changed, table, unit_of_work
from provider.kernel.days import day_of, written
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from provider.mail.rules import ERASED_DOMAIN, ON_ITS_WAY
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import MailState
from provider.oversight import personal, personal_erasure
from provider.oversight.models import Erasure
from provider.oversight.personal_erasing import ERASES, Erasing, changed
from provider.oversight.personal_finders import Condition
from provider.oversight.rules import TRIES_KEPT, ErasureBasis, kept_since
from provider.search.actions import file_anew
from provider.tasks.actions import finish_by_key
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import SEARCH_KIND, ThreadState

AT_ONCE = 500
MESSAGE = "contact_message"
_LETTERS, _TASKS, _PAPERS = table(OutboxLetter), table(Task), table(StudentDocument)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is about, for how long that is kept, how many are over, and taking them away."""

    what: str
    kept: str
    count: Callable[[], int]
    apply: Callable[[], int]


def rules(now: dt.datetime) -> Iterator[Rule]:
    """Yield every rule at an instant; one whose setting says never does nothing.

    Enrollments come last: erasing them blanks what other rules count, and both ways of running tell the same.
    """
    known = settings()
    yield _texts("texts of letters", known.RETENTION_LETTER_MONTHS, _old_letters, _WITHOUT_TEXT, now)
    yield _texts(
        "answered messages of earlier versions", known.RETENTION_MESSAGE_MONTHS, _answered, ERASES["messages"], now
    )
    yield _threads(now, known.RETENTION_MESSAGE_MONTHS)
    yield _mails(now, known.RETENTION_MAIL_MONTHS)
    yield _papers(now, known.RETENTION_DOCUMENT_MONTHS)
    months = known.RETENTION_SESSION_MONTHS
    yield _rows("ended sessions", table(PersonSession), _ended_before, months, now)
    yield _rows("personal links that nobody used", table(SignedLink), _unused_before, months, now)
    tries = table(Throttle).c.window_start < now - TRIES_KEPT
    yield Rule(
        "counts of tries", f"{TRIES_KEPT.days} days", lambda: _number(table(Throttle), tries), lambda: _away(tries)
    )
    yield _enrollments(now, known.RETENTION_CANCELED_MONTHS)


def _kept(months: int) -> str:
    return f"{months} months" if months else "for good"


def _number(of: sa.Table, condition: Condition) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(of).where(condition)) or 0


def _away(condition: Condition) -> int:
    with unit_of_work():
        return rows_changed(sa.delete(table(Throttle)).where(condition))


def _rows(what: str, of: sa.Table, old: Callable[[dt.datetime], Condition], months: int, now: dt.datetime) -> Rule:
    """Return a rule that removes rows."""
    since = kept_since(now, months)
    condition = sa.false() if since is None else old(since)
    return Rule(
        what,
        _kept(months),
        lambda: _number(of, condition),
        lambda: _in_parts(of, condition, lambda ids: sa.delete(of).where(of.c.id.in_(ids))),
    )


def _in_parts(of: sa.Table, condition: Condition, change: Callable[[list[int]], sa.Update | sa.Delete]) -> int:
    """Change the rows of a condition, each part in a unit of its own; return how many."""
    done = 0
    while True:
        with unit_of_work():
            ids = list(db.session.scalars(sa.select(of.c.id).where(condition).order_by(of.c.id).limit(AT_ONCE)))
            if not ids:
                return done
            done += rows_changed(change(ids))


def _ended_before(since: dt.datetime) -> Condition:
    return table(PersonSession).c.ended_at < since


def _unused_before(since: dt.datetime) -> Condition:
    """Return which links ended unused: one that was used stands for a consent or a request."""
    links = table(SignedLink).c
    return sa.and_(links.used_at.is_(None), sa.func.coalesce(links.revoked_at, links.expires_at) < since)


# Whom a letter went to, when, and its subject stay: they prove that something was told.
_WITHOUT_TEXT = Erasing(blanks={name: ERASES["letters"].blanks[name] for name in ("values", "body_text", "body_html")})


def _old_letters(since: dt.datetime) -> Condition:
    letters = _LETTERS.c
    return sa.and_(
        letters.queued_at < since,
        letters.state.not_in(ON_ITS_WAY),
        letters.template != MESSAGE,
        sa.cast(letters["values"], sa.Text) != "{}",
    )


def _answered(since: dt.datetime) -> Condition:
    """Return which messages were answered before an instant."""
    tasks = sa.select(_TASKS.c.reference).where(
        _TASKS.c.kind == TaskKind.ANSWER_MESSAGE, _TASKS.c.state == TaskState.DONE, _TASKS.c.done_at < since
    )
    return sa.and_(_LETTERS.c.reply_to.is_not(None), _LETTERS.c.state.not_in(ON_ITS_WAY), _LETTERS.c.about.in_(tasks))


def _texts(what: str, months: int, old: Callable[[dt.datetime], Condition], erasing: Erasing, now: dt.datetime) -> Rule:
    """Return a rule that blanks letters, and of answered messages their tasks as well."""
    since = kept_since(now, months)
    condition = sa.false() if since is None else old(since)
    text = f"Removed on {written(day_of(now, settings().SCHOOL_ZONE))}"

    def blank(ids: list[int]) -> sa.Update:
        if erasing is ERASES["messages"]:
            about = sa.select(_LETTERS.c.about).where(_LETTERS.c.id.in_(ids))
            values = changed(_TASKS, ERASES["tasks"], paid=True, text=text)
            rows_changed(sa.update(_TASKS).where(_TASKS.c.reference.in_(about)).values(values))
        values = changed(_LETTERS, erasing, paid=True, text=text)
        return sa.update(_LETTERS).where(_LETTERS.c.id.in_(ids)).values(values)

    return Rule(
        what, _kept(months), lambda: _number(_LETTERS, condition), lambda: _in_parts(_LETTERS, condition, blank)
    )


_THREADS = table(Thread)
_DONE_WITH = (ThreadState.ANSWERED, ThreadState.CLOSED, ThreadState.SPAM, ThreadState.MERGED)


def _threads(now: dt.datetime, months: int) -> Rule:
    """Return the rule of what was written to the school and is answered: its texts go, that it was written stays."""
    since = kept_since(now, months)
    done = sa.and_(_THREADS.c.state.in_(_DONE_WITH), _THREADS.c.correspondent.not_like(f"%@{ERASED_DOMAIN}"))
    condition = sa.false() if since is None else sa.and_(_THREADS.c.last_at < since, done)
    text = f"Removed on {written(day_of(now, settings().SCHOOL_ZONE))}"

    def blank(ids: list[int]) -> sa.Update:
        messages = table(ThreadMessage)
        values = changed(messages, ERASES["thread_messages"], paid=True, text=text)
        rows_changed(sa.update(messages).where(messages.c.thread_id.in_(ids)).values(values))
        rows = db.session.execute(sa.select(_THREADS.c.id, _THREADS.c.reference).where(_THREADS.c.id.in_(ids))).all()
        for row in rows:
            file_anew(kind=SEARCH_KIND, subject_id=row.id, texts=[row.reference])
        rows_changed(sa.delete(File).where(File.about.in_([row.reference for row in rows])))
        values = changed(_THREADS, ERASES["threads"], paid=True, text=text)
        return sa.update(_THREADS).where(_THREADS.c.id.in_(ids)).values(values)

    return Rule(
        "answered mail and messages",
        _kept(months),
        lambda: _number(_THREADS, condition),
        lambda: _in_parts(_THREADS, condition, blank),
    )


def _mails(now: dt.datetime, months: int) -> Rule:
    """Return the rule of mails as they came in: their bytes go; what was read of them stays with its thread."""
    since = kept_since(now, months)
    mails = table(IncomingMail).c
    filed = sa.and_(mails.raw.is_not(None), mails.state != MailState.STORED)
    condition = sa.false() if since is None else sa.and_(mails.received_at < since, filed)
    gone = {"raw": None, "envelope_from": None}
    return Rule(
        "mails as they came in",
        _kept(months),
        lambda: _number(table(IncomingMail), condition),
        lambda: _in_parts(
            table(IncomingMail),
            condition,
            lambda ids: sa.update(table(IncomingMail)).where(mails.id.in_(ids)).values(gone),
        ),
    )


def _papers(now: dt.datetime, months: int) -> Rule:
    """Return the rule of what students uploaded for externships: it goes with its bytes when nothing needs it."""
    since = kept_since(now, months)
    condition = sa.false() if since is None else _unneeded_papers(since)

    def remove(ids: list[int]) -> sa.Delete:
        rows = db.session.execute(sa.select(_PAPERS.c.file_id, _PAPERS.c.reference).where(_PAPERS.c.id.in_(ids))).all()
        for row in rows:
            finish_by_key(key=documents.task_key(row.reference), at=now)
        rows_changed(sa.delete(_PAPERS).where(_PAPERS.c.id.in_(ids)))
        return sa.delete(File).where(File.id.in_([row.file_id for row in rows]))

    return Rule(
        "documents for externships",
        _kept(months),
        lambda: _number(_PAPERS, condition),
        lambda: _in_parts(_PAPERS, condition, remove),
    )


def _unneeded_papers(since: dt.datetime) -> Condition:
    """Return which documents were uploaded before an instant by people whose last request had ended by then."""
    needing = (
        sa.select(ExternshipRequest.id)
        .join(Enrollment, Enrollment.id == ExternshipRequest.enrollment_id)
        .where(
            Enrollment.person_id == _PAPERS.c.person_id,
            sa.or_(ExternshipRequest.ended_at.is_(None), ExternshipRequest.ended_at >= since),
        )
    )
    return sa.and_(_PAPERS.c.uploaded_at < since, ~needing.exists())


def _enrollments(now: dt.datetime, months: int) -> Rule:
    """Return the rule of enrollments that were canceled before anybody proved to be the one who typed them."""

    def over() -> list[str]:
        since = kept_since(now, months)
        if since is None:
            return []
        query = sa.select(Enrollment.reference).where(
            Enrollment.state == EnrollmentState.CANCELED,
            Enrollment.person_id.is_(None),
            Enrollment.ended_at < since,
            ~sa.exists().where(Erasure.about == Enrollment.reference),
        )
        found = list(db.session.scalars(query.order_by(Enrollment.id)))
        return [one for one in found if not personal_erasure.in_the_way(personal.by_reference(one), now=now)]

    what = "canceled enrollments that nobody proved"
    return Rule(what, _kept(months), lambda: len(over()), lambda: sum(_erased(one, now) for one in over()))


def _erased(reference: str, now: dt.datetime) -> int:
    with unit_of_work():
        personal_erasure.erase(reference, basis=ErasureBasis.RETENTION, actor=SYSTEM, at=now)
    return 1
