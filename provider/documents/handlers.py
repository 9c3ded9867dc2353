"""What the registries call by name: jobs by which documents expire and are reminded of, and how stories tell them."""

import datetime as dt

from flask import url_for

from provider.accounts.rules import Permission
from provider.documents import actions, queries
from provider.documents.actions import LOOK_AGAIN
from provider.documents.rules import REMIND_BEFORE_DAYS, reminder
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.promises import Queue
from provider.kernel.registry import Payload, Periodic, Registry, Strand, registry
from provider.kernel.settings import settings
from provider.mail import queries as mail

EXPIRE = "documents.expire"
REMIND = "documents.remind"
AT_ONCE = 200
EXPIRES = "document_expires"


def _day(now: dt.datetime) -> dt.date:
    return day_of(now, settings().SCHOOL_ZONE)


def expire(_payload: Payload, *, now: dt.datetime) -> None:
    """Let documents expire on the day after their last good one, each in a unit of its own."""
    done: set[str] = set()
    while True:
        found = [one for one in queries.over(_day(now), AT_ONCE) if one not in done]
        if not found:
            return
        for reference in found:
            with unit_of_work():
                actions.expire(document=queries.by_reference(reference, lock=True), actor=SYSTEM, at=now)
        done.update(found)


def remind(_payload: Payload, *, now: dt.datetime) -> None:
    """Remind of documents that expire soon, 30, 14 and 3 days before; days without a run are made up for once."""
    today = _day(now)
    rows = queries.expiring(today, today + dt.timedelta(days=max(REMIND_BEFORE_DAYS)))
    due = {
        f"{row.reference}:{days}": (row.reference, days)
        for row in rows
        if row.expires_on is not None and (days := reminder(row.expires_on, today)) is not None
    }
    posted = mail.posted(EXPIRES, list(due))
    for event, (reference, days) in due.items():
        if event not in posted:
            with unit_of_work():
                actions.remind(document=queries.by_reference(reference), days=days, at=now)


def look_again(payload: Payload, *, now: dt.datetime) -> None:
    """Tell whoever waits for documents that a program or a site asks for others now; each in a unit of its own."""
    people, hears = registry().documents_people, registry().documents_changed
    if people is None or hears is None:
        return
    program, site = payload["program"], payload["site"]
    for person_id in people(int(program) if program else None, int(site) if site else None):
        with unit_of_work():
            hears(person_id, now)


STORY = Strand(
    "documents",
    "Documents",
    frozenset({"student_document", "document_requirement"}),
    {
        "student_document.uploaded": ("Document uploaded", "document"),
        "student_document.replaced": ("Document replaced before its check", "document"),
        "student_document.accepted": ("Document accepted", "document"),
        "student_document.refused": ("Document not accepted", "warn"),
        "student_document.expired": ("Document expired", "warn"),
        "document_requirement.added": ("Document asked for", "document"),
        "document_requirement.ended": ("Document not asked for any more", "document"),
    },
    needs=Permission.SEE_DOCUMENTS,
    of_people=True,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs |= {EXPIRE: expire, REMIND: remind, LOOK_AGAIN: look_again}
    registry.periodic += [
        Periodic(EXPIRE, lambda now: _day(now).isoformat()),
        Periodic(REMIND, lambda now: _day(now).isoformat()),
    ]
    registry.queues["documents"] = Queue(
        "Documents to check", Permission.SEE_DOCUMENTS, queries.waiting, lambda: url_for("staff_documents.index")
    )
    registry.strands.append(STORY)
