"""What the search box finds of placing: sites and requests by words, and whatever has a reference."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteContact, SiteLocation
from provider.affiliations.rules import SEARCH_KIND as SITE
from provider.credits.models import CreditRequest
from provider.credits.rules import REQUEST_PREFIX
from provider.documents.models import StudentDocument
from provider.enrollments.models import Agreement, Enrollment
from provider.enrollments.rules import SEARCH_KIND as ENROLLMENT
from provider.exams.models import ExamResult
from provider.exams.rules import RESULT_PREFIX
from provider.externships.models import ExternshipRequest, Offer, Placement, PlacementPlan
from provider.fieldwork.models import ExternshipRecord
from provider.kernel.database import db, table
from provider.kernel.finding import Hit, Source, Typed
from provider.oversight.finding import newest_with
from provider.oversight.finding_records import by_reference, leads
from provider.search.queries import has_word

P = Permission
_S, _LO, _CO, _AG, _OP = (table(model).c for model in (Site, SiteLocation, SiteContact, AffiliationAgreement, Opening))
_X, _OF, _PL, _PN, _ER = (
    table(model).c for model in (ExternshipRequest, Offer, Placement, PlacementPlan, ExternshipRecord)
)
_DO, _EX, _E, _A, _CR = (table(one).c for one in (StudentDocument, ExamResult, Enrollment, Agreement, CreditRequest))
_REQUESTS = sa.select(_X.reference, _X.state, _X.asked_at, _E.legal_name, _A.program_code).select_from(
    table(ExternshipRequest)
    .join(table(Enrollment), _E.id == _X.enrollment_id)
    .join(table(Agreement), _A.enrollment_id == _E.id)
)


def sites(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return sites by words of their own, their locations and contacts, the newest first."""
    newest = newest_with(sa.select(_S.id), SITE, words, _S.id, most)
    query = sa.select(_S.reference, _S.name, _S.kind, _S.state).where(newest).order_by(_S.id.desc())
    return [_site(row) for row in db.session.execute(query)]


def site(reference: str) -> Hit | None:
    """Return a site by reference."""
    query = sa.select(_S.reference, _S.name, _S.kind, _S.state).where(_S.reference == reference)
    row = db.session.execute(query).first()
    return None if row is None else _site(row)


def _site(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_sites.show", reference=row.reference)
    return Hit(row.reference, row.name, href, row.kind.label, state=row.state)


def requests(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return externship requests by words of their student, the newest first."""
    having = (has_word(ENROLLMENT, word, _X.enrollment_id) for word in words)
    rows = db.session.execute(_REQUESTS.where(*having).order_by(_X.id.desc()).limit(most))
    return [_request(row) for row in rows]


def request(reference: str) -> Hit | None:
    """Return an externship request by reference."""
    row = db.session.execute(_REQUESTS.where(_X.reference == reference)).first()
    return None if row is None else _request(row)


def _request(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_externships.show", reference=row.reference)
    return Hit(row.reference, row.legal_name, href, row.program_code, state=row.state, at=row.asked_at)


_SITE_OF_LOCATION = sa.select(_S.reference).join_from(table(SiteLocation), table(Site))
_SITE_OF_CONTACT = sa.select(_S.reference).join_from(table(SiteContact), table(Site))
_REQUEST_OF_OFFER = sa.select(_X.reference).join_from(table(Offer), table(ExternshipRequest))
_PLACEMENT_OF_RECORD = sa.select(_PL.reference).join_from(table(ExternshipRecord), table(Placement))
_OWN = {"reference": "reference"}
SOURCES = {
    "sites": Source(
        "Sites",
        "Sites, by name, city, ZIP code, contact or reference (SI-…)",
        P.SEE_SITES,
        rank=32,
        prefixes=("SI",),
        kind=SITE,
        named=site,
        worded=sites,
        whole_list=lambda typed: url_for("staff_sites.index", q=typed),
    ),
    "externship_requests": Source(
        "Externship requests",
        "Externship requests, by the student’s name, e-mail address or reference (XR-…)",
        P.SEE_PLACEMENTS,
        rank=34,
        prefixes=("XR",),
        kind=ENROLLMENT,
        named=request,
        worded=requests,
    ),
    "openings": by_reference(
        "Openings",
        "OP",
        leads(sa.select(_OP.reference), _OP.reference, "staff_openings.show", **_OWN),
        needs=P.SEE_SITES,
        rank=80,
    ),
    "agreements": by_reference(
        "Affiliation agreements",
        "AG",
        leads(sa.select(_AG.reference), _AG.reference, "staff_affiliations.show", **_OWN),
        needs=P.SEE_SITES,
        rank=81,
    ),
    "locations": by_reference(
        "Locations of sites",
        "LO",
        leads(_SITE_OF_LOCATION, _LO.reference, "staff_sites.show", anchor="locations", **_OWN),
        needs=P.SEE_SITES,
        rank=82,
    ),
    "contacts": by_reference(
        "Contacts at sites",
        "CO",
        leads(_SITE_OF_CONTACT, _CO.reference, "staff_sites.show", anchor="people", **_OWN),
        needs=P.SEE_SITES,
        rank=83,
    ),
    "offers": by_reference(
        "Offers of places",
        "OF",
        leads(_REQUEST_OF_OFFER, _OF.reference, "staff_externships.show", **_OWN),
        needs=P.SEE_PLACEMENTS,
        rank=84,
    ),
    "placements": by_reference(
        "Placements",
        "PL",
        leads(sa.select(_PL.reference), _PL.reference, "staff_placements.show", **_OWN),
        needs=P.SEE_PLACEMENTS,
        rank=85,
    ),
    "placement_plans": by_reference(
        "Plans of placements",
        "PN",
        leads(sa.select(_PN.reference), _PN.reference, "staff_plans.show", **_OWN),
        needs=P.SEE_PLACEMENTS,
        rank=86,
    ),
    "externship_records": by_reference(
        "Externship records",
        "ER",
        leads(_PLACEMENT_OF_RECORD, _ER.reference, "staff_records.show", **_OWN),
        needs=P.SEE_PLACEMENTS,
        rank=87,
    ),
    "exam_results": by_reference(
        "Exam results",
        RESULT_PREFIX,
        leads(sa.select(_EX.reference), _EX.reference, "staff_exams.show", **_OWN),
        needs=P.SEE_EXAMS,
        rank=89,
    ),
    "credit_requests": by_reference(
        "Credit requests",
        REQUEST_PREFIX,
        leads(sa.select(_CR.reference), _CR.reference, "staff_credits.show", **_OWN),
        needs=P.SEE_CREDITS,
        rank=90,
    ),
    "student_documents": by_reference(
        "Documents of students",
        "DO",
        leads(sa.select(_DO.reference), _DO.reference, "staff_documents.show", **_OWN),
        needs=P.SEE_DOCUMENTS,
        rank=88,
    ),
}
