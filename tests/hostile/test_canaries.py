"""Text that would be a program if anything forgot to escape it: in every text field, then on every page and letter."""

import re
from itertools import chain

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.canaries import BY_MAIL, ESCAPED, RAW, WITHOUT, plant, story
from tests.harness.checksums import checksums
from tests.harness.crawl import crawl
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

# Fields that take no such text; they refuse it in a sentence.
REFUSED = {
    ("enroll", "zip"),
    ("enroll", "signature"),  # it is not the name above it; both are planted by a story of their own
    ("payment", "amount"),
    ("erase", "reference"),
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
    ("affiliation", "notice_days"),
    ("affiliation again", "notice_days"),
    ("ask for document", "site"),
    ("clock out", "rest"),
    ("countersign", "signature"),
    ("day", "break_minutes"),
    ("day again", "break_minutes"),
    ("early externship", "miles"),
    ("early externship", "zip"),
    ("entry", "break_minutes"),
    ("externship", "miles"),
    ("externship", "zip"),
    ("externship wishes", "miles"),
    ("externship wishes", "zip"),
    ("location", "zip"),
    ("location again", "zip"),
    ("new program", "externship_hours"),
    ("offer", "places"),
    ("opening", "places"),
    ("opening again", "places"),
    ("report exam", "score"),
    ("merge thread", "other"),
    ("thread beside", "record"),
    ("verify exam", "score"),
    ("decide credit", "credits"),
    ("recommendation", "credits"),
    ("recommendation again", "credits"),
    ("answer about credit", "registrar_email"),
    ("answer about credit", "student_number"),
    ("ask for credit", "registrar_email"),
    ("ask for credit", "student_number"),
    ("change credit", "registrar_email"),
    ("change credit", "student_number"),
    ("college set right", "registrar_email"),
    ("credit decided by link", "credits"),
    ("recommendation", "credits"),
    ("recommendation again", "credits"),
    ("procedure", "number"),
    ("procedure again", "number"),
    ("program", "externship_hours"),
    ("sign", "signature"),
}

# What a later form writes over: the same day, corrected by the student and then by staff.
REPLACED = {("day", "remark"), ("day again", "remark"), ("procedure", "remark")}


@pytest.mark.one_database("sqlite")
def test_nothing_that_people_write_becomes_a_part_of_a_page_or_a_letter(school: Flask, season: Season) -> None:
    planted, refused = plant(school, season)
    assert refused == {(form, field) for form, field in REFUSED if form not in WITHOUT}
    student = story(school, season)
    with school.app_context():
        run_due(clock.now())
        db.session.remove()
    staff, nobody = Visitor(school), Visitor(school)
    sign_in(staff, season.staff[Role.ADMIN])
    before = checksums(school)
    shown: set[str] = set()
    with time_machine.travel(clock.now(), tick=False):  # a session is seen again after five minutes
        for page in chain(crawl(nobody, "/"), crawl(student, "/my"), crawl(staff, "/staff")):
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
    assert {str(number) for number in BY_MAIL} <= shown
    assert {where for number, where in planted.items() if str(number) not in shown} == REPLACED


def _letters(school: Flask) -> list[tuple[str, str | None, str | None]]:
    with school.app_context():
        rows = db.session.execute(sa.select(OutboxLetter.template, OutboxLetter.body_html, OutboxLetter.subject))
        found = [(template, html, subject) for template, html, subject in rows]
        db.session.remove()
    return found
