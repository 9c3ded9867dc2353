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
from provider.oversight.checks import Finding, findings, known, rows, total
from provider.oversight.guarantee import AT_ONCE
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
    """A completed placement has its record, which was issued, and at most the last one stands; no other has one."""
    records = (
        sa.select(
            ExternshipRecord.placement_id,
            sa.func.count().label("number"),
            sa.func.max(ExternshipRecord.number).label("last"),
        )
        .group_by(ExternshipRecord.placement_id)
        .subquery()
    )
    number, last = known(records.c.number), known(records.c.last)
    completed = Placement.state == PlacementState.COMPLETED
    query = (
        sa.select(Placement.reference.label("subject"), Placement.state, number.label("number"))
        .outerjoin(records, records.c.placement_id == Placement.id)
        .where(sa.or_(completed != (number > 0), number != last))
    )
    yield from findings(query, "is {state} and has {number} records")
    query = (
        _records(ExternshipRecord.reference.label("subject"), Placement.reference.label("placement"))
        .join(IssuedDocument, IssuedDocument.id == ExternshipRecord.document_id)
        .join(records, records.c.placement_id == Placement.id)
        .where(IssuedDocument.revoked_at.is_(None), ExternshipRecord.number < records.c.last)
    )
    yield from findings(query, "stands, though the placement {placement} has a newer record")
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
    """A record that stands says the hours and procedures that were approved when it was made, and never more."""
    minutes, numbers = (_approved(model, counts) for model, counts in _ENTRIES)
    for row in rows(_standing(ExternshipRecord.reference, ExternshipRecord.placement_id, ExternshipRecord.content)):
        said = (row.content["minutes"], sum(one["number"] for one in row.content["procedures"]))
        counted = [known_of.get(row.placement_id, (0, 0)) for known_of in (minutes, numbers)]
        if not all(least <= one <= most for one, (least, most) in zip(said, counted, strict=True)):
            now = " and ".join(str(most) for _, most in counted)
            yield row.reference, f"says {said[0]} minutes and {said[1]} procedures, and {now} were approved"


def _standing(*columns: Any) -> sa.Select[Any]:  # noqa: ANN401 - whatever is read of them
    return (
        sa.select(*columns)
        .join_from(ExternshipRecord, IssuedDocument, IssuedDocument.id == ExternshipRecord.document_id)
        .where(IssuedDocument.revoked_at.is_(None))
    )


def _approved(model: type[HoursEntry | ProcedureEntry], counts: Any) -> Mapping[int, tuple[int, int]]:  # noqa: ANN401 - a column
    """Return what was approved when the record that stands was made, and by now, for each placement."""
    columns = (model.placement_id, ExternshipRecord.made_at, EntryBatch.answered_at)
    query = (
        _standing(*columns, total(counts).label("sum"))
        .join(model, model.placement_id == ExternshipRecord.placement_id)
        .join(EntryBatch, EntryBatch.id == model.batch_id)
        .where(model.state == _S.APPROVED)
    )
    found: dict[int, tuple[int, int]] = {}
    for row in rows(query.group_by(*columns)):
        then, now = found.get(row.placement_id, (0, 0))
        before = row.answered_at is not None and row.answered_at < row.made_at - AT_ONCE
        found[row.placement_id] = (then + (row.sum if before else 0), now + row.sum)
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
