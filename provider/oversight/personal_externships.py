"""Where people's data is held that externships left: papers, requests, offers, placements, and what was done there."""

from collections.abc import Callable

import sqlalchemy as sa

from provider.clocks.models import Clock, ClockPause
from provider.documents.models import StudentDocument
from provider.externships.models import ExternshipPreference, ExternshipRequest, Offer, Placement, PlanRow
from provider.fieldwork.models import (
    EntryBatch,
    Evaluation,
    ExternshipRecord,
    HoursEntry,
    ProcedureEntry,
    SiteVisit,
)
from provider.kernel.database import Model, table
from provider.oversight import personal_finders as find
from provider.oversight.personal import Subject
from provider.oversight.personal_finders import COLLEAGUE, INSIDE, Condition, Held, Section, of_placement, of_request
from provider.verification.models import IssuedDocument

AT_THE_SITE = "It names somebody who works at the site, not you."
WITH_YOU = "Only staff read notes of visits to a site. Ask us, and we go through them with you."
_S = Section.EXTERNSHIPS


def _pauses(subject: Subject) -> Condition:
    clocks = sa.select(Clock.id).where(Clock.about.in_(subject.references))
    return ClockPause.clock_id.in_(clocks)


def _issued(subject: Subject) -> Condition:
    return IssuedDocument.about.in_(subject.references)


def _of(model: type[Model]) -> Callable[[Subject], Condition]:
    return lambda subject: of_placement(table(model), subject)


EXTERNSHIPS: tuple[Held, ...] = (
    Held(
        "promise_pauses",
        ClockPause,
        Section.PROMISES,
        _pauses,
        {"reason": "Why a promise stood still", "began_at": "Since", "ended_at": "Until"},
        (),
        {"id": INSIDE, "clock_id": INSIDE},
    ),
    Held(
        "student_documents",
        StudentDocument,
        _S,
        find.of_person(StudentDocument),
        {
            "reference": "Document",
            "kind": "What it shows",
            "state": "State",
            "expires_on": "Good through",
            "uploaded_at": "Uploaded",
            "checked_at": "Checked",
            "refusal": "Why it was refused",
        },
        ("about",),
        {"id": INSIDE, "person_id": INSIDE, "file_id": INSIDE, "checked_by": COLLEAGUE},
    ),
    Held(
        "externship_requests",
        ExternshipRequest,
        _S,
        find.of_enrollment(ExternshipRequest),
        {
            "reference": "Request for an externship",
            "state": "State",
            "asked_at": "Asked",
            "zip": "From ZIP code",
            "miles": "Within miles",
            "earliest_on": "Earliest first day",
            "site_kind": "Kind of site",
            "transport_note": "How you travel",
            "ended_at": "Ended",
        },
        (
            "latitude", "longitude", "weekdays", "from_minute", "until_minute", "early_reason", "missing_since",
            "reminded_days", "end_reason",
        ),
        {"id": INSIDE, "enrollment_id": INSIDE},
    ),
    Held(
        "externship_preferences",
        ExternshipPreference,
        _S,
        lambda subject: of_request(table(ExternshipPreference), subject),
        {},
        ("rank",),
        {"request_id": INSIDE, "location_id": INSIDE},
    ),
    Held(
        "plan_rows",
        PlanRow,
        _S,
        lambda subject: of_request(table(PlanRow), subject),
        {},
        ("tenths", "cost", "pinned", "reasons", "outcome", "remark"),
        {"id": INSIDE, "plan_id": INSIDE, "request_id": INSIDE, "opening_id": INSIDE, "next_opening_id": INSIDE},
    ),
    Held(
        "offers",
        Offer,
        _S,
        lambda subject: of_request(table(Offer), subject),
        {
            "reference": "Offer of a place",
            "state": "State",
            "first_on": "First day",
            "last_on": "Last day",
            "sent_at": "Sent",
            "answered_at": "Your answer",
            "site_answered_at": "The site’s answer",
            "words": "What was written",
        },
        ("tenths", "site_agreed", "created_at", "expires_at", "ended_at", "end_reason"),
        {
            "id": INSIDE, "request_id": INSIDE, "opening_id": INSIDE, "replaces_id": INSIDE, "plan_id": INSIDE,
            "created_by": COLLEAGUE,
        },
    ),
    Held(
        "placements",
        Placement,
        _S,
        find.of_enrollment(Placement),
        {
            "reference": "Placement",
            "state": "State",
            "first_on": "First day",
            "last_on": "Last day",
            "required_hours": "Hours required",
            "confirmed_at": "Confirmed",
            "completed_at": "Completed",
            "released_at": "Released",
            "held_on": "Held since",
        },
        ("tenths", "started_at", "release_reason"),
        {
            "id": INSIDE, "offer_id": INSIDE, "request_id": INSIDE, "enrollment_id": INSIDE, "opening_id": INSIDE,
            "preceptor_id": AT_THE_SITE,
        },
    ),
    Held(
        "entry_batches",
        EntryBatch,
        _S,
        _of(EntryBatch),
        {
            "reference": "Week for approval",
            "week_on": "Week of",
            "state": "State",
            "sent_at": "Sent to the preceptor",
            "answered_at": "Answered",
            "question": "Asked back",
        },
        ("number", "reminded_at", "signature"),
        {"id": INSIDE, "placement_id": INSIDE, "contact_id": AT_THE_SITE},
    ),
    Held(
        "hours_entries",
        HoursEntry,
        _S,
        _of(HoursEntry),
        {
            "reference": "Hours",
            "day_on": "Day",
            "from_at": "From",
            "until_at": "Until",
            "minutes": "Minutes",
            "approved_minutes": "Approved minutes",
            "state": "State",
            "remark": "Your remark",
            "returned_because": "Why it came back",
        },
        ("source", "break_minutes", "exceptions", "entered_at"),
        {"id": INSIDE, "placement_id": INSIDE, "batch_id": INSIDE, "client_key": INSIDE},
    ),
    Held(
        "procedure_entries",
        ProcedureEntry,
        _S,
        _of(ProcedureEntry),
        {
            "reference": "Procedures",
            "day_on": "Day",
            "kind": "Procedure",
            "number": "How often",
            "approved_number": "Approved",
            "state": "State",
            "remark": "Your remark",
            "returned_because": "Why it came back",
        },
        ("entered_at",),
        {"id": INSIDE, "placement_id": INSIDE, "batch_id": INSIDE, "client_key": INSIDE},
    ),
    Held(
        "evaluations",
        Evaluation,
        _S,
        _of(Evaluation),
        {
            "reference": "Evaluation",
            "kind": "Kind",
            "state": "State",
            "asked_at": "Asked for",
            "done_at": "Given",
            "words": "In words",
        },
        ("due_on", "reminders", "answers", "signature"),
        {"id": INSIDE, "placement_id": INSIDE, "asked_of": AT_THE_SITE},
    ),
    Held(
        "site_visits",
        SiteVisit,
        _S,
        _of(SiteVisit),
        {"reference": "Visit to the site", "visited_on": "Day", "by_phone": "By telephone", "noted_at": "Noted"},
        (),
        {"id": INSIDE, "placement_id": INSIDE, "words": WITH_YOU, "noted_by": COLLEAGUE},
    ),
    Held(
        "externship_records",
        ExternshipRecord,
        _S,
        _of(ExternshipRecord),
        {"reference": "Externship record", "number": "Number", "made_at": "Made", "signature": "Signed"},
        ("content",),
        {"id": INSIDE, "placement_id": INSIDE, "document_id": INSIDE, "made_by": COLLEAGUE},
    ),
    Held(
        "issued_documents",
        IssuedDocument,
        _S,
        _issued,
        {
            "reference": "Issued document",
            "title": "Title",
            "code": "Code by which anybody can check it",
            "issued_at": "Issued",
            "revoked_at": "Taken back",
            "revoked_because": "Why",
            "public_reason": "Why, as everybody with the code may read it",
        },
        ("kind", "subject_reference", "about", "holder", "facts"),
        {"id": INSIDE},
    ),
)  # fmt: skip

# Their tables without a row that belongs in somebody's copy, and why.
EXTERNSHIPS_OUTSIDE = {
    "affiliation_agreement": "Contracts of the school with sites, signed by people for their employers.",
    "agreement_location": "Which locations a contract is for.",
    "agreement_program": "Which programs a contract is for.",
    "document_requirement": "Which documents programs and sites ask everybody for.",
    "opening": "Places that sites offer to whoever fits.",
    "placement_plan": "Runs of the planner over all requests: references, distances and weights alone.",
    "site": "Hospitals, clinics and laboratories.",
    "site_contact": "How people are reached at work, as their employer told the school.",
    "site_location": "Where sites work.",
    "site_program": "Of which programs a site takes students.",
}
