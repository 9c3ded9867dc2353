"""Filing a mail: what it is, who is believed to have written it, which thread it belongs to; safe to repeat."""

import datetime as dt
from dataclasses import asdict, dataclass

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.history import actions as history
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.registry import Payload
from provider.kernel.settings import settings
from provider.kernel.text import email_address
from provider.mail.addresses import came_back
from provider.mail.models import OutboxLetter
from provider.mail.queries import by_message_ids
from provider.mailroom import automatic, drafting, notices, queries
from provider.mailroom.acknowledging import acknowledge
from provider.mailroom.models import IncomingMail
from provider.mailroom.reading import Reading, read
from provider.mailroom.rules import LIFECYCLE, Judged, MailState
from provider.mailroom.trust import is_proved, standing
from provider.school.queries import domains_ever
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from provider.threads.actions import Writer, Written, add_incoming, open_thread
from provider.threads.models import Thread
from provider.threads.rules import Standing

NOBODY = "no-address@mail.invalid"  # of a mail that does not say who wrote it; .invalid is nobody's for good
_MOST_SAID = 500


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is known of a mail before the school's records are asked."""

    reading: Reading
    complaint: notices.Complaint | None
    bounce: notices.Bounce | None


def file_mail(payload: Payload, *, now: dt.datetime) -> None:
    """File one mail; one that is filed by now is left alone."""
    reference = str(payload["mail"])
    mail = queries.with_bytes(reference)
    if mail is None or mail.state is not MailState.STORED or mail.raw is None:
        return
    reading = read(mail.raw)  # takes its time: outside of the unit of work
    known = Sorted(reading, notices.complaint(reading), notices.bounce(reading))
    with unit_of_work():
        found = queries.find(reference, lock=True)
        if found is not None and found.state is MailState.STORED:
            _file(found, known, now)


def _file(mail: IncomingMail, known: Sorted, now: dt.datetime) -> None:
    if known.complaint is not None or known.bounce is not None:
        _note_returned(mail, known, now)
        return
    judged = automatic.judged(known.reading, mail.envelope_from, domains_ever())
    if judged is Judged.OWN:
        _end(mail, MailState.IGNORED, judged, None, now)
        return
    writer = _writer(mail, known.reading)
    letter = queries.answered_letter(mail) or queries.quoted_letter(known.reading)
    expected = letter is not None or writer.standing is not Standing.UNKNOWN
    written = _written(mail, known.reading, judged, expected=expected)
    thread, is_new = _in_thread(mail, known.reading, writer, written, letter)
    state = MailState.FILED if judged is Judged.PERSON else MailState.IGNORED
    if writer.standing is Standing.STAFF_UNPROVED:
        state = MailState.QUARANTINED
        _alert(thread, now)
    drafting.draft(thread, writer, subject=known.reading.subject, text=known.reading.text, at=now)
    if state is MailState.FILED and is_new and writer.email != NOBODY:
        acknowledge(thread, mail, answers=known.reading.message_id, at=now)
    _end(mail, state, judged, thread.reference, now)


def _end(mail: IncomingMail, state: MailState, judged: Judged, thread: str | None, now: dt.datetime) -> None:
    mail.judged, mail.thread, mail.filed_at = judged, thread, now
    history.move(mail, state, LIFECYCLE, actor=SYSTEM, at=now, about=thread, data={"judged": judged.value})


def _note_returned(mail: IncomingMail, known: Sorted, now: dt.datetime) -> None:
    """Remember that letters came back or were complained of, those that the notice proves to know."""
    complained = known.complaint is not None
    ids = known.complaint.message_ids if known.complaint else known.bounce.message_ids if known.bounce else ()
    found = {letter.id: letter for letter in by_message_ids(ids)} if ids else {}
    answered = queries.answered_letter(mail)
    if answered is not None:
        found.setdefault(answered.id, answered)
    for letter in found.values():
        if complained:
            came_back(letter, said=_said(known.reading), at=now, complained=True)
        elif known.bounce is not None:
            _bounced(letter, known.bounce, now)
    _end(mail, MailState.IGNORED, Judged.COMPLAINT if complained else Judged.BOUNCE, None, now)


def _bounced(letter: OutboxLetter, bounce: notices.Bounce, now: dt.datetime) -> None:
    """Mark the letter's own recipient, if the notice speaks of them."""
    failed = bounce.of(letter.recipient)
    if failed is not None:
        came_back(letter, said=f"{failed.status} {failed.said}".strip()[:_MOST_SAID], at=now, hard=failed.hard)


def _said(reading: Reading) -> str:
    return reading.subject[:_MOST_SAID]


def _writer(mail: IncomingMail, reading: Reading) -> Writer:
    """Return who is believed to have written a mail."""
    person = people.by_email(reading.sender) if reading.sender else None
    proved = is_proved(
        reading.headers("Authentication-Results"), authserv_id=settings().MAILROOM_AUTHSERV_ID, sender=reading.sender
    )
    believed = standing(proved=proved, known=person is not None, staff=person is not None and bool(person.grants))
    if believed is Standing.STAFF_UNPROVED:
        person = None
    email = reading.sender or email_address(mail.envelope_from or "") or NOBODY
    return Writer(email, reading.sender_name, believed, person)


def _written(mail: IncomingMail, reading: Reading, judged: Judged, *, expected: bool) -> Written:
    """Return what is kept of a mail.

    What a service sent out may be a person's where it is ``expected``: it answers a letter of ours, or comes from an
    address that we know. Then it waits for staff, though nothing answers it by itself.
    """
    by_machine = not expected or automatic.is_automatic(reading, mail.envelope_from)
    return Written(
        text=reading.text,
        message_id=reading.message_id,
        incoming=mail.reference,
        automatic=judged is not Judged.PERSON and by_machine,
        attachments=[asdict(one) for one in reading.enclosed],
    )


def _in_thread(
    mail: IncomingMail, reading: Reading, writer: Writer, written: Written, letter: OutboxLetter | None
) -> tuple[Thread, bool]:
    """Put a mail into the thread of the letter that it answers, or open one; say whether it is new."""
    thread = queries.thread_of(letter)
    if thread is not None:
        add_incoming(thread, writer=writer, written=written, at=mail.received_at)
        return thread, False
    opened = open_thread(
        mailbox=mail.mailbox,
        subject=reading.subject,
        writer=writer,
        written=written,
        at=mail.received_at,
        about=_about(mail, letter, writer),
    )
    return opened, True


def _about(mail: IncomingMail, letter: OutboxLetter | None, writer: Writer) -> str | None:
    """Return what a new thread is beside: for whom our letter went to what that was about, for who is proved theirs.

    A registrar or a site has no account to prove; what their mail stands beside tells them nothing. Who only claims to
    be a student is put beside nothing.
    """
    person: Person | None = writer.person
    answers = letter is not None and letter.recipient == writer.email and letter.about is not None
    if letter is not None and answers and writer.standing in {Standing.PROVED, Standing.UNKNOWN}:
        return queries.subject(letter)
    if writer.standing is not Standing.PROVED or person is None:
        return None
    return queries.about(mail.mailbox, person)


def _alert(thread: Thread, now: dt.datetime) -> None:
    """Put before staff that somebody writes under a colleague's address and does not show that it is theirs."""
    raise_task(
        kind=TaskKind.STAFF_UNPROVED,
        key=f"{TaskKind.STAFF_UNPROVED}:{thread.reference}",
        sentence=(
            f"A mail from {thread.correspondent} claims to come from a colleague, and nothing shows that it does. "
            "It is held until somebody has asked them, by another way than answering it."
        ),
        about=thread.reference,
        due_on=day_of(now, settings().SCHOOL_ZONE),
        at=now,
    )
