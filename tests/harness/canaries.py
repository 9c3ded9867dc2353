"""Text that would be a program if anything forgot to escape it, in every text field there is."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from itertools import count

from flask import Flask

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db
from tests.harness.forms import CASES, Sender
from tests.harness.mail_in import ENQUIRIES, came
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
# Forms that a story of their own plants, and those whose only text is a code.
WITHOUT = {"refund", "refund link", "enroll", "code", "confirm"}
# What forms before them have answered or ended by then: the same offer, week, agreement or placement.
WITHOUT |= {"affiliation on paper", "another preceptor", "week asked about"}
WITHOUT |= {"decline a student", "decline an offer", "decline own offer"}
WITHOUT |= {case.name for case in CASES if case.name.startswith(("second factor", "recovery codes"))}
BY_MAIL = range(9001, 9006)
Planted = dict[int, tuple[str, str]]


def story(school: Flask, season: Season) -> Visitor:
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
    mails(school)
    return student


def mails(school: Flask) -> None:
    """Let somebody send it by mail: as name, subject, words and name of a file, and once as a page of its own."""
    written = EmailMessage(policy=SMTP)
    written["From"] = Address(f"{CANARY}#{BY_MAIL[0]}#", addr_spec="eve@example.com")
    written["To"], written["Subject"] = ENQUIRIES, f"{CANARY}#{BY_MAIL[1]}#"
    written.set_content(f"{CANARY}#{BY_MAIL[2]}#")
    written.add_attachment(b"x", maintype="text", subtype="html", filename=f"{CANARY}#{BY_MAIL[3]}#")
    drawn = EmailMessage(policy=SMTP)
    drawn["From"], drawn["To"], drawn["Subject"] = "mallory@example.com", ENQUIRIES, "A page"
    shown = f"{escape(CANARY)}#{BY_MAIL[4]}#"
    drawn.set_content(f"<html><body>{CANARY}<script>alert(1)</script><p>{shown}</p></body></html>", subtype="html")
    with school.app_context():
        for one in (written, drawn):
            came(one.as_bytes(), sender="eve@example.com", at=clock.now())
        db.session.remove()


def plant(school: Flask, season: Season) -> tuple[Planted, set[tuple[str, str]]]:
    """Write a canary with its own number into every text of every form; return them, and the fields that refuse."""
    numbers = count(1)
    planted: Planted = {}
    refused: set[tuple[str, str]] = set()
    for case in (case for case in CASES if case.name not in WITHOUT):
        sender = Sender(school, season, case)
        typed: dict[str, str] = {}
        texts = (name for name, kind in sender.kinds().items() if kind in {"text", "area", "search"})
        for name in (name for name in texts if not name.startswith("counts_")):  # numbers, one for each entry
            planted[number := next(numbers)] = (case.name, name)
            typed[name] = SHAPED.get(name, "{0}").format(f"{CANARY}#{number}#")
        if not typed:
            continue
        status, text = sender.send(typed)
        wrong = set(re.findall(r'<a href="#field-([^"]+)">', text)) if status == 422 else set()
        if wrong:
            assert RAW not in text
            refused |= {(case.name, name) for name in wrong}
            status, text = sender.send({name: value for name, value in typed.items() if name not in wrong})
        assert status in {200, 303}, (case.name, text)
    return {number: where for number, where in planted.items() if where not in refused}, refused
