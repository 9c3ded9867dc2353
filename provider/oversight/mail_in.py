"""Mail that came in: filed in time, kept in its thread, told of once, and moving nothing by itself."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa

from provider.history.models import History
from provider.kernel import clock
from provider.mail.models import OutboxLetter
from provider.mail.rules import ERASED_DOMAIN
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.mailroom.rules import (
    ACKNOWLEDGED_EVERY,
    DRAFT_PREFIX,
    FILED_WITHIN,
    MAIL_PREFIX,
    RECEIVED,
    DraftState,
    Judged,
    MailState,
)
from provider.oversight.checks import Finding, findings
from provider.refunds.models import Refund
from provider.refunds.rules import Channel
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import MESSAGE_PREFIX, THREAD_PREFIX

# Records that mail touches; whatever else has a mail, or a thread of mail, for its actor was moved by it.
_OF_MAIL = ("incoming_mail", "refund_draft", "thread", "thread_message", "letter", "address_health", "task")
_MAIL = (MAIL_PREFIX, DRAFT_PREFIX, THREAD_PREFIX, MESSAGE_PREFIX)
_SLACK = dt.timedelta(seconds=1)


def mail_is_filed_in_time() -> Iterator[Finding]:
    """Every mail that was taken in is filed within an hour."""
    late = clock.now() - FILED_WITHIN
    query = sa.select(IncomingMail.reference.label("subject"), IncomingMail.received_at.label("at")).where(
        IncomingMail.state == MailState.STORED, IncomingMail.received_at < late
    )
    return findings(query, "came in at {at} and is not filed")


def mail_stands_in_its_thread() -> Iterator[Finding]:
    """A mail that names a thread is a message of it, once, and what is a message was filed."""
    message = (
        sa.select(ThreadMessage.id)
        .join(Thread, Thread.id == ThreadMessage.thread_id)
        .where(ThreadMessage.incoming == IncomingMail.reference)
    )
    lost = sa.select(IncomingMail.reference.label("subject")).where(IncomingMail.thread.is_not(None), ~message.exists())
    yield from findings(lost, "is filed, and no thread has it")
    unknown = sa.select(ThreadMessage.reference.label("subject"), ThreadMessage.incoming.label("mail")).where(
        ThreadMessage.incoming.is_not(None),
        ~sa.exists().where(IncomingMail.reference == ThreadMessage.incoming, IncomingMail.state != MailState.STORED),
    )
    yield from findings(unknown, "says to be the mail {mail}, which was not filed")


def mail_moves_nothing() -> Iterator[Finding]:
    """No money, no placement and no consent was moved by a mail: somebody with a name decided what it asked for."""
    moved = sa.select(History.subject_reference.label("subject"), History.event.label("event")).where(
        sa.or_(*(History.actor_reference.like(f"{prefix}-%") for prefix in _MAIL)),
        History.subject_kind.not_in(_OF_MAIL),
    )
    yield from findings(moved, "has an event {event} that a mail brought about")
    nobodys = sa.select(Refund.reference.label("subject")).where(
        Refund.channel == Channel.MAIL, sa.or_(Refund.decided_by.is_(None), Refund.evidence.is_(None))
    )
    yield from findings(nobodys, "was asked for by mail, and nobody with a name entered it with its evidence")


def refund_draft_is_what_its_message_says() -> Iterator[Finding]:
    """A draft of a refund has the instant at which its message came in; what was made of it somebody decided."""
    brought = sa.func.coalesce(IncomingMail.received_at, ThreadMessage.at)
    other = (
        sa.select(RefundDraft.reference.label("subject"))
        .outerjoin(ThreadMessage, ThreadMessage.reference == RefundDraft.message)
        .outerjoin(IncomingMail, IncomingMail.reference == ThreadMessage.incoming)
        .where(brought.is_distinct_from(RefundDraft.received_at))
    )
    yield from findings(other, "has another instant than its message")
    entered = (
        sa.select(RefundDraft.reference.label("subject"))
        .outerjoin(Refund, Refund.reference == RefundDraft.refund)
        .where(
            RefundDraft.state == DraftState.ENTERED,
            sa.or_(
                Refund.id.is_(None),
                Refund.enrollment_id != RefundDraft.enrollment_id,
                RefundDraft.decided_by.is_(None),
            ),
        )
    )
    yield from findings(entered, "was entered, and there is no refund of its enrollment that somebody decided")


def machines_are_not_answered() -> Iterator[Finding]:
    """Only a thread that a person began is told that its mail came in."""
    person = (
        sa.select(IncomingMail.id)
        .where(IncomingMail.thread == OutboxLetter.about, IncomingMail.judged == Judged.PERSON)
        .correlate(OutboxLetter)
    )
    query = sa.select(OutboxLetter.reference.label("subject"), OutboxLetter.about.label("about")).where(
        OutboxLetter.template == RECEIVED, ~person.exists()
    )
    return findings(query, "tells {about} that its mail came in, which no person wrote")


def senders_are_told_once_a_day() -> Iterator[Finding]:
    """Nobody is told twice within a day that their mail came in, nor twice in a thread."""
    told = (OutboxLetter.template == RECEIVED, OutboxLetter.event.not_like("%:again:%"))  # staff may send one again
    twice = (
        sa.select(sa.func.max(OutboxLetter.reference).label("subject"), OutboxLetter.about.label("about"))
        .where(*told)
        .group_by(OutboxLetter.about)
        .having(sa.func.count() > 1)
    )
    yield from findings(twice, "is one of several that tell {about} the same")
    before = sa.func.lag(OutboxLetter.queued_at).over(partition_by=OutboxLetter.recipient, order_by=OutboxLetter.id)
    known = OutboxLetter.recipient.not_like(f"%@{ERASED_DOMAIN}")
    of_sender = (
        sa.select(OutboxLetter.reference.label("subject"), OutboxLetter.queued_at.label("at"), before.label("before"))
        .where(*told, known)
        .subquery()
    )
    seconds = sa.extract("epoch", of_sender.c.at) - sa.extract("epoch", of_sender.c.before)
    query = sa.select(of_sender).where(seconds < (ACKNOWLEDGED_EVERY - _SLACK).total_seconds())
    yield from findings(query, "was told at {at}, and at {before} before")


CHECKS = (
    mail_is_filed_in_time,
    mail_stands_in_its_thread,
    mail_moves_nothing,
    refund_draft_is_what_its_message_says,
    machines_are_not_answered,
    senders_are_told_once_a_day,
)
