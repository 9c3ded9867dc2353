"""Graduates who ask for an externship, through the actions that the pages call."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from provider.affiliations.rules import mask
from provider.clocks import queries as clocks
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind
from provider.documents.models import DocumentRequirement, StudentDocument
from provider.documents.rules import DOCUMENT_PREFIX, REQUIREMENT_PREFIX, DocumentKind, DocumentState
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference as enrollment_of
from provider.externships import queries, requests
from provider.externships.models import ExternshipRequest
from provider.externships.wishes import Wishes
from provider.files.actions import keep
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.programs.models import Program
from tests.harness.money import BURSAR, PAID, agreed, kept, record, stored

STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
COORDINATOR = Actor(ActorKind.STAFF, "P-44444444")
COMPLETED = PAID + dt.timedelta(days=60)
ASKED = dt.datetime(2027, 2, 1, 15, tzinfo=dt.UTC)  # 10:00 in New York, a Monday
UPFRONT = 189_900
WISHES = Wishes(
    zip="10001",
    miles=50,
    weekdays=mask(range(5)),
    from_minute=8 * 60,
    until_minute=17 * 60,
    earliest_on=dt.date(2027, 2, 15),
)
_numbers = itertools.count(1)


def active(*, program: str = "ccma", email: str | None = None, at: dt.datetime = PAID) -> str:
    """Let a student with an account be in a program, paid upfront; returns the enrollment's reference."""
    reference = agreed(program=program, email=email or f"extern{next(_numbers)}@example.org")
    record(reference, stored(reference).agreement.total_cents, at=at)
    with unit_of_work():
        enrollments.join_by_letter(enrollment=enrollment_of(reference, lock=True), actor=SYSTEM, at=at)
    return reference


def graduate(*, program: str = "ccma", email: str | None = None, at: dt.datetime = COMPLETED) -> str:
    """Let a student with an account complete a program; returns the enrollment's reference."""
    reference = active(program=program, email=email)
    complete(reference, at=at)
    return reference


def complete(reference: str, *, at: dt.datetime = COMPLETED) -> None:
    """Mark an enrollment as completed."""
    with unit_of_work():
        enrollments.complete(enrollment=enrollment_of(reference, lock=True), actor=BURSAR, at=at)


def ask(
    enrollment: str,
    *,
    at: dt.datetime = ASKED,
    early_reason: str | None = None,
    actor: Actor = STUDENT,
    **wished: Any,  # noqa: ANN401 - any of the wishes
) -> str:
    """Ask for an externship in a transaction of its own; returns the request's reference."""
    with unit_of_work():
        found = enrollment_of(enrollment)
        wanted = replace(WISHES, **wished)
        asked = requests.ask(enrollment=found, wanted=wanted, actor=actor, at=at, early_reason=early_reason)
        return asked.reference


def asked(*, program: str = "ccma", at: dt.datetime = ASKED, **wished: Any) -> str:  # noqa: ANN401 - as above
    """Let a graduate ask; without requirements of the program the request is ready at once."""
    return ask(graduate(program=program), at=at, **wished)


def look(reference: str, *, at: dt.datetime) -> None:
    """Look at a request's documents in a transaction of its own."""
    with unit_of_work():
        requests.look_at_documents(queries.by_reference(reference, lock=True), at=at)


def request(reference: str) -> ExternshipRequest:
    """Return a request as it stands in the database."""
    return kept(queries.by_reference(reference))


def clock_of(reference: str) -> Clock:
    """Return the clock of a request's guarantee as it stands in the database."""
    found = clocks.of(ClockKind.GUARANTEE, reference)
    assert found is not None
    return kept(found)


def pauses_of(reference: str) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
    """Return why a request's clock stood still, from when and until when."""
    return [(one.reason, one.began_at, one.ended_at) for one in clocks.pauses(clock_of(reference))]


def require(program: str, *kinds: DocumentKind, at: dt.datetime = PAID) -> None:
    """Let a program ask for documents of all its students."""
    program_id = _program_id(program)
    with unit_of_work():
        db.session.add_all(
            DocumentRequirement(
                reference=references.new(REQUIREMENT_PREFIX), program_id=program_id, kind=kind, created_at=at
            )
            for kind in kinds
        )


def _program_id(slug: str) -> int:
    return db.session.scalars(sa.select(Program.id).where(Program.slug == slug)).one()


def bring(
    enrollment: str,
    kind: DocumentKind,
    *,
    at: dt.datetime,
    state: DocumentState = DocumentState.ACCEPTED,
    expires_on: dt.date | None = None,
) -> int:
    """Store a document of a student as it is after an upload or a check, and tell those who wait for it."""
    person_id = stored(enrollment).person_id
    assert person_id is not None
    with unit_of_work():
        file = keep(data=b"%PDF-1.7\n%%EOF\n", about=enrollment, actor=STUDENT, at=at)
        db.session.flush()
        document = StudentDocument(
            reference=references.new(DOCUMENT_PREFIX),
            person_id=person_id,
            about=enrollment,
            kind=kind,
            file_id=file.id,
            state=state,
            expires_on=expires_on,
            uploaded_at=at,
            checked_at=None if state is DocumentState.UPLOADED else at,
            refusal="Nobody can read it." if state is DocumentState.REFUSED else None,
        )
        db.session.add(document)
        db.session.flush()
        requests.documents_changed(person_id, at)
        return document.id


def check(document_id: int, state: DocumentState, *, at: dt.datetime) -> None:
    """Bring a document to another state, as a check or its last day does."""
    with unit_of_work():
        document = db.session.get_one(StudentDocument, document_id)
        document.state, document.checked_at = state, document.checked_at or at
        document.refusal = "Nobody can read it." if state is DocumentState.REFUSED else None
        db.session.flush()
        requests.documents_changed(document.person_id, at)
