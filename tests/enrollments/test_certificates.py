"""Certificates of completion: issued with the completion, frozen, revoked by a refund, issued anew by staff."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts import queries as people
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.enrollments import actions, certificate_papers, certificates
from provider.enrollments.certificates import CertificateStands, NotCompleted
from provider.enrollments.letters import COMPLETED
from provider.enrollments.queries import by_reference
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.registry import registry
from provider.refunds import approval
from provider.verification.actions import RevokedAlready
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind
from tests.harness.html import faults
from tests.harness.issued import COORDINATOR, issue
from tests.harness.money import agreed, letters, record, stored
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Visitor

DONE = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # December 11 in New York, where the school is
WHY = "The wrong student of that name was marked."


def paid(email: str | None = None) -> str:
    reference = agreed(email=email)
    record(reference, 189_900)
    return reference


def complete(reference: str) -> IssuedDocument:
    with unit_of_work():
        actions.complete(enrollment=by_reference(reference, lock=True), actor=SYSTEM, at=DONE)
    return certificate_papers.of_enrollment(reference)[0]


def revoke(reference: str, public_reason: str | None = None) -> None:
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        certificates.revoke(enrollment=enrollment, reason=WHY, public_reason=public_reason, actor=SYSTEM, at=DONE)


def give_password(email: str) -> None:
    hashed = hash_password(PASSWORD)
    with unit_of_work():
        person = people.by_email(email)
        assert person is not None
        set_password(person=person, password_hash=hashed, actor=SYSTEM, at=DONE)


def issue_anew(reference: str) -> None:
    with unit_of_work():
        certificates.issue_anew(enrollment=by_reference(reference, lock=True), actor=SYSTEM, at=DONE)


@pytest.mark.one_database("sqlite")
def test_completing_issues_one_and_sends_it_as_a_tagged_file(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        document = complete(reference)
        enrollment = stored(reference)
        assert (document.kind, document.holder) == (IssuedKind.COMPLETION_CERTIFICATE, enrollment.legal_name)
        assert dict(document.facts) == {
            "Program": enrollment.agreement.program_title,
            "Completed on": "December 11, 2026",
            "Length of the class": f"{enrollment.agreement.class_weeks} weeks",
            "Sample": certificate_papers.SAMPLE_WORDS,
        }
        (letter,) = letters(reference, COMPLETED)
        (attached,) = registry().attachments[COMPLETED](letter.values)
        assert attached.name == f"certificate-{document.reference}.pdf"
        assert attached.content.startswith(b"%PDF-1.7")
        assert b"/StructTreeRoot" in attached.content
        assert registry().attachments[COMPLETED]({"name": "A letter of before there were certificates"}) == ()


@pytest.mark.one_database("sqlite")
def test_a_later_name_does_not_reach_it_and_a_real_program_is_no_sample(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        with unit_of_work():
            by_reference(reference).agreement.sample = False
        document = complete(reference)
        with unit_of_work():
            by_reference(reference, lock=True).legal_name = "Somebody Else"
        printed = certificate_papers.sheet(certificate_papers.of_enrollment(reference)[0])
        assert (printed["name"], printed["sample"], printed["revoked"]) == (document.holder, None, None)
        assert printed["name"] != "Somebody Else"


@pytest.mark.one_database("sqlite")
def test_a_refund_revokes_it_in_its_transaction_and_no_new_one_follows(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        complete(reference)
        with unit_of_work():
            approval.end(by_reference(reference, lock=True), COORDINATOR, DONE)
        (document,) = certificate_papers.of_enrollment(reference)
        assert (document.revoked_at, document.revoked_because) == (DONE, "The enrollment was refunded.")
        assert len(letters(reference, "certificate_revoked")) == 1
        with pytest.raises(NotCompleted):
            issue_anew(reference)
        with pytest.raises(RevokedAlready):
            revoke(reference)


@pytest.mark.one_database("sqlite")
def test_a_refund_of_what_was_never_completed_revokes_nothing(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        with unit_of_work():
            approval.end(by_reference(reference, lock=True), COORDINATOR, DONE)
        assert certificate_papers.of_enrollment(reference) == []
        assert letters(reference, "certificate_revoked") == []


def test_one_stands_at_a_time_whoever_asks(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        with pytest.raises(NotCompleted):
            issue_anew(reference)
        complete(reference)
        with pytest.raises(CertificateStands):
            issue_anew(reference)
        with pytest.raises(sa.exc.IntegrityError), unit_of_work():
            certificates.issue(by_reference(reference), actor=SYSTEM, at=DONE)
        db.session.rollback()
        revoke(reference)
        issue_anew(reference)
        newest, before = certificate_papers.of_enrollment(reference)
        assert (newest.revoked_at, before.revoked_at) == (None, DONE)
        assert newest.code != before.code
        (letter,) = letters(reference, "certificate_issued")
        assert letter.values["certificate"] == newest.reference


@pytest.mark.one_database("sqlite")
def test_a_record_of_a_place_is_no_certificate(app: Flask) -> None:
    with app.app_context():
        reference = paid()
        issue(reference, at=DONE)
        assert certificate_papers.of_enrollment(reference) == []
        assert certificate_papers.standing(reference) is None


@pytest.mark.one_database("sqlite")
def test_student_and_staff_have_it_and_everybody_can_check_it(app: Flask, visitors: Callable[[], Visitor]) -> None:
    student, other, admissions, public = (visitors() for _ in range(4))
    with app.app_context():
        email = "certified@example.org"
        reference = paid(email=email)
        with unit_of_work():
            actions.join_by_letter(enrollment=by_reference(reference, lock=True), actor=SYSTEM, at=DONE)
    mine, office = f"/my/enrollments/{reference}", f"/staff/enrollments/{reference}"
    with time_machine.travel(DONE):
        sign_in(admissions, staff(app, Role.ADMISSIONS))
        assert f"{office}/certificate" not in admissions.get(office).text
        assert "No certificate was issued." in admissions.get(f"{office}/certificate").text
        admissions.get(f"{office}/certificate.pdf", 404)
        admissions.get(office)
        admissions.post(f"{office}/completion", {})
        assert f"{office}/certificate" in admissions.get(office).text
        page = admissions.get(f"{office}/certificate")
        assert faults(page.response) == []
        address = page.all("a[href^='/verify/']")[0].attrs["href"]
        assert admissions.get(f"{office}/certificate.pdf").response.data.startswith(b"%PDF")
        assert public.get(address).words(".tag") == "Valid"
        other.get(f"{mine}/certificate.pdf", 404)
        with app.app_context():
            assert certificate_papers.standing(reference) is not None
        with app.app_context():
            give_password(email)
        sign_in(student, email)
        page = student.get(mine)
        assert faults(page.response) == []
        assert address in page.text
        answer = student.get(f"{mine}/certificate.pdf").response
        assert (answer.mimetype, answer.headers["Content-Disposition"][:10]) == ("application/pdf", "attachment")
        admissions.get(f"{office}/certificate")
        told = "A certificate for the right student follows."
        admissions.post(f"{office}/certificate/revocation", {"reason": WHY, "public_reason": told})
        page = public.get(address)
        assert page.words(".tag") == "Revoked"
        assert told in page.text
        assert WHY not in page.text
        page = student.get(mine)
        assert told in page.text
        assert WHY not in page.text
        assert f"{mine}/certificate.pdf" not in page.text
        admissions.get(f"{office}/certificate")
        admissions.post(f"{office}/certificate", {})
        assert len(admissions.get(f"{office}/certificate").all(".panel")) == 3
