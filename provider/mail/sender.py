"""Sending one letter: claimed in one transaction, handed over outside of any, and the answer kept in another."""

import datetime as dt
import logging
from dataclasses import dataclass
from email.message import EmailMessage

from provider.history import actions as history
from provider.jobs import actions as jobs
from provider.jobs.rules import Later, wait_after
from provider.kernel.actors import SYSTEM
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.registry import Payload, registry
from provider.kernel.settings import settings
from provider.mail import gateway, letters, queries
from provider.mail.actions import SEND, task_key
from provider.mail.addresses import came_back, tell_of
from provider.mail.gateway import Reply
from provider.mail.letters import Unsendable
from provider.mail.models import OutboxLetter
from provider.mail.rules import (
    LIFECYCLE,
    ON_ITS_WAY,
    SERVER,
    WAIT_FOR_EARLIER,
    LetterState,
    Manner,
    Outcome,
    next_attempt,
    refuses_address,
    state_after,
    wait_before_next,
)
from provider.tasks import queries as tasks
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind, TaskState

log = logging.getLogger("provider.mail")

GIVEN_UP_AT_ONCE = 200
# After so many tries a letter that alone finds the server silent no longer goes first when the server answers others.
FIRST_TRIES = 3
_TURN = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail ready to leave: its envelope names exactly one recipient, and no sender if nothing may come back."""

    reference: str
    message: EmailMessage
    sender: str
    recipient: str


def send(payload: Payload, *, now: dt.datetime) -> None:
    """Make one attempt to send a letter; one that is sent, failed or canceled by now is left alone."""
    reference = str(payload["letter"])
    try:
        parcel = _take(reference, now)
    except Unsendable as error:
        give_up(reference, str(error), now)
        return
    if parcel is None:
        return
    transport = gateway.transport(settings().MAIL_URL)
    _keep(parcel, transport.send(parcel.message, sender=parcel.sender, recipient=parcel.recipient), now)


def _take(reference: str, now: dt.datetime) -> Parcel | None:
    """Claim a letter and write it, once; raises Later while an earlier one to the same address is on its way."""
    letter = queries.find(reference)
    if letter is None or letter.state not in ON_ITS_WAY:
        return None
    if letter.state is LetterState.QUEUED and now < letter.give_up_at and queries.has_earlier(letter):
        raise Later(now + WAIT_FOR_EARLIER, "an earlier letter to the same address goes first", waits_for=SERVER)
    written = letters.write(letter) if letter.subject is None else None
    attached = letters.attachments_of(letter)  # a PDF takes its time: outside of the unit of work
    with unit_of_work():
        letter = queries.find(reference, lock=True)
        if letter is None or letter.state not in ON_ITS_WAY:
            return None
        _claim(letter, now)
        if written is not None and letter.subject is None:
            letter.subject, letter.body_text, letter.body_html = written.subject, written.text, written.html
            letter.base_url = settings().BASE_URL
        message = letters.compose(letter, letters.addressed(letter, _address_of), attached)
        return_path = "" if letter.manner is Manner.ACKNOWLEDGMENT else settings().mailbox(letter.mailbox)
        return Parcel(reference, message, return_path, letter.recipient)


def _claim(letter: OutboxLetter, now: dt.datetime) -> None:
    letter.attempts += 1
    if letter.state is LetterState.SENDING:  # its worker ended in the middle: the server may have taken it
        letter.ambiguous_attempts += 1
        log.warning(
            "letter %s is sent again with the same Message-ID: its worker ended while sending", letter.reference
        )
    else:
        history.move(letter, LetterState.SENDING, LIFECYCLE, actor=SYSTEM, at=now)


def _address_of(link: str) -> str:
    found = registry().letter_links
    if found is None:
        raise Unsendable("nobody knows the addresses of signed links")
    return found(link)


def _keep(parcel: Parcel, reply: Reply, now: dt.datetime) -> None:
    """Keep what the server said; raises Later when the letter is tried again."""
    again = retrying(lambda: _note(parcel.reference, reply, now))
    if again is not None:
        log.warning("letter %s: %s, tried again: %s", parcel.reference, reply.outcome, reply.text)
        raise again


def _note(reference: str, reply: Reply, now: dt.datetime) -> Later | None:
    letter = queries.find(reference, lock=True)
    if letter is None or letter.state is not LetterState.SENDING:
        return None
    letter.outcome = reply.outcome
    letter.ambiguous_attempts += reply.outcome is Outcome.AMBIGUOUS
    to = state_after(reply.outcome, now=now, give_up_at=letter.give_up_at)
    _settle(letter, reply.text, to, now)
    wait = wait_before_next(reply.outcome, wait_after(letter.attempts))
    _tell_others(reply, now, wait)
    if to is not LetterState.QUEUED:
        return None
    waits_for = SERVER if reply.outcome is Outcome.UNREACHABLE and letter.attempts <= FIRST_TRIES else None
    return Later(next_attempt(wait + _TURN, now=now, give_up_at=letter.give_up_at), reply.text, waits_for=waits_for)


def _tell_others(reply: Reply, now: dt.datetime, wait: dt.timedelta) -> None:
    """Let one attempt speak for all letters: none knocks at a closed door, all go on once it is open."""
    if reply.outcome.answered:
        jobs.wake(SERVER, at=now)
        return
    jobs.postpone(kind=SEND, until=now + wait, waits_for=SERVER, at=now)
    for letter in queries.past_giving_up(now, most=GIVEN_UP_AT_ONCE):
        _settle(letter, reply.text, LetterState.FAILED, now)


def _settle(letter: OutboxLetter, reply: str, state: LetterState, now: dt.datetime) -> None:
    letter.last_reply = reply
    history.move(letter, state, LIFECYCLE, actor=SYSTEM, at=now)
    if state is LetterState.SENT:
        letter.sent_at = now
        finish_by_key(key=task_key(letter), at=now)
    elif state is LetterState.FAILED:
        _tell_staff(letter, reply, now)
        if letter.outcome is Outcome.PERMANENT and refuses_address(reply):
            came_back(letter, said=reply, at=now, hard=True)
        else:
            tell_of(letter, said=reply, at=now)


def _tell_staff(letter: OutboxLetter, reply: str, now: dt.datetime) -> None:
    """Make a failed letter a task; a new one when an earlier task about it was done."""
    key = task_key(letter)
    earlier = tasks.by_key(key)
    if earlier is not None and earlier.state is TaskState.DONE:
        key = f"{key}:{letter.attempts}:{now.isoformat()}"
    title = letter.subject or letter.template.replace("_", " ")
    sentence = f"Letter {letter.reference}, “{title}”, could not be delivered: {reply}"
    raise_task(kind=TaskKind.LETTER_FAILED, key=key, sentence=sentence, about=letter.about, at=now)
    log.error("letter %s failed: %s", letter.reference, reply)


def give_up(reference: str, why: str, now: dt.datetime) -> None:
    """Fail a letter that cannot be sent as it is, and put it before staff."""
    with unit_of_work():
        fail(reference, why, now)


def fail(reference: str, why: str, now: dt.datetime) -> None:
    """Fail a letter that is on its way, inside a unit of work."""
    letter = queries.find(reference, lock=True)
    if letter is not None and letter.state in ON_ITS_WAY:
        _settle(letter, why, LetterState.FAILED, now)
