"""What the registries call by name: the job that sends a letter, and what must hold for every letter."""

import datetime as dt
from collections.abc import Iterator

from flask import url_for

from provider.jobs.rules import LEASE
from provider.kernel import clock
from provider.kernel.promises import Queue
from provider.kernel.registry import Breach, Payload, Registry, Strand
from provider.mail import queries, sender
from provider.mail.actions import SEND

NEVER_STUCK = "letter_never_stuck"
SENT_AS_STORED = "letter_sent_as_stored"


def job_failed(payload: Payload, error: str, now: dt.datetime) -> None:
    """Fail the letter whose job was given up."""
    sender.fail(str(payload["letter"]), error, now)


def stuck() -> Iterator[Breach]:
    """Every letter ends as sent, failed or canceled within its 72 hours and a lease."""
    for letter in queries.stuck(clock.now(), LEASE):
        yield Breach(
            NEVER_STUCK, letter.reference, f"is {letter.state.label.lower()} since {letter.queued_at.isoformat()}"
        )


def sent_as_stored() -> Iterator[Breach]:
    """Every sent letter was written and tried, and what is stored of it opens nothing."""
    for reference in queries.sent_without_text():
        yield Breach(SENT_AS_STORED, reference, "is sent, but its text or its attempt is missing")
    for reference in queries.stored_open_links():
        yield Breach(SENT_AS_STORED, reference, "keeps the address of a personal link in its stored text")


STORY = Strand("letters", "Letters", frozenset({"letter"}), {})  # told by the letters themselves


# Each failed letter is a task, and stands in the list as one.
QUEUE = Queue(
    "Letters failed",
    "see_mail",
    queries.waiting,
    lambda: url_for("staff_mail.index", state="failed"),
    tone="bad",
    rank=50,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[SEND] = sender.send
    registry.failed_jobs[SEND] = job_failed
    registry.invariants[NEVER_STUCK] = stuck
    registry.invariants[SENT_AS_STORED] = sent_as_stored
    registry.strands.append(STORY)
    registry.queues["letters"] = QUEUE
