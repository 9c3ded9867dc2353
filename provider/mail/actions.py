"""Posting letters into the outbox, in the transaction of what caused them; resending and canceling them."""

import datetime as dt

from provider.history import actions as history
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import hold
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail import queries
from provider.mail.models import OutboxLetter
from provider.mail.rules import (
    ABOUT_SCHOOL,
    ERASED_DOMAIN,
    LIFECYCLE,
    ON_ITS_WAY,
    REFERENCE_PREFIX,
    TEST,
    Letter,
    LetterState,
    copy_event,
)
from provider.tasks.actions import finish_by_key

SEND = "mail.send"


class OnItsWay(DomainError):
    """A letter that waits or is being sent needs no resending; a canceled one must not be."""

    code = "letter_on_its_way"
    sentence = "Only a letter that was sent or that failed can be sent again. Reload the page to see how it stands."


class TestOnItsWay(DomainError):
    """One test letter at a time is enough."""

    code = "test_on_its_way"
    sentence = "The last test letter is still on its way. Look again in a minute."


class LetterErased(DomainError):
    """A letter whose text and address were erased has nothing that could be sent again."""

    code = "letter_erased"
    sentence = "The text and the address of this letter were erased, so it cannot be sent again."


def post(letter: Letter, *, at: dt.datetime, actor: Actor = SYSTEM) -> OutboxLetter:
    """Store a letter and the job that sends it; it leaves only if the transaction commits.

    A second letter of the same event, template and recipient is an integrity error.
    """
    reference = references.new(REFERENCE_PREFIX)
    row = hold(
        OutboxLetter(
            reference=reference,
            event=letter.event,
            template=letter.template,
            mailbox=letter.mailbox,
            recipient=letter.recipient,
            reply_to=letter.reply_to,
            manner=letter.manner,
            in_reply_to=letter.in_reply_to,
            about=letter.about,
            values=dict(letter.values),
            message_id=f"<{reference.lower()}@{settings().MAIL_DOMAIN}>",
            state=LetterState.QUEUED,
            queued_at=at,
            give_up_at=_give_up_at(at),
            attempts=0,
            ambiguous_attempts=0,
        )
    )
    history.born(row, actor=actor, at=at)
    enqueue(kind=SEND, key=f"{SEND}:{reference}", payload={"letter": reference}, at=at)
    return row


def post_test(*, recipient: str, name: str, actor: Actor, at: dt.datetime) -> OutboxLetter:
    """Post the letter by which a school tries its mail; raises TestOnItsWay while the one before has not arrived."""
    last = queries.last_test()
    if last is not None and last.state in ON_ITS_WAY:
        raise TestOnItsWay
    letter = Letter(
        template=TEST,
        recipient=recipient,
        event=f"{TEST}:{0 if last is None else last.id}",
        about=ABOUT_SCHOOL,
        values={"name": name, "asked_at": at.isoformat()},
    )
    return post(letter, at=at, actor=actor)


def post_once(letter: Letter, *, at: dt.datetime) -> OutboxLetter:
    """Store a letter unless its event has one already, for what comes round again by the clock."""
    found = queries.of_event(event=letter.event, recipient=letter.recipient, template=letter.template)
    return found or post(letter, at=at)


def _give_up_at(at: dt.datetime) -> dt.datetime:
    return at + dt.timedelta(hours=settings().MAIL_RETRY_HOURS)


def task_key(letter: OutboxLetter) -> str:
    """Return the key of the task that a failed letter becomes."""
    return f"letter:{letter.reference}"


def resend(letter: OutboxLetter, *, actor: Actor, at: dt.datetime) -> OutboxLetter:
    """Send again what failed (the same letter, with its Message-ID) or was sent (as a new one).

    Raises OnItsWay, LetterErased.
    """
    if letter.recipient.endswith(f"@{ERASED_DOMAIN}") or not letter.values:
        raise LetterErased
    if letter.state is LetterState.SENT:
        return _post_copy(letter, actor=actor, at=at)
    if letter.state is not LetterState.FAILED:
        raise OnItsWay
    history.move(letter, LetterState.QUEUED, LIFECYCLE, actor=actor, at=at)
    letter.give_up_at, letter.outcome = _give_up_at(at), None
    key = f"{SEND}:{letter.reference}:{letter.attempts}:{at.isoformat()}"
    enqueue(kind=SEND, key=key, payload={"letter": letter.reference}, at=at)
    finish_by_key(key=task_key(letter), at=at)
    return letter


def _post_copy(letter: OutboxLetter, *, actor: Actor, at: dt.datetime) -> OutboxLetter:
    copy = Letter(
        template=letter.template,
        recipient=letter.recipient,
        event=copy_event(letter.event, queries.copies(letter) + 1),
        about=letter.about,
        mailbox=letter.mailbox,
        values=letter.values,
        reply_to=letter.reply_to,
        manner=letter.manner,
        in_reply_to=letter.in_reply_to,
    )
    return post(copy, at=at, actor=actor)


def cancel(letter: OutboxLetter, *, actor: Actor, at: dt.datetime) -> OutboxLetter:
    """Keep a letter that waits from leaving; raises IllegalTransition when it does not wait any more."""
    history.move(letter, LetterState.CANCELED, LIFECYCLE, actor=actor, at=at)
    return letter
