"""A student's papers: what a program or a site asks for, and documents that staff accepted. Needs an app context."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.affiliations.models import Site
from provider.documents import actions, queries
from provider.documents.models import DocumentRequirement, StudentDocument
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments.models import Enrollment
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.programs.models import Program

PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
STAFF = Actor(ActorKind.STAFF, "P-22222222")


def ask(
    *kinds: DocumentKind,
    program: str | None = "ccma",
    site: str | None = None,
    remark: str | None = None,
    at: dt.datetime | None = None,
) -> list[str]:
    """Let a program (by its slug), a site (by its reference) or both ask for documents; returns the references."""
    when = at or clock.now()
    with unit_of_work():
        of = db.session.scalars(sa.select(Program).where(Program.slug == program)).one() if program else None
        there = db.session.scalars(sa.select(Site).where(Site.reference == site)).one() if site else None
        made = [actions.ask(kind=kind, program=of, site=there, remark=remark, actor=STAFF, at=when) for kind in kinds]
        return [one.reference for one in made]


def end(reference: str) -> None:
    """Ask for a document no more."""
    with unit_of_work():
        actions.end(requirement=queries.requirement(reference), actor=STAFF, at=clock.now())


def person(email: str) -> Person:
    """Return a student by address."""
    return db.session.scalars(sa.select(Person).where(Person.email == email)).one()


def enrollment(email: str) -> str:
    """Return a student's first enrollment."""
    query = sa.select(Enrollment.reference).where(Enrollment.person_id == person(email).id).order_by(Enrollment.id)
    return db.session.scalars(query.limit(1)).one()


def upload(email: str, kind: DocumentKind, *, expires_on: dt.date | None = None, at: dt.datetime | None = None) -> str:
    """Upload a document as its student; returns its reference."""
    with unit_of_work():
        who = person(email)
        actor = Actor(ActorKind.STUDENT, who.reference)
        when = at or clock.now()
        made = actions.upload(person=who, kind=kind, data=PAPER, expires_on=expires_on, actor=actor, at=when)
        return made.reference


def accept(reference: str, *, expires_on: dt.date | None = None, at: dt.datetime | None = None) -> None:
    """Accept an uploaded document as staff."""
    with unit_of_work():
        document = queries.by_reference(reference, lock=True)
        actions.accept(document=document, expires_on=expires_on, actor=STAFF, at=at or clock.now())


def refuse(reference: str, reason: str = "The name on it cannot be read.", *, at: dt.datetime | None = None) -> None:
    """Refuse an uploaded document as staff."""
    with unit_of_work():
        document = queries.by_reference(reference, lock=True)
        actions.refuse(document=document, reason=reason, actor=STAFF, at=at or clock.now())


def give(
    email: str,
    kinds: Iterable[DocumentKind] = (),
    *,
    expires_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> list[str]:
    """Give a student accepted documents: these, or each that anybody asks for; returns their references."""
    query = sa.select(DocumentRequirement.kind).where(DocumentRequirement.ended_at.is_(None)).distinct()
    wanted = list(kinds) or sorted(db.session.scalars(query))
    given = [upload(email, kind, expires_on=expires_on, at=at) for kind in wanted]
    for reference in given:
        accept(reference, expires_on=expires_on, at=at)
    return given


def document(reference: str) -> StudentDocument:
    """Return a document as it is stored now."""
    db.session.expire_all()
    return queries.by_reference(reference)


def tell(*, completed: str, paying: str, now: dt.datetime) -> None:
    """Let a program ask for documents, one student bring all kinds of them, and another two that wait for a check."""
    kinds = DocumentKind
    of = sa.select(Program).join(Enrollment, Enrollment.program_id == Program.id)
    program = db.session.scalars(of.where(Enrollment.reference == enrollment(completed))).one()
    slug = program.slug
    asked = {one.kind for one in queries.of_programs() if one.program == program.code}  # by the sample, if it is loaded
    wanted = (kinds.TB, kinds.INFLUENZA, kinds.CPR_CARD, kinds.MMR, kinds.HIPAA_TRAINING, kinds.BACKGROUND_CHECK)
    ask(*(kind for kind in wanted if kind not in asked), program=slug, at=now)
    ask(
        kinds.LIABILITY_COVER,
        program=slug,
        remark="Through the school’s own insurer.",
        at=now,
    )
    day = now.date()
    give(completed, [kinds.TB, kinds.MMR], at=now)
    give(completed, [kinds.CPR_CARD], expires_on=day + dt.timedelta(days=20), at=now)
    refuse(upload(completed, kinds.INFLUENZA, at=now), "The name on it cannot be read. Take the photo in daylight.")
    upload(completed, kinds.HIPAA_TRAINING, at=now)
    upload(paying, kinds.TB, expires_on=day + dt.timedelta(days=300), at=now)
    upload(paying, kinds.BACKGROUND_CHECK, at=now)


def waiting(email: str) -> str:
    """Return a document of somebody that waits for a check; a new one when staff have checked them all."""
    query = sa.select(StudentDocument.reference).where(
        StudentDocument.person_id == person(email).id, StudentDocument.state == DocumentState.UPLOADED
    )
    found = db.session.scalars(query.order_by(StudentDocument.id).limit(1)).first()
    return found or upload(email, DocumentKind.HIPAA_TRAINING)
