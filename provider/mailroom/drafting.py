"""Drafts of refunds that mails seem to ask for: made at once, judged by a person, moving nothing by themselves."""

import datetime as dt

from provider.enrollments.models import Enrollment
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import hold
from provider.kernel.days import day_of, utc
from provider.kernel.settings import settings
from provider.mailroom import queries
from provider.mailroom.actions import dismiss_draft
from provider.mailroom.asking import asks_for_money_back, enrollments_named, own_words
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.mailroom.reading import Reading
from provider.mailroom.rules import DRAFT_PREFIX, DraftState, draft_task
from provider.payments import queries as payments
from provider.refunds import queries as refunds
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from provider.threads.actions import Writer
from provider.threads.rules import Standing

_LONGEST_WORDS = 200
_BELIEVED = {
    Standing.PROVED: "proved to be the student’s",
    Standing.CLAIMED: "not proved: ask the student at the address on file before you believe it",
    Standing.UNKNOWN: "not known to us: ask the student at the address on file before you believe it",
    Standing.STAFF_UNPROVED: "of a colleague and not proved: ask before you believe it",
}


def draft(mail: IncomingMail, reading: Reading, writer: Writer, thread: str, *, at: dt.datetime) -> list[RefundDraft]:
    """Make a draft for each enrollment whose window was open when a mail came in that asks for the money back.

    Whoever wrote it: a person judges that. An enrollment that has an open draft keeps it, unless now who wrote is
    proved and before was not.
    """
    words = asks_for_money_back(reading.subject, reading.text)
    if words is None:
        return []
    own = own_words(reading.text)
    candidates = queries.enrollments_of(
        reading.sender,
        writer.person,
        enrollments_named(reading.subject, own),
    )
    made = (_drafted(one, mail, writer, thread=thread, words=words, at=at) for one in candidates)
    return [one for one in made if one is not None]


def _drafted(
    enrollment: Enrollment, mail: IncomingMail, writer: Writer, *, thread: str, words: str, at: dt.datetime
) -> RefundDraft | None:
    enrollment = payments.hold(enrollment.id)  # two mails of one enrollment are filed one after the other
    deadline = _deadline(enrollment, mail.received_at)
    if deadline is None or refunds.running(enrollment.id) is not None:
        return None
    earlier = queries.open_draft(enrollment.id, lock=True)
    if earlier is not None:
        if earlier.standing is Standing.PROVED or writer.standing is not Standing.PROVED:
            return None
        dismiss_draft(draft=earlier, actor=SYSTEM, at=at)
    made = hold(
        RefundDraft(
            reference=references.new(DRAFT_PREFIX),
            enrollment_id=enrollment.id,
            mail=mail.reference,
            thread=thread,
            standing=writer.standing,
            words=words[:_LONGEST_WORDS],
            received_at=mail.received_at,
            deadline_at=deadline,
            state=DraftState.OPEN,
        )
    )
    history.born(made, actor=SYSTEM, at=at, about=enrollment.reference)
    _alert(made, enrollment, writer, at)
    return made


def _deadline(enrollment: Enrollment, received_at: dt.datetime) -> dt.datetime | None:
    """Return the end of the window that a request at an instant is inside of; None when the rule would not approve."""
    if enrollment.purchased_at is None or received_at < enrollment.purchased_at:
        return None
    paid = payments.of_enrollment(enrollment.id)
    decision = refunds.decision(enrollment, paid, payments.refund_window(enrollment), asked_at=received_at)
    return decision.deadline if decision.approved else None


def _alert(made: RefundDraft, enrollment: Enrollment, writer: Writer, at: dt.datetime) -> None:
    raise_task(
        kind=TaskKind.REFUND_BY_MAIL,
        key=draft_task(made.reference),
        sentence=(
            f"Thread {made.thread} seems to ask for the money of {enrollment.reference} back (“{made.words}”). It came "
            f"in at {utc(made.received_at)}, inside the window. The sender is {_BELIEVED[writer.standing]}. Nothing "
            "was refunded. Read it, and enter the request or say that there is none."
        ),
        about=enrollment.reference,
        due_on=day_of(at, settings().SCHOOL_ZONE),
        at=at,
    )
