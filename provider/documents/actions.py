"""Asking for documents, uploading them, checking them, and letting them expire."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.affiliations.models import Site
from provider.documents import letters, queries
from provider.documents.models import DocumentRequirement, StudentDocument
from provider.documents.queries import Need
from provider.documents.rules import (
    DOCUMENT_PREFIX,
    LIFECYCLE,
    MOST_BYTES,
    MOST_DOCUMENTS,
    REQUIREMENT_PREFIX,
    SAMPLE_REQUIREMENTS,
    DocumentKind,
    DocumentState,
    Standing,
    why_not_good,
)
from provider.files import actions as files
from provider.files.models import File
from provider.history import actions as history
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert_unless, rows_changed
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.mail.actions import post, post_once
from provider.programs.models import Program
from provider.tasks import queries as tasks
from provider.tasks.actions import finish, finish_by_key, raise_task
from provider.tasks.rules import TaskKind

LOOK_AGAIN = "documents.look_again"


class TooMuchStored(DomainError):
    """Somebody has uploaded as much as one person may."""

    status = 422
    code = "too_much_stored"
    sentence = "You have uploaded as much as fits. Write to us, and we make room for more."


class NotGood(DomainError):
    """A last good day that cannot be taken; the sentence says why."""

    status = 422
    code = "document_not_good"


class AskedAlready(DomainError):
    """The same is asked for already."""

    code = "document_asked_already"
    sentence = "This is asked for already. End the one that stands first if you want other words."


class RequirementEnded(DomainError):
    """Somebody ended it before."""

    code = "requirement_ended"
    sentence = "This is not asked for any more. Reload the page to see what is."


def upload(
    *, person: Person, kind: DocumentKind, data: bytes, expires_on: dt.date | None, actor: Actor, at: dt.datetime
) -> StudentDocument:
    """Keep what a student shows, and put it before staff; one that nobody has checked yet gives way to it.

    Raises FileRefused, NotGood, TooMuchStored. The person's row is locked, so that nobody stores more than they may.
    """
    _check_good(expires_on, at)
    people.by_id(person.id, lock=True)
    _give_way(person, kind, actor, at)
    number, size = queries.stored(person.id)
    if number >= MOST_DOCUMENTS or size + len(data) > MOST_BYTES:
        raise TooMuchStored
    file = files.keep(data=data, about=person.reference, actor=actor, at=at)
    db.session.flush()
    document = StudentDocument(
        reference=references.new(DOCUMENT_PREFIX),
        person_id=person.id,
        about=person.reference,
        kind=kind,
        file_id=file.id,
        state=DocumentState.UPLOADED,
        expires_on=expires_on,
        uploaded_at=at,
    )
    db.session.add(document)
    db.session.flush()
    event, said = f"{document.__tablename__}.{document.state}", {"kind": kind.value}
    history.note(document, event, actor=actor, at=at, about=document.about, new=document.state, personal=said)
    raise_task(
        kind=TaskKind.CHECK_DOCUMENT,
        key=task_key(document.reference),
        about=person.reference,
        sentence=f"{person.name} uploaded a document, {document.reference}. Check it.",
        at=at,
    )
    _changed(person.id, at)
    return document


def task_key(reference: str) -> str:
    """Return the key of the task to check a document."""
    return f"document:{reference}"


def _check_good(expires_on: dt.date | None, at: dt.datetime) -> None:
    refusal = why_not_good(expires_on, today=_today(at))
    if refusal is not None:
        raise NotGood(refusal)


def _today(at: dt.datetime) -> dt.date:
    return day_of(at, settings().SCHOOL_ZONE)


def _give_way(person: Person, kind: DocumentKind, actor: Actor, at: dt.datetime) -> None:
    """Remove what nobody has checked: no decision hangs on it, and health papers are not kept without need."""
    earlier = sa.select(StudentDocument).where(
        StudentDocument.person_id == person.id,
        StudentDocument.kind == kind,
        StudentDocument.state == DocumentState.UPLOADED,
    )
    for one in db.session.scalars(earlier.with_for_update()).all():
        history.note(one, "student_document.replaced", actor=actor, at=at, about=one.about)
        finish_by_key(key=task_key(one.reference), at=at)
        rows_changed(sa.delete(StudentDocument).where(StudentDocument.id == one.id))
        rows_changed(sa.delete(File).where(File.id == one.file_id))
        db.session.expunge(one)


def _changed(person_id: int, at: dt.datetime) -> None:
    """Let whoever waits for documents know that they stand otherwise."""
    db.session.flush()
    hears = registry().documents_changed
    if hears is not None:
        hears(person_id, at)


def accept(*, document: StudentDocument, expires_on: dt.date | None, actor: Actor, at: dt.datetime) -> StudentDocument:
    """Accept a document through the day that staff read on it; tell the student when nothing is missing any more.

    Raises NotGood, IllegalTransition.
    """
    _check_good(expires_on, at)
    before = _needs(document.person_id, at)
    document.expires_on = expires_on
    _decide(document, DocumentState.ACCEPTED, actor, at)
    db.session.flush()
    after = _needs(document.person_id, at)
    if after and _hold(after) and not _hold(before):
        post(letters.complete(document, [need.kind for need in after]), at=at, actor=actor)
    _changed(document.person_id, at)
    return document


def refuse(*, document: StudentDocument, reason: str, actor: Actor, at: dt.datetime) -> StudentDocument:
    """Refuse a document, and tell the student why and what to do; raises IllegalTransition."""
    document.refusal = reason
    _decide(document, DocumentState.REFUSED, actor, at)
    post(letters.refused(document), at=at, actor=actor)
    _changed(document.person_id, at)
    return document


def _decide(document: StudentDocument, to: DocumentState, actor: Actor, at: dt.datetime) -> None:
    history.move(document, to, LIFECYCLE, actor=actor, at=at, about=document.about)
    document.checked_at, document.checked_by = at, actor.reference
    task = tasks.by_key(task_key(document.reference))
    if task is not None and task.done_at is None:
        finish(task=task, remark=to.label, actor=actor, at=at)


def _needs(person_id: int, at: dt.datetime) -> tuple[Need, ...]:
    return queries.needs(person_id, queries.wanted(person_id), today=_today(at))


def _hold(needs: Sequence[Need]) -> bool:
    return all(need.standing is Standing.HOLDS for need in needs)


def expire(*, document: StudentDocument, actor: Actor, at: dt.datetime) -> None:
    """Let a document expire whose last good day has passed, and tell the student when something needs it.

    Done again, or a day too early, it changes nothing.
    """
    if document.state is not DocumentState.ACCEPTED or document.expires_on is None:
        return
    if document.expires_on >= _today(at):
        return
    history.move(document, DocumentState.EXPIRED, LIFECYCLE, actor=actor, at=at, about=document.about)
    db.session.flush()
    reasons = reasons_for(document, at)
    if reasons:
        post_once(letters.expired(document, reasons=reasons), at=at)
    _changed(document.person_id, at)


def remind(*, document: StudentDocument, days: int, at: dt.datetime) -> None:
    """Remind a student of a document that expires while something needs it; done again, it changes nothing."""
    reasons = reasons_for(document, at)
    if reasons:
        post_once(letters.expires(document, f"{document.reference}:{days}", reasons=reasons), at=at)


def reasons_for(document: StudentDocument, at: dt.datetime) -> list[str]:
    """Return what a document is needed for after its last good day, unless another one of its kind serves then.

    What somebody may need one day is no reason: without an open request or a placement nobody is written to.
    """
    known = registry().documents_needed
    if known is None or document.expires_on is None:
        return []
    after = document.expires_on + dt.timedelta(days=1)
    longer = [one for one in known(document.person_id) if one.through is None or one.through >= after]
    found = []
    for one in longer:
        needs = queries.standings(document.person_id, one.program_id, one.site_id, through=after, today=_today(at))
        if any(need.kind is document.kind and need.standing.waits_for_student for need in needs):
            found.append(one.reason)
    return list(dict.fromkeys(found))


def ask(
    *,
    kind: DocumentKind,
    program: Program | None,
    site: Site | None,
    remark: str | None,
    actor: Actor,
    at: dt.datetime,
) -> DocumentRequirement:
    """Ask for a document: of a program's students, at a site, or of a program's students at a site.

    Raises AskedAlready. Whoever needs documents for it is looked at anew by a job, each in a transaction of their own.
    """
    added = db.session.execute(
        insert_unless(DocumentRequirement)
        .values(
            reference=references.new(REQUIREMENT_PREFIX),
            program_id=program.id if program else None,
            site_id=site.id if site else None,
            kind=kind,
            remark=remark,
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(DocumentRequirement.id)
    ).scalar()
    if added is None:
        raise AskedAlready
    requirement = db.session.get_one(DocumentRequirement, added)
    data = {"kind": kind.value, "program": program.code if program else None, "site": site.reference if site else None}
    known = {name: value for name, value in data.items() if value is not None}
    history.note(requirement, "document_requirement.added", actor=actor, at=at, data=known)
    _look_again(requirement, "added", at)
    return requirement


def end(*, requirement: DocumentRequirement, actor: Actor, at: dt.datetime) -> None:
    """Ask for a document no more; that it was asked for stays. Raises RequirementEnded."""
    standing = sa.update(DocumentRequirement).where(
        DocumentRequirement.id == requirement.id, DocumentRequirement.ended_at.is_(None)
    )
    if rows_changed(standing.values(ended_at=at)) != 1:
        raise RequirementEnded
    history.note(requirement, "document_requirement.ended", actor=actor, at=at, data={"kind": requirement.kind.value})
    _look_again(requirement, "ended", at)


def _look_again(requirement: DocumentRequirement, event: str, at: dt.datetime) -> None:
    payload = {"program": requirement.program_id, "site": requirement.site_id}
    enqueue(kind=LOOK_AGAIN, key=f"{LOOK_AGAIN}:{requirement.reference}:{event}", payload=payload, at=at)


def ask_for_sample(*, programs: Sequence[Program], actor: Actor, at: dt.datetime) -> int:
    """Ask for what the sample catalog's programs ask for, where nothing was ever asked for; returns how much it is."""
    if db.session.scalar(sa.select(DocumentRequirement.id).limit(1)) is not None:
        return 0
    for program in programs:
        for kind in SAMPLE_REQUIREMENTS:
            ask(kind=kind, program=program, site=None, remark=None, actor=actor, at=at)
    return len(programs) * len(SAMPLE_REQUIREMENTS)
