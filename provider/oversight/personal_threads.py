"""Where people's data is held that their mail left."""

import sqlalchemy as sa

from provider.mail.models import AddressHealth
from provider.oversight import personal_finders as find
from provider.oversight.personal import Subject
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, Condition, Held, Section
from provider.threads.models import Thread, ThreadMessage


def _messages(subject: Subject) -> Condition:
    return ThreadMessage.thread_id.in_(sa.select(Thread.id).where(find.threads(subject)))


def _health(subject: Subject) -> Condition:
    return AddressHealth.email == subject.email


THREADS: tuple[Held, ...] = (
    Held(
        "thread_messages",
        ThreadMessage,
        Section.MESSAGES,
        _messages,
        {"at": "When", "direction": "Way", "sender": "From", "text": "Text"},
        ("reference", "sender_name", "standing", "automatic", "message_id", "incoming", "attachments"),
        {
            "id": INSIDE, "thread_id": INSIDE, "letter_id": INSIDE, "written_by": COLLEAGUE, "submission_key": INSIDE,
        },
    ),
    Held(
        "threads",
        Thread,
        Section.MESSAGES,
        find.threads,
        {"reference": "Thread", "subject": "Subject", "state": "State", "opened_at": "Opened"},
        (
            "mailbox", "correspondent", "correspondent_name", "standing", "about", "last_at", "waiting_since",
            "acknowledged_at",
        ),
        {"id": INSIDE, "person_id": INSIDE, "merged_into_id": INSIDE, "assigned_to": COLLEAGUE},
    ),
    Held(
        "address_health",
        AddressHealth,
        Section.LETTERS,
        _health,
        {"email": "Address", "state": "How letters arrive", "since": "Since"},
        ("reference", "soft_bounces", "letter", "said", "last_at"),
        {"id": INSIDE},
    ),
)  # fmt: skip
