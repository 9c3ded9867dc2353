"""Reading mail that came in, the threads it belongs to, and what it is beside."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from provider.accounts.models import Person
from provider.credits.models import ACTIVE_ROWS, CreditRequest
from provider.credits.rules import REQUEST_PREFIX as CREDIT_PREFIX
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships import queries as externships
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.mail import queries as letters
from provider.mail.models import OutboxLetter
from provider.mail.replies import read_address
from provider.mail.rules import Mailbox
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.mailroom.reading import Reading
from provider.mailroom.rules import DraftState
from provider.refunds.models import Refund
from provider.threads import queries as threads
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import THREAD_PREFIX


def find(reference: str, *, lock: bool = False) -> IncomingMail | None:
    """Return one mail without its bytes, locked if asked for; None when it is not there."""
    query = sa.select(IncomingMail).where(IncomingMail.reference == reference)
    return db.session.scalar(query.with_for_update() if lock else query)


def with_bytes(reference: str) -> IncomingMail | None:
    """Return one mail with its bytes."""
    query = sa.select(IncomingMail).where(IncomingMail.reference == reference)
    return db.session.scalar(query.options(undefer(IncomingMail.raw)))


def answered_letter(mail: IncomingMail) -> OutboxLetter | None:
    """Return the letter whose signed reply address a mail was sent to; None for any other address, or a late one."""
    address = read_address(mail.recipient)
    letter = letters.find(address.letter) if address is not None else None
    if address is None or letter is None or not address.is_ours(letter.recipient, now=mail.received_at):
        return None
    return letter


def quoted_letter(reading: Reading) -> OutboxLetter | None:
    """Return the newest letter that a mail answers by its Message-ID and that went to the very address it is from.

    Anybody may quote a Message-ID that they have seen; only whom the letter went to is put beside it.
    """
    quoted = letters.by_message_ids(reading.answers) if reading.answers else ()
    return next((letter for letter in quoted if letter.recipient == reading.sender), None)


def thread_of(letter: OutboxLetter | None) -> Thread | None:
    """Return the thread that a letter belongs to, locked; of a merged one the thread that took it in."""
    if letter is None:
        return None
    thread = threads.of_letter(letter.id)
    if thread is None and (letter.about or "").startswith(f"{THREAD_PREFIX}-"):
        thread = threads.find(str(letter.about))
    while thread is not None and thread.merged_into_id is not None:
        thread = db.session.get(Thread, thread.merged_into_id)
    return threads.find(thread.reference, lock=True) if thread is not None else None


def subject(letter: OutboxLetter) -> str | None:
    """Return what a letter was about: the credit request that it names, else the record under which it is told."""
    named = str(letter.values.get("reference", ""))
    return named if named.startswith(f"{CREDIT_PREFIX}-") else letter.about


def about(mailbox: Mailbox, person: Person) -> str:
    """Return what a proved student's mail is beside: the open request of the mailbox's kind, else the student."""
    if mailbox is Mailbox.EXTERNSHIP:
        return next(iter(externships.open_references_of(person.id)), person.reference)
    if mailbox is Mailbox.COLLEGE_CREDITS:
        return _open_credit_request(person.id) or person.reference
    return person.reference


def _open_credit_request(person_id: int) -> str | None:
    query = sa.select(CreditRequest.reference).where(CreditRequest.person_id == person_id, ACTIVE_ROWS)
    return db.session.scalar(query.order_by(CreditRequest.id.desc()).limit(1))


def enrollments_of(email: str, person: Person | None, named: Sequence[str]) -> list[Enrollment]:
    """Return the enrollments that a message may be about: those of its address, proved or typed, and those named."""
    found = list(enrollments.of_person(person.id)) if person is not None else []
    found += enrollments.unproved_of(email)
    for reference in named:
        try:
            found.append(enrollments.by_reference(reference))
        except NotFound:
            continue
    return list({one.id: one for one in found}.values())


def open_draft(enrollment_id: int, *, lock: bool = False) -> RefundDraft | None:
    """Return the draft of a refund that waits for a person, or None."""
    query = sa.select(RefundDraft).where(
        RefundDraft.enrollment_id == enrollment_id, RefundDraft.state == DraftState.OPEN
    )
    return db.session.scalar(query.with_for_update() if lock else query)


def draft(reference: str, *, lock: bool = False) -> RefundDraft:
    """Return one draft with its enrollment and agreement; raises NotFound."""
    loaded = joinedload(RefundDraft.enrollment).joinedload(Enrollment.agreement)
    query = sa.select(RefundDraft).where(RefundDraft.reference == reference).options(loaded)
    found = db.session.scalar(query.with_for_update(of=RefundDraft) if lock else query)
    if found is None:
        raise NotFound
    return found


def drafts_of(thread: Thread) -> Sequence[RefundDraft]:
    """Return the drafts that the messages of a thread opened, with their enrollments, in the order of their making."""
    here = sa.select(ThreadMessage.reference).where(ThreadMessage.thread_id == thread.id)
    query = sa.select(RefundDraft).where(RefundDraft.message.in_(here)).options(joinedload(RefundDraft.enrollment))
    return db.session.scalars(query.order_by(RefundDraft.id)).all()


def draft_entered_as(refund: Refund) -> RefundDraft | None:
    """Return the draft that a refund was entered from, or None."""
    query = sa.select(RefundDraft).where(RefundDraft.enrollment_id == refund.enrollment_id)
    return db.session.scalar(query.where(RefundDraft.refund == refund.reference))
