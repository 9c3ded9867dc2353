"""What was done at sites: only approved entries count, in the week that was approved, and each end has its record."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.affiliations.models import Opening, SiteContact, SiteLocation
from provider.documents.models import StudentDocument
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork.models import EntryBatch, ExternshipRecord, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import BatchState, EntryState
from provider.history.models import History
from provider.oversight.checks import Finding, findings, known, rows, total
from provider.oversight.models import Erasure
from provider.verification.models import IssuedDocument

_S = EntryState
_ENTRIES = ((HoursEntry, HoursEntry.approved_minutes), (ProcedureEntry, ProcedureEntry.approved_number))


def only_approved_entries_count() -> Iterator[Finding]:
    """What counts of an entry was approved by a preceptor, who has answered the week it stands in (R19)."""
    answered = EntryBatch.state == BatchState.ANSWERED
    for model, counts in _ENTRIES:
        stands = sa.case(
            (model.state == _S.ENTERED, model.batch_id.is_(None)),
            (model.state == _S.SUBMITTED, EntryBatch.state == BatchState.SENT),
            else_=answered,
        )
        right = sa.and_(
            (model.state == _S.APPROVED) == counts.is_not(None),
            sa.func.coalesce(stands, sa.false()),
            sa.func.coalesce(EntryBatch.placement_id == model.placement_id, sa.true()),
        )
        query = (
            sa.select(
                model.reference.label("subject"),
                model.state,
                counts.label("counts"),
                sa.func.coalesce(EntryBatch.reference, "none").label("batch"),
                sa.func.coalesce(sa.cast(EntryBatch.state, sa.String), "not there").label("stands"),
            )
            .outerjoin(EntryBatch, EntryBatch.id == model.batch_id)
            .where(~right)
        )
        yield from findings(query, "is {state} and counts {counts}; its week, {batch}, is {stands}")


def nothing_is_done_before_it_begins() -> Iterator[Finding]:
    """Hours and procedures are of a placement that has begun."""
    for model, _ in _ENTRIES:
        query = (
            sa.select(model.reference.label("subject"), Placement.reference.label("placement"), Placement.state)
            .join(Placement, Placement.id == model.placement_id)
            .where(Placement.started_at.is_(None))
        )
        yield from findings(query, "was entered for the placement {placement}, which is {state} and never began")


def preceptor_is_of_the_site() -> Iterator[Finding]:
    """Whoever supervises a placement, or was sent a week of it, is a contact of the site it is at."""
    placed = (
        sa.select(Placement.id, Placement.reference, Placement.preceptor_id, SiteLocation.site_id)
        .join(Opening, Opening.id == Placement.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .subquery()
    )
    named = sa.select(placed.c.reference.label("subject"), SiteContact.reference.label("contact"))
    supervising = named.join(SiteContact, SiteContact.id == placed.c.preceptor_id)
    asked = (
        sa.select(EntryBatch.reference.label("subject"), SiteContact.reference.label("contact"))
        .join(placed, placed.c.id == EntryBatch.placement_id)
        .join(SiteContact, SiteContact.id == EntryBatch.contact_id)
    )
    for query in (supervising, asked):
        elsewhere = query.where(SiteContact.site_id != placed.c.site_id)
        yield from findings(elsewhere, "is with {contact}, who is of another site")


def completed_placement_has_its_record() -> Iterator[Finding]:
    """A completed placement has exactly one record, which was issued; no other placement has one."""
    records = (
        sa.select(ExternshipRecord.placement_id, sa.func.count().label("number"))
        .group_by(ExternshipRecord.placement_id)
        .subquery()
    )
    number = known(records.c.number)
    due = sa.case((Placement.state == PlacementState.COMPLETED, 1), else_=0)
    query = (
        sa.select(Placement.reference.label("subject"), Placement.state, number.label("number"))
        .outerjoin(records, records.c.placement_id == Placement.id)
        .where(number != due)
    )
    yield from findings(query, "is {state} and has {number} records")
    issued = sa.and_(
        IssuedDocument.subject_reference == ExternshipRecord.reference, IssuedDocument.about == Enrollment.reference
    )
    query = (
        _records(ExternshipRecord.reference.label("subject"))
        .outerjoin(IssuedDocument, IssuedDocument.id == ExternshipRecord.document_id)
        .where(~sa.func.coalesce(issued, sa.false()))
    )
    yield from findings(query, "was not issued, or as another student's")


def _records(*columns: Any) -> sa.Select[Any]:  # noqa: ANN401 - whatever is read of them
    return (
        sa.select(*columns)
        .join_from(ExternshipRecord, Placement, Placement.id == ExternshipRecord.placement_id)
        .join(Enrollment, Enrollment.id == Placement.enrollment_id)
    )


def no_record_stands_after_a_refund() -> Iterator[Finding]:
    """The record of an enrollment whose tuition went back does not stand any more (R5)."""
    query = (
        _records(ExternshipRecord.reference.label("subject"), Enrollment.reference.label("enrollment"))
        .join(IssuedDocument, IssuedDocument.id == ExternshipRecord.document_id)
        .where(Enrollment.state == EnrollmentState.REFUNDED, IssuedDocument.revoked_at.is_(None))
    )
    return findings(query, "stands, though the enrollment {enrollment} was refunded")


def record_says_what_was_approved() -> Iterator[Finding]:
    """A record says the hours and procedures that were approved, as long as nobody lowered them since."""
    minutes, numbers = (_approved(model, counts) for model, counts in _ENTRIES)
    lowered = _lowered()
    record = ExternshipRecord
    for row in rows(sa.select(record.reference, record.placement_id, record.made_at, record.content)):
        said = (row.content["minutes"], sum(one["number"] for one in row.content["procedures"]))
        counted = (minutes.get(row.placement_id, 0), numbers.get(row.placement_id, 0))
        since = lowered.get(row.placement_id)
        if said != counted and not (since is not None and since >= row.made_at):
            what = f"says {said[0]} minutes and {said[1]} procedures, and {counted[0]} and {counted[1]} were approved"
            yield row.reference, what


def _approved(model: type[HoursEntry | ProcedureEntry], counts: Any) -> Mapping[int, int]:  # noqa: ANN401 - a column
    """Return what was approved in each placement that has a record."""
    recorded = sa.select(ExternshipRecord.placement_id)
    query = sa.select(model.placement_id, total(counts)).where(model.placement_id.in_(recorded))
    return {placement_id: sum_ for placement_id, sum_ in rows(query.group_by(model.placement_id))}  # noqa: C416 - rows


def _lowered() -> Mapping[int, Any]:
    """Return when staff last lowered something in a placement."""
    found: dict[int, Any] = {}
    for model, _ in _ENTRIES:
        query = (
            sa.select(model.placement_id, sa.func.max(History.at, type_=History.at.type))
            .join(History, History.subject_reference == model.reference)
            .where(History.event == f"{model.__tablename__}.lowered")
            .group_by(model.placement_id)
        )
        for placement_id, at in rows(query):
            found[placement_id] = max(at, found.get(placement_id, at))
    return found


def erased_people_left_no_papers() -> Iterator[Finding]:
    """Of somebody who was erased no document is kept (R25)."""
    query = (
        sa.select(Person.reference.label("subject"), StudentDocument.reference.label("document"))
        .join(StudentDocument, StudentDocument.person_id == Person.id)
        .join(Erasure, Erasure.about == Person.reference)
    )
    return findings(query, "was erased, and the document {document} is still kept")


CHECKS = (
    only_approved_entries_count,
    nothing_is_done_before_it_begins,
    preceptor_is_of_the_site,
    completed_placement_has_its_record,
    no_record_stands_after_a_refund,
    record_says_what_was_approved,
    erased_people_left_no_papers,
)
