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
from provider.kernel.database import table
from provider.kernel.finding import Hit, Source, Typed
from provider.search.queries import has_word
from provider.search.records import Records, by_reference, leads, newest_with

P = Permission
_S, _LO, _CO, _AG, _OP = (table(model).c for model in (Site, SiteLocation, SiteContact, AffiliationAgreement, Opening))
_X, _OF, _PL, _PN, _ER = (
    table(model).c for model in (ExternshipRequest, Offer, Placement, PlacementPlan, ExternshipRecord)
)
_DO, _EX, _E, _A, _CR = (table(one).c for one in (StudentDocument, ExamResult, Enrollment, Agreement, CreditRequest))


def _site(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_sites.show", reference=row.reference)
    return Hit(row.reference, row.name, href, row.kind.label, state=row.state)


SITES = Records(sa.select(_S.reference, _S.name, _S.kind, _S.state), _S.reference, _site)


def sites(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return sites by words of their own, their locations and contacts, the newest first."""
    newest = newest_with(sa.select(_S.id), SITE, words, _S.id, most)
    return SITES.read(SITES.query.where(newest).order_by(_S.id.desc()))


def _request(row: Any) -> Hit:  # noqa: ANN401 - a row
    href = url_for("staff_externships.show", reference=row.reference)
    return Hit(row.reference, row.legal_name, href, row.program_code, state=row.state, at=row.asked_at)


REQUESTS = Records(
    sa.select(_X.reference, _X.state, _X.asked_at, _E.legal_name, _A.program_code).select_from(
        table(ExternshipRequest)
        .join(table(Enrollment), _E.id == _X.enrollment_id)
        .join(table(Agreement), _A.enrollment_id == _E.id)
    ),
    _X.reference,
    _request,
)


def requests(words: Sequence[Typed], most: int) -> list[Hit]:
    """Return externship requests by words of their student, the newest first."""
    having = (has_word(ENROLLMENT, word, _X.enrollment_id) for word in words)
    return REQUESTS.read(REQUESTS.query.where(*having).order_by(_X.id.desc()).limit(most))


_SITE_OF_LOCATION = sa.select(_S.reference).join_from(table(SiteLocation), table(Site))
_SITE_OF_CONTACT = sa.select(_S.reference).join_from(table(SiteContact), table(Site))
_REQUEST_OF_OFFER = sa.select(_X.reference).join_from(table(Offer), table(ExternshipRequest))
_PLACEMENT_OF_RECORD = sa.select(_PL.reference).join_from(table(ExternshipRecord), table(Placement))
SOURCES = {
    "sites": Source(
        "Sites",
        "Sites, by name, city, ZIP code, contact or reference (SI-…)",
        P.SEE_SITES,
        rank=32,
        prefixes=("SI",),
        kind=SITE,
        named=SITES.named,
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
        named=REQUESTS.named,
        worded=requests,
    ),
    "openings": by_reference("Openings", "OP", leads(_OP.reference, "staff_openings.show"), needs=P.SEE_SITES, rank=80),
    "agreements": by_reference(
        "Affiliation agreements", "AG", leads(_AG.reference, "staff_affiliations.show"), needs=P.SEE_SITES, rank=81
    ),
    "locations": by_reference(
        "Locations of sites",
        "LO",
        leads(_LO.reference, "staff_sites.show", _SITE_OF_LOCATION, anchor="locations"),
        needs=P.SEE_SITES,
        rank=82,
    ),
    "contacts": by_reference(
        "Contacts at sites",
        "CO",
        leads(_CO.reference, "staff_sites.show", _SITE_OF_CONTACT, anchor="people"),
        needs=P.SEE_SITES,
        rank=83,
    ),
    "offers": by_reference(
        "Offers of places",
        "OF",
        leads(_OF.reference, "staff_externships.show", _REQUEST_OF_OFFER),
        needs=P.SEE_PLACEMENTS,
        rank=84,
    ),
    "placements": by_reference(
        "Placements", "PL", leads(_PL.reference, "staff_placements.show"), needs=P.SEE_PLACEMENTS, rank=85
    ),
    "placement_plans": by_reference(
        "Plans of placements", "PN", leads(_PN.reference, "staff_plans.show"), needs=P.SEE_PLACEMENTS, rank=86
    ),
    "externship_records": by_reference(
        "Externship records",
        "ER",
        leads(_ER.reference, "staff_records.show", _PLACEMENT_OF_RECORD),
        needs=P.SEE_PLACEMENTS,
        rank=87,
    ),
    "exam_results": by_reference(
        "Exam results", RESULT_PREFIX, leads(_EX.reference, "staff_exams.show"), needs=P.SEE_EXAMS, rank=89
    ),
    "credit_requests": by_reference(
        "Credit requests", REQUEST_PREFIX, leads(_CR.reference, "staff_credits.show"), needs=P.SEE_CREDITS, rank=90
    ),
    "student_documents": by_reference(
        "Documents of students", "DO", leads(_DO.reference, "staff_documents.show"), needs=P.SEE_DOCUMENTS, rank=88
    ),
}
