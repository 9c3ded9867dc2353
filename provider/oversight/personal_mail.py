"""Where people's data is held that mail which came in left."""

import sqlalchemy as sa

from provider.mailroom.models import IncomingMail, RefundDraft
from provider.oversight import personal_finders as find
from provider.oversight.personal import Subject
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, Condition, Held, Section
from provider.threads.models import Thread


def _theirs(subject: Subject) -> Condition:
    """Find mails by the threads of somebody, and by the address that they were sent under."""
    mine = sa.select(Thread.reference).where(find.threads(subject))
    return sa.or_(IncomingMail.thread.in_(mine), IncomingMail.envelope_from == subject.email)


MAILS: tuple[Held, ...] = (
    Held(
        "refund_drafts",
        RefundDraft,
        Section.REFUNDS,
        find.of_enrollment(RefundDraft),
        {"reference": "Message that may ask for a refund", "received_at": "Received", "state": "State"},
        ("message", "standing", "words", "deadline_at", "decided_at", "refund"),
        {"id": INSIDE, "enrollment_id": INSIDE, "decided_by": COLLEAGUE},
    ),
    Held(
        "incoming_mails",
        IncomingMail,
        Section.MESSAGES,
        _theirs,
        {"reference": "Mail", "received_at": "Received", "recipient": "To", "size": "Bytes"},
        ("mailbox", "envelope_from", "peer", "sha256", "raw", "state", "judged", "filed_at", "thread"),
        {"id": INSIDE},
    ),
)
