"""Drafts of refunds that messages seem to ask for: made at once, judged by a person, moving nothing by themselves.

Whichever door a message came in by, a mailbox or the contact form, the same words make a draft with the instant at
which it came in (PRODUCT.md R3, R24).
"""

import datetime as dt

from provider.enrollments.models import Enrollment
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import hold
from provider.kernel.days import day_of, utc
from provider.kernel.settings import settings
from provider.mailroom import queries
from provider.mailroom.actions import dismiss_draft
from provider.mailroom.asking import asks_for_money_back, enrollments_named, own_words
from provider.mailroom.models import RefundDraft
from provider.mailroom.rules import DRAFT_PREFIX, DraftState, believed_for, draft_task
from provider.payments import queries as payments
from provider.refunds import queries as refunds
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from provider.threads import queries as threads
from provider.threads.actions import Writer
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import Standing

_LONGEST_WORDS = 200
_BELIEVED = {
    Standing.PROVED: "proved to be the student",
    Standing.CLAIMED: "not proved: ask the student at the address on file before you believe it",
    Standing.UNKNOWN: "not known to be the student: ask the student at the address on file before you believe it",
    Standing.STAFF_UNPROVED: "a colleague by the address, and not proved: ask before you believe it",
}


def draft(thread: Thread, writer: Writer, *, subject: str, text: str, at: dt.datetime) -> list[RefundDraft]:
    """Make a draft for each enrollment whose window was open when the newest message of a locked thread came in.

    Only if it asks for the money back, and whoever wrote it: a person judges that. An enrollment that has an open draft
    keeps it, unless now who wrote is proved and before was not.
    """
    words = asks_for_money_back(subject, text)
    if words is None:
        return []
    named = enrollments_named(subject, own_words(text))
    candidates = queries.enrollments_of(writer.email, writer.person, named)
    message = threads.newest_message(thread) if candidates else None
    if message is None:
        return []
    made = (_drafted(one, thread, message, writer, words=words, at=at) for one in candidates)
    return [one for one in made if one is not None]


def believe(thread: Thread, *, actor: Actor, at: dt.datetime) -> None:
    """Believe of the drafts that a thread's first message opened what its writer just proved by the link of a letter.

    Only of their own enrollments, and of no later message: the page of the link names the first alone.
    """
    for one in queries.drafts_of(thread):
        waits = one.state is DraftState.OPEN and one.standing is Standing.CLAIMED
        first = one.received_at == thread.opened_at
        if waits and first and _theirs(one.enrollment, thread.person_id, thread.correspondent):
            one.standing = Standing.PROVED
            history.note(one, "refund_draft.proved", actor=actor, at=at, about=one.enrollment.reference)


def _drafted(
    enrollment: Enrollment, thread: Thread, message: ThreadMessage, writer: Writer, *, words: str, at: dt.datetime
) -> RefundDraft | None:
    enrollment = payments.hold(enrollment.id)  # two messages of one enrollment are judged one after the other
    deadline = _deadline(enrollment, message.at)
    if deadline is None or refunds.running(enrollment.id) is not None:
        return None
    who = writer.person.id if writer.person is not None else None
    standing = believed_for(writer.standing, theirs=_theirs(enrollment, who, writer.email))
    earlier = queries.open_draft(enrollment.id, lock=True)
    if earlier is not None:
        if earlier.standing is Standing.PROVED or standing is not Standing.PROVED:
            return None
        dismiss_draft(draft=earlier, actor=SYSTEM, at=at)
    made = hold(
        RefundDraft(
            reference=references.new(DRAFT_PREFIX),
            enrollment_id=enrollment.id,
            message=message.reference,
            standing=standing,
            words=words[:_LONGEST_WORDS],
            received_at=message.at,
            deadline_at=deadline,
            state=DraftState.OPEN,
        )
    )
    history.born(made, actor=SYSTEM, at=at, about=enrollment.reference)
    _alert(made, thread, enrollment, at)
    return made


def _theirs(enrollment: Enrollment, person_id: int | None, email: str) -> bool:
    """Say whether an enrollment is a person's, or one that nobody proved and that names the address."""
    if enrollment.person_id is None:
        return enrollment.claimed_email == email
    return enrollment.person_id == person_id


def _deadline(enrollment: Enrollment, received_at: dt.datetime) -> dt.datetime | None:
    """Return the end of the window that a request at an instant is inside of; None when the rule would not approve."""
    if enrollment.purchased_at is None or received_at < enrollment.purchased_at:
        return None
    paid = payments.of_enrollment(enrollment.id)
    decision = refunds.decision(enrollment, paid, payments.refund_window(enrollment), asked_at=received_at)
    return decision.deadline if decision.approved else None


def _alert(made: RefundDraft, thread: Thread, enrollment: Enrollment, at: dt.datetime) -> None:
    raise_task(
        kind=TaskKind.REFUND_BY_MAIL,
        key=draft_task(made.reference),
        sentence=(
            f"Thread {thread.reference} seems to ask for the money of {enrollment.reference} back (“{made.words}”). "
            f"It came in at {utc(made.received_at):%Y-%m-%d %H:%M:%S} UTC, inside the window. "
            f"The writer is {_BELIEVED[made.standing]}. "
            "Nothing was refunded. Read it, and enter the request or say that there is none."
        ),
        about=enrollment.reference,
        due_on=day_of(at, settings().SCHOOL_ZONE),
        at=at,
    )
