"""Text that would be a program if anything forgot to escape it: in every text field, then on every page and letter."""

import re
from itertools import count

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.checksums import checksums
from tests.harness.crawl import crawl
from tests.harness.forms import CASES, Sender
from tests.harness.people import submit_to
from tests.harness.season import Season
from tests.harness.stories import enroll, prove, sign_in
from tests.harness.visitor import Visitor

CANARY = '<img src=x onerror="alert(1)">{{7*7}}'
RAW = "<img src=x"
_QUOTE = r"(?:&quot;|&#34;|\")"
ESCAPED = re.compile(rf"&lt;img src=x onerror={_QUOTE}alert\(1\){_QUOTE}&gt;\{{\{{7\*7\}}\}}(?:#(\d+)#)?")
# Texts with a form of their own, and how the canary fits into it.
SHAPED = {
    "inclusions": "exam_fee | Exam fee | not included | {0}\nbooks | {0} | included",
    "state_rules": "NV | notice | {0} | {0} | 2026-11-21",
    "links": "{0} | https://school.example.org/classroom | {0}",
}
# Fields that take no such text; they refuse it in a sentence.
REFUSED = {
    ("enroll", "zip"),
    ("enroll", "signature"),  # it is not the name above it; both are planted by a story of their own
    ("payment", "amount"),
    ("program", "class_weeks"),
    ("new program", "code"),
    ("new program", "slug"),
    ("new program", "class_weeks"),
    ("plan", "total"),
    ("plan", "count"),
    ("new plan", "total"),
    ("new plan", "count"),
    ("policy", "hours"),
    ("question", "position"),
    ("question again", "position"),
    ("new task", "about"),
    ("mailboxes", "domain"),
}
# Forms without a text that is kept, and those that a story of their own plants.
WITHOUT = {"sign in", "confirm", "forgot password", "refund", "refund link", "enroll", "cancel", "roles", "password"}
WITHOUT |= {"completions", "task's plan"}
# Texts that are kept and that no page and no letter shows.
NOWHERE = {("withdraw", "reason")}
Planted = dict[int, tuple[str, str]]


def _story(school: Flask, season: Season) -> Visitor:
    """Let a student with that name enroll, pay and get everything back; return the student."""
    student = Visitor(school)
    reference = enroll(student, legal_name=CANARY, signature=CANARY, email="canary@example.org")
    prove(school, student, reference)
    staff = Visitor(school)
    sign_in(staff, season.staff[Role.ADMIN])
    staff.get(f"/staff/enrollments/{reference}/payments/new")
    staff.submit({"external_reference": CANARY, "proof_note": CANARY})
    student.get(f"/my/enrollments/{reference}/refund")
    student.submit({"note": CANARY})
    refund = re.findall(r"R-\w{8}", student.page.text if student.page else "")[0]
    staff.get(f"/staff/refunds/{refund}")
    submit_to(staff, "/staff/payouts/", {"external_reference": CANARY})
    return student


def _plant(school: Flask, season: Season) -> tuple[Planted, set[tuple[str, str]]]:
    """Write a canary with its own number into every text of every form; return them, and the fields that refuse."""
    numbers = count(1)
    planted: Planted = {}
    refused: set[tuple[str, str]] = set()
    for case in (case for case in CASES if case.name not in WITHOUT):
        sender = Sender(school, season, case)
        typed: dict[str, str] = {}
        for name in (name for name, kind in sender.kinds().items() if kind in {"text", "area", "search"}):
            planted[number := next(numbers)] = (case.name, name)
            typed[name] = SHAPED.get(name, "{0}").format(f"{CANARY}#{number}#")
        assert typed, case.name
        status, text = sender.send(typed)
        wrong = set(re.findall(r'<a href="#field-([^"]+)">', text)) if status == 422 else set()
        if wrong:
            assert RAW not in text
            refused |= {(case.name, name) for name in wrong}
            status, text = sender.send({name: value for name, value in typed.items() if name not in wrong})
        assert status == 303, (case.name, text)
    return {number: where for number, where in planted.items() if where not in refused}, refused


def test_nothing_that_people_write_becomes_a_part_of_a_page_or_a_letter(school: Flask, season: Season) -> None:
    planted, refused = _plant(school, season)
    assert refused == {(form, field) for form, field in REFUSED if form not in WITHOUT}
    student = _story(school, season)
    with school.app_context():
        run_due(clock.now())
        db.session.remove()
    staff, nobody = Visitor(school), Visitor(school)
    sign_in(staff, season.staff[Role.ADMIN])
    before = checksums(school)
    shown: set[str] = set()
    for visitor, start in ((nobody, "/"), (student, "/my"), (staff, "/staff")):
        for page in crawl(visitor, start):
            assert page.status in {200, 303}, (page.path, page.status)
            assert RAW not in page.text, page.path
            assert not re.search(r"alert\(1\)[^{]{1,12}49", page.text), page.path
            shown.update(ESCAPED.findall(page.text))
    assert checksums(school) == before
    letters = _letters(school)
    for template, html, subject in letters:
        assert RAW not in (html or ""), template
        assert "\n" not in (subject or ""), template
        shown.update(ESCAPED.findall(html or ""))
    told = {template for template, html, _ in letters if ESCAPED.search(html or "")}
    assert {"enrollment_received", "receipt", "refund_approved", "payout_sent", "refund_settled"} <= told
    assert {where for number, where in planted.items() if str(number) not in shown} <= NOWHERE


def _letters(school: Flask) -> list[tuple[str, str | None, str | None]]:
    with school.app_context():
        rows = db.session.execute(sa.select(OutboxLetter.template, OutboxLetter.body_html, OutboxLetter.subject))
        found = [(template, html, subject) for template, html, subject in rows]
        db.session.remove()
    return found
