"""What the search box leads to and tells: straight to what may be seen, and nothing of what may not."""

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role, permissions
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteContact, SiteLocation
from provider.credits.models import CreditRequest
from provider.documents.models import StudentDocument
from provider.exams.models import ExamResult
from provider.externships.models import ExternshipRequest, Offer, Placement, PlacementPlan
from provider.fieldwork.models import ExternshipRecord
from provider.files.models import File
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.payments.models import Payment, Receipt
from provider.policies.models import StateFloorRow
from provider.programs.models import Program
from provider.refunds.models import Payout, Withdrawal
from provider.search.finding import open_sources
from provider.tasks.models import Task
from provider.threads.models import Thread
from provider.tuition.models import TuitionPlan
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor


def _references(school: Flask, season: Season) -> dict[str, str]:
    """Return one reference of each kind with the source that may show it."""
    student = season["paying"]
    queries = {
        "students": sa.select(Person.reference).where(Person.email == student.email),
        "staff": sa.select(Person.reference).where(Person.email == season.staff[Role.EDITOR]),
        "tasks": sa.select(Task.reference),
        "letters": sa.select(OutboxLetter.reference),
        "receipts": sa.select(Receipt.reference),
        "payouts": sa.select(Payout.reference),
        "withdrawals": sa.select(Withdrawal.reference),
        "files": sa.select(File.reference).join(Payment, Payment.proof_file_id == File.id),
        "programs": sa.select(Program.reference),
        "plans": sa.select(TuitionPlan.reference),
        "floors": sa.select(StateFloorRow.reference),
        "sites": sa.select(Site.reference),
        "locations": sa.select(SiteLocation.reference),
        "contacts": sa.select(SiteContact.reference),
        "agreements": sa.select(AffiliationAgreement.reference),
        "openings": sa.select(Opening.reference),
        "externship_requests": sa.select(ExternshipRequest.reference),
        "offers": sa.select(Offer.reference),
        "placements": sa.select(Placement.reference),
        "placement_plans": sa.select(PlacementPlan.reference),
        "externship_records": sa.select(ExternshipRecord.reference),
        "student_documents": sa.select(StudentDocument.reference),
        **{f"messages_{mailbox}": sa.select(Thread.reference).where(Thread.mailbox == mailbox) for mailbox in Mailbox},
        "exam_results": sa.select(ExamResult.reference),
        "credit_requests": sa.select(CreditRequest.reference),
    }
    with school.app_context():
        found = {name: db.session.scalars(query.limit(1)).one() for name, query in queries.items()}
        db.session.remove()
    found |= {"enrollments": student.enrollment, "payments": student.payments[0]}
    return found | {"refunds": season["declined"].refund}


@pytest.mark.parametrize("role", Role)
def test_a_whole_reference_leads_straight_to_its_page_or_is_not_found(
    school: Flask, season: Season, role: Role
) -> None:
    visitor, permitted = Visitor(school), permissions(frozenset({role}))
    sign_in(visitor, season.staff[role])
    with school.app_context():
        allowed = {source.label for source in open_sources(lambda needed: needed in permitted)}
        sources = {name: source for name, source in school.extensions["registry"].sources.items() if source.prefixes}
    references = _references(school, season)
    assert set(references) == set(sources)
    for name, reference in references.items():
        for typed in (reference, reference.lower(), f" {reference[:2].lower()}{reference[2:]} "):
            answer = visitor.client.get("/staff/search", query_string={"q": typed})
            may = sources[name].label in allowed
            assert (name, answer.status_code) == (name, 303 if may else 200)
            if may:
                assert visitor.get(answer.headers["Location"]).status == 200
            else:
                assert "Nothing that you may see matches" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", Role)
def test_nobody_finds_what_the_role_does_not_show(school: Flask, season: Season, role: Role) -> None:
    visitor, permitted = Visitor(school), permissions(frozenset({role}))
    sign_in(visitor, season.staff[role])
    student, colleague = season["paying"], season.staff[Role.COORDINATOR]
    for typed in (student.name, student.email, student.email.split("@")[0]):
        text = visitor.get(f"/staff/search?q={typed}").text.replace(f'value="{typed}"', "").replace(f"“{typed}”", "")
        shown = "see_enrollments" in permitted
        assert (typed, student.name in text, student.enrollment in text) == (typed, shown, shown)
    assert (colleague in visitor.get("/staff/search?q=example").text) == ("see_people" in permitted)
    texts = visitor.get(f"/staff/search?q={student.name}").text
    assert ("/staff/mail/L-" in texts) == ({"see_mail", "see_enrollments"} <= permitted)


def test_a_student_and_a_stranger_find_nothing(school: Flask, season: Season) -> None:
    student = Visitor(school)
    sign_in(student, season["paying"].email)
    student.get("/staff/search?q=ana", 403)
    stranger = Visitor(school)
    stranger.get("/staff/search?q=ana", 303)
