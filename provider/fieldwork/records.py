"""The end of a placement: completed with a record that is frozen, issued with a code, and may be revoked."""

import datetime as dt
from typing import Any

from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships import offer_queries, placements
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork import entries, evaluations, record_letters, record_queries, recording
from provider.fieldwork.counters import standings
from provider.fieldwork.evaluation_queries import given
from provider.fieldwork.models import ExternshipRecord, SiteVisit
from provider.fieldwork.rules import RECORD_PREFIX, VISIT_PREFIX, EvaluationKind
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import hold
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from provider.verification import actions as verification
from provider.verification import queries as issued
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind

WAITS_FOR_THE_REST = dt.timedelta(days=14)  # the last week to be approved, and the final evaluation
REFUNDED = "The enrollment was refunded."


class NotRunning(DomainError):
    """Only what runs can be completed."""

    code = "placement_not_running"
    sentence = "This placement does not run, so it cannot be completed. Reload the page to see how it stands."


class NotCompleted(DomainError):
    """Only what was completed is recorded, and only while its tuition has not gone back."""

    code = "placement_not_completed"
    sentence = "There is a record only of an externship that was completed and whose tuition did not go back."


class RecordStandsAlready(DomainError):
    """One record of a placement stands at a time."""

    code = "record_stands_already"
    sentence = "A record of this externship stands already. Revoke it first if it is wrong."


class ReasonNeeded(DomainError):
    """A placement is completed with less than was agreed only with a written reason."""

    status = 422
    code = "reason_needed"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"{' '.join(missing)} Write the reason why it is completed all the same.")


def complete(
    *, placement: Placement, signature: str, reason: str | None, actor: Actor, at: dt.datetime
) -> ExternshipRecord:
    """Complete a placement and its request, freeze its record, issue it with a code, and send it to the student.

    With fewer approved hours than were agreed, or without the final evaluation, a reason is needed: raises
    ReasonNeeded; NotRunning for a placement that does not run.
    """
    placement = _held(placement)
    if placement.state is not PlacementState.RUNNING:
        raise NotRunning
    missing = record_queries.reached(placement).missing
    if missing and not reason:
        raise ReasonNeeded(missing)
    last_on = _last_day(placement, day_of(at, entries.agreed(placement).zone))
    made = _make(placement, signature, number=1, last_on=last_on, actor=actor, at=at)
    data = {"missing": list(missing)} if missing else None
    personal = {"reason": reason} if reason else None
    about = placement.enrollment.reference
    note(made, "externship_record.made", actor=actor, at=at, about=about, data=data, personal=personal)
    placements.complete(placement=placement, actor=actor, at=at)
    evaluations.close_late(placement.id, at)
    return _hand_over(made, at)


def tell_over(placement: Placement, *, today: dt.date, at: dt.datetime) -> None:
    """Put a placement whose last day is over before staff, once: when it can be completed, or after two weeks."""
    last_on = placement.last_on
    if placement.state is not PlacementState.RUNNING or today <= last_on:
        return
    missing = record_queries.reached(placement).missing
    if missing and today <= last_on + WAITS_FOR_THE_REST:
        return
    enrollment, site = placement.enrollment, placement.opening.location.site
    raise_task(
        kind=TaskKind.END_PLACEMENT,
        key=placements.end_key(placement),
        about=enrollment.reference,
        sentence=f"The last day of {enrollment.legal_name} at {site.name} was {written(last_on)} (placement "
        f"{placement.reference}). {' '.join(missing) or 'The hours are approved and the final evaluation is there.'} "
        "Complete it, so that the student gets the record.",
        at=at,
    )


def issue_anew(*, placement: Placement, signature: str, actor: Actor, at: dt.datetime) -> ExternshipRecord:
    """Make a new record of a completed placement whose last one was revoked, of what is approved by now.

    The student gets it by letter. The enrollment is held first, as a refund holds it: none comes in between. Raises
    NotCompleted, RecordStandsAlready.
    """
    enrollments.by_id(placement.enrollment_id, lock=True)
    placement = _held(placement)
    before = next(iter(record_queries.of_placement(placement.id)), None)
    if before is None or placement.enrollment.state is EnrollmentState.REFUNDED:
        raise NotCompleted
    if before.document.revoked_at is None:
        raise RecordStandsAlready
    last_on = dt.date.fromisoformat(before.content["last_on"])
    made = _make(placement, signature, number=before.number + 1, last_on=last_on, actor=actor, at=at)
    data = {"instead_of": before.reference}
    note(made, "externship_record.made_anew", actor=actor, at=at, about=placement.enrollment.reference, data=data)
    return _hand_over(made, at)


def _held(placement: Placement) -> Placement:
    """Return a placement as it stands, its request and what was entered for it held: neither changes meanwhile."""
    found = offer_queries.held_placement(placement.id)
    entries.placement_by_id(found.id, lock=True)
    return found


def _make(
    placement: Placement, signature: str, *, number: int, last_on: dt.date, actor: Actor, at: dt.datetime
) -> ExternshipRecord:
    content, reference = _content(placement, signature, last_on), references.new(RECORD_PREFIX)
    document = _issue(reference, placement.enrollment.reference, content, actor, at)
    return hold(
        ExternshipRecord(
            reference=reference,
            placement_id=placement.id,
            number=number,
            document_id=document.id,
            content=content,
            made_at=at,
            made_by=actor.reference,
            signature=signature,
        )
    )


def _hand_over(made: ExternshipRecord, at: dt.datetime) -> ExternshipRecord:
    record = record_queries.by_reference(made.reference)
    post(record_letters.completed(record), at=at)
    return record


def _issue(reference: str, about: str, content: dict[str, Any], actor: Actor, at: dt.datetime) -> IssuedDocument:
    """Give a record the code by which anybody can see whether it stands."""
    return verification.issue(
        kind=IssuedKind.EXTERNSHIP_RECORD,
        subject=reference,
        about=about,
        holder=content["name"],
        title=recording.TITLE,
        facts=recording.public_facts(content),
        actor=actor,
        at=at,
    )


def _content(placement: Placement, signature: str, last_on: dt.date) -> dict[str, Any]:
    """Return what the record says for good; later changes of names and places never reach it."""
    opening, enrollment = placement.opening, placement.enrollment
    location = opening.location
    approved = {kind: one.approved for kind, one in entries.numbers_of([placement.id]).items()}
    return {
        "school": settings().SCHOOL_NAME,
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "site": location.site.name,
        "location": location.name,
        "city": f"{location.city}, {location.state_code}",
        "first_on": placement.first_on.isoformat(),
        "last_on": last_on.isoformat(),
        "preceptor": placement.preceptor.name,
        "preceptor_title": placement.preceptor.title,
        "minutes": entries.minutes_of(placement.id).approved,
        "required_hours": placement.required_hours,
        "procedures": recording.procedures(approved),
        "counters": recording.counters(standings(approved)),
        "evaluation": _evaluation(placement),
        "signature": signature,
    }


def _last_day(placement: Placement, made_on: dt.date) -> dt.date:
    """Return the last agreed day; of a placement that is completed before it, the last approved one."""
    if placement.last_on <= made_on:
        return placement.last_on
    return entries.last_approved_on(placement.id) or made_on


def _evaluation(placement: Placement) -> dict[str, Any] | None:
    final = given(placement.id, EvaluationKind.FINAL)
    if final is None or final.done_at is None:
        return None
    on = day_of(final.done_at, settings().SCHOOL_ZONE)
    return {"answers": dict(final.answers), "signature": final.signature, "on": on.isoformat()}


def revoke(
    *, record: ExternshipRecord, reason: str, public_reason: str | None, actor: Actor, at: dt.datetime
) -> ExternshipRecord:
    """Stop standing by a record and tell the student; raises RevokedAlready."""
    document = issued.by_reference(record.document.reference)
    verification.revoke(document, reason=reason, public_reason=public_reason, actor=actor, at=at)
    post(record_letters.revoked(record), at=at)
    return record


def revoke_refunded(enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> None:
    """Revoke what was issued of an enrollment whose tuition goes back (R5), in the transaction that decides it."""
    for document in issued.standing_about(enrollment.reference, IssuedKind.EXTERNSHIP_RECORD):
        record = record_queries.by_reference(document.subject_reference)
        revoke(record=record, reason=REFUNDED, public_reason=None, actor=actor, at=at)


def note_visit(
    *, placement: Placement, visited_on: dt.date, by_phone: bool, words: str, actor: Actor, at: dt.datetime
) -> SiteVisit:
    """Keep what a member of staff saw at a site, or heard from it; for staff alone."""
    visit = hold(
        SiteVisit(
            reference=references.new(VISIT_PREFIX),
            placement_id=placement.id,
            visited_on=visited_on,
            by_phone=by_phone,
            words=words,
            noted_at=at,
            noted_by=actor.reference,
        )
    )
    about = placement.enrollment.reference
    data = {"on": visited_on.isoformat(), "by_phone": by_phone}
    note(visit, "site_visit.noted", actor=actor, at=at, about=about, data=data)
    return visit
