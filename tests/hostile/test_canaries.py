"""Text that would be a program if anything forgot to escape it: in every text field, then on every page and letter."""

import re

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.checksums import checksums
from tests.harness.crawl import crawl
from tests.harness.people import submit_to
from tests.harness.season import Season
from tests.harness.stories import enroll, open_form, prove, row, sign_in
from tests.harness.visitor import Visitor

CANARY = '<img src=x onerror="alert(1)">{{7*7}}'
RAW = "<img src=x"
ESCAPED = re.compile(r"&lt;img src=x onerror=(&quot;|&#34;|\")alert\(1\)")
PLANTED = 12


def _plant(school: Flask, season: Season) -> tuple[Visitor, str]:
    """Write it wherever a person can write; return the student who did, and the enrollment."""
    student = Visitor(school)
    reference = enroll(student, legal_name=CANARY, signature=CANARY, email="canary@example.org")
    prove(school, student, reference)
    visitor = Visitor(school)
    visitor.get("/contact")
    visitor.submit(
        {"name": CANARY, "email": "canary@example.org", "topic": _topic(visitor), "message": CANARY}, follow=False
    )
    staff = Visitor(school)
    sign_in(staff, season.staff[Role.ADMIN])
    staff.get(f"/staff/enrollments/{reference}/payments/new")
    staff.submit({"external_reference": CANARY, "proof_note": CANARY})
    student.get(f"/my/enrollments/{reference}/refund")
    student.submit({"note": CANARY})
    with school.app_context():
        refund = re.findall(r"R-\w{8}", student.page.text if student.page else "")[0]
    staff.get(f"/staff/refunds/{refund}")
    submit_to(staff, "/staff/payouts/", {"external_reference": CANARY})
    late = season["late"].enrollment
    staff.get(f"/staff/enrollments/{late}/refunds/new")
    staff.submit({"received_at": "2026-01-01T10:00", "evidence": CANARY, "note": CANARY}, 422)
    staff.get(f"/staff/refunds/{season['declined'].refund}")
    submit_to(staff, "/override", {"reason": f"An exception: {CANARY}"})
    staff.get(f"/staff/enrollments/{late}/withdrawal")
    staff.submit({"reason": f"Leaves us: {CANARY}", "unpaid": "keep"})
    staff.get(f"/staff/payments/{season['overpaid'].payments[1]}/reverse")
    staff.submit({"reason": f"It was wrong: {CANARY}"})
    staff.get("/staff/people/new")
    staff.submit({"name": CANARY, "email": "canary@staff.example.org", "roles": "editor"})
    staff.get("/staff/faq/new")
    staff.submit({"question": CANARY, "answer": CANARY})
    staff.get("/staff/policies/new")
    staff.submit({"hours": "48", "summary": CANARY, "effective_from": "2031-01-01T00:00"})
    return student, reference


def _topic(visitor: Visitor) -> str:
    assert visitor.page is not None
    return str(visitor.page.all("select[name=topic] option")[1].attrs["value"])


def test_nothing_that_people_write_becomes_a_part_of_a_page_or_a_letter(school: Flask, season: Season) -> None:
    student, reference = _plant(school, season)
    with school.app_context():
        assert row(reference).legal_name == CANARY
        run_due(clock.now())
        db.session.remove()
    staff, nobody = Visitor(school), Visitor(school)
    sign_in(staff, season.staff[Role.ADMIN])
    before = checksums(school)
    shown = 0
    for visitor, start in ((nobody, "/"), (student, "/my"), (staff, "/staff")):
        for page in crawl(visitor, start):
            assert page.status in {200, 303}, (page.path, page.status)
            assert RAW not in page.text, page.path
            assert not re.search(r"alert\(1\)[^{]{1,12}49", page.text), page.path
            shown += bool(ESCAPED.search(page.text))
    assert shown >= PLANTED
    assert checksums(school) == before
    with school.app_context():
        bodies = db.session.execute(
            sa.select(OutboxLetter.template, OutboxLetter.body_html, OutboxLetter.subject)
        ).all()
        db.session.remove()
    told = [template for template, html, _ in bodies if html and ESCAPED.search(html)]
    assert {"enrollment_received", "receipt", "refund_approved", "payout_sent", "refund_settled"} <= set(told)
    for template, html, subject in bodies:
        assert RAW not in (html or ""), template
        assert "\n" not in (subject or ""), template


def test_a_crawl_of_everything_changes_nothing(school: Flask, season: Season) -> None:
    for email in (season.staff[Role.ADMIN], season["paying"].email):
        visitor = Visitor(school)
        sign_in(visitor, email)
        before = checksums(school)
        pages = [page.path for page in crawl(visitor, "/", "/my", "/staff") if page.status == 200]
        assert len(pages) > 25
        assert checksums(school) == before


def test_words_that_look_like_letters_of_ours_stay_words(school: Flask, visitor: Visitor) -> None:
    """Straße, Turkish İ, a family of emoji and Arabic come back as they were typed."""
    name = "İpek Straße 👩‍👩‍👧 محمد e\u0301"
    open_form(visitor)
    reference = enroll(visitor, legal_name=name, signature=name, email="Text@EXAMPLE.org")
    with school.app_context():
        stored = row(reference)
        assert (stored.legal_name, stored.claimed_email) == ("İpek Straße 👩‍👩‍👧 محمد \u00e9", "text@example.org")
    assert stored.legal_name in visitor.get(f"/my/enrollments/{reference}/agreement").words()
