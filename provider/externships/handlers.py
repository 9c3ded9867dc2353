"""What the registries call by name: the jobs about requests that wait, what documents change, and words of history."""

import datetime as dt

from flask import url_for

from provider.externships import ending, guarantee, lapsing, needing, queries
from provider.externships.rules import REQUEST_PREFIX
from provider.kernel.database import retrying
from provider.kernel.days import day_of
from provider.kernel.errors import NotFound
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings

MISSING_DOCUMENTS = "externships.missing_documents"
OVERDUE = "externships.overdue"


def missing_documents(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Remind whoever has to bring documents, and let requests sleep whose days are over; each on its own."""
    for reference in queries.references_with_missing_documents():
        retrying(lambda reference=reference: lapsing.look(reference, at=now))  # type: ignore[misc]


def overdue(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Put each request whose guaranteed place is overdue before the coordinators."""
    for reference in queries.overdue_references(day_of(now, settings().SCHOOL_ZONE)):
        retrying(lambda reference=reference: _tell_late(reference, now))  # type: ignore[misc]


def _tell_late(reference: str, now: dt.datetime) -> None:
    guarantee.tell_late(queries.by_reference(reference, lock=True), at=now)


def _hour(now: dt.datetime) -> str:
    return f"{now.astimezone(dt.UTC):%Y-%m-%dT%H}"


def _school_day(now: dt.datetime) -> str:
    return day_of(now, settings().SCHOOL_ZONE).isoformat()


REQUEST_STORY = Strand(
    "externship",
    "Externship",
    frozenset({"externship_request"}),
    {
        "externship_request.requested": ("Externship asked for", "person"),
        "externship_request.changed": ("Externship wishes changed", "note"),
        "externship_request.documents": ("Externship request waits for documents", "warn"),
        "externship_request.ready": ("Externship request ready: looking for a place", "check"),
        "externship_request.offered": ("Externship place offered", "check"),
        "externship_request.placed": ("Externship place confirmed", "check"),
        "externship_request.running": ("Externship began", "check"),
        "externship_request.completed": ("Externship completed", "check"),
        "externship_request.lapsed": ("Externship request asleep until documents come", "warn"),
        "externship_request.withdrawn": ("Externship request withdrawn", "warn"),
    },
)


def _own_page(person_id: int, reference: str) -> str:
    enrollment = queries.by_reference(reference).enrollment
    if enrollment.person_id != person_id:
        raise NotFound
    return url_for("externships.show", reference=enrollment.reference)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs |= {MISSING_DOCUMENTS: missing_documents, OVERDUE: overdue}
    registry.periodic += [Periodic(MISSING_DOCUMENTS, _hour), Periodic(OVERDUE, _school_day)]
    registry.own_pages[REQUEST_PREFIX] = _own_page
    registry.strands.append(REQUEST_STORY)
    registry.enrollment_canceled = ending.end_canceled
    registry.documents_needed = needing.of_person
    registry.documents_people = needing.people
