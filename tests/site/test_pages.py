"""The public pages: good HTML, exact facts, no statement once warm, and right copies in the visitor's browser."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from provider.catalog import queries
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.money import dollars
from provider.kernel.web import day
from provider.policies import actions as policies
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.tuition.rules import Plan, PlanKind
from tests.harness.html import faults
from tests.harness.statements import statements
from tests.harness.visitor import Visitor

PAGES = (
    "/",
    "/programs",
    "/programs/ccma",
    "/programs/cpt",
    "/programs/cpct-a",
    "/tuition",
    "/policies/refunds",
    "/faq",
    "/credentials",
    "/exams/ccma",
    "/exams/cma-aama",
    "/exams/mlt-amt",
    "/college-credit",
    "/externships",
)
# The evening of the 20th in New York, when it is the 21st in UTC already.
EVENING = dt.datetime(2026, 11, 21, 3, 30, tzinfo=dt.UTC)
THE_20TH = dt.date(2026, 11, 20)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with time_machine.travel(EVENING, tick=False):
        yield app.test_client()


@pytest.fixture
def at_evening(client: FlaskClient, visitor: Visitor) -> Visitor:
    return visitor


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("path", [*PAGES, "/contact", "/contact?sent=T-7K2M9Q4T"])
def test_every_page_is_good_html(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, faults(response)) == (200, [])


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("path", [*PAGES, "/contact"])
def test_every_page_of_a_school_without_a_catalog_is_good_html(empty_app: Flask, path: str) -> None:
    response = empty_app.test_client().get(path)
    named = path.startswith(("/programs/", "/exams/"))
    assert (response.status_code, faults(response)) == (404 if named else 200, [])


@pytest.mark.parametrize("path", PAGES)
def test_a_warm_page_costs_no_statement(app: Flask, client: FlaskClient, path: str) -> None:
    first = client.get(path).data
    with statements(app) as sent:
        assert client.get(path).data == first
    assert sent.statements == []


def test_a_warm_page_costs_a_signed_in_person_no_statement_either(app: Flask, client: FlaskClient) -> None:
    client.get("/programs/ccma")
    with client.session_transaction() as session:
        session["_user_id"] = "P-SOMEBODY.0"
    with statements(app) as sent:
        client.get("/programs/ccma")
    assert sent.statements == []


@pytest.mark.parametrize("path", PAGES)
def test_warm_pages_answer_while_the_database_is_away(app: Flask, client: FlaskClient, path: str) -> None:
    first = client.get(path).data
    with app.app_context():
        engine = db.engine
        queries.forget()

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the database is away"))

    sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        response = client.get(path)
    finally:
        sa.event.remove(engine, "before_cursor_execute", fail)
    assert (response.status_code, response.data) == (200, first)


@pytest.mark.parametrize("path", ["/programs/none", "/exams/none", "/programs/CCMA", "/exams/"])
def test_an_unknown_name_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_program_page_states_the_exam_exactly(at_evening: Visitor) -> None:
    page = at_evening.get("/programs/ccma")
    assert page.title == "Clinical medical assistant"
    words = page.words()
    assert "It takes 180 minutes (3 hours). You answer 180 questions with four options each" in words
    assert "150 are scored, 30 are being tried out and do not count." in words
    rows = [[cell.to_text().strip() for cell in row.query("th, td")] for row in page.all(".topics tbody tr")]
    assert [(items, percent) for _, items, percent in rows] == [
        ("84", "56%"), ("15", "10%"), ("12", "8%"), ("12", "8%"), ("12", "8%"), ("7", "5%"), ("8", "5%"),
    ]  # fmt: skip
    assert sum(int(percent.rstrip("%")) for _, _, percent in rows) == 100


@pytest.mark.parametrize("slug", ["ccma", "cpt", "cpct-a"])
def test_the_schedule_is_that_of_the_rules_to_the_cent_and_the_day(app: Flask, at_evening: Visitor, slug: str) -> None:
    page = at_evening.get(f"/programs/{slug}")
    with app.app_context():
        offer = queries.offer(slug)
    expected = [
        [(day(row.due_on), dollars(row.amount_cents)) for row in plan.schedule(THE_20TH, offer.class_weeks)]
        for plan in offer.plans
    ]
    shown = [
        [tuple(" ".join(cell.to_text().split()) for cell in row.query("th, td")) for row in card.query("tbody tr")]
        for card in page.all(".plan")
    ]
    assert shown == expected


def test_the_day_is_that_of_the_school_and_turns_at_its_midnight(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(dt.datetime(2026, 11, 21, 4, 59, 59, tzinfo=dt.UTC), tick=False):
        assert "enrolls today, November 20, 2026" in client.get("/programs/ccma").text
    with time_machine.travel(dt.datetime(2026, 11, 21, 5, tzinfo=dt.UTC), tick=False):
        assert "enrolls today, November 21, 2026" in client.get("/programs/ccma").text


def test_prerequisites_and_closed_states_stand_above_the_first_enroll_button(client: FlaskClient) -> None:
    text = client.get("/programs/cpt").text
    button = text.index("/programs/cpt/enroll?plan=")
    for sentence in (
        "You are 18 or older.",
        "30 venipunctures and 10 capillary sticks",
        "Closed to residents of California",
    ):
        assert text.index(sentence) < button
    assert "/enroll" not in client.get("/tuition").text


def test_what_is_sample_says_so(at_evening: Visitor) -> None:
    page = at_evening.get("/programs/ccma")
    assert len(page.all(".sample")) == 1
    assert [" ".join(tag.to_text().split()) for tag in page.all(".plan__total .tag")] == ["Sample price"] * 2


def test_tuition_tells_of_the_exam_fee(at_evening: Visitor) -> None:
    lines = [" ".join(line.to_text().split()) for line in at_evening.get("/programs/ccma").all(".included li")]
    assert "The exam fee Not stated: The issuing body sets it. Ask us before you enroll who pays it." in lines


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("path", PAGES)
def test_guaranteed_always_links_to_its_conditions_on_the_same_page(client: FlaskClient, path: str) -> None:
    text = re.sub(r'<section id="externship-conditions".*?</section>', "", client.get(path).text, flags=re.DOTALL)
    linked = re.sub(r'<a href="#externship-conditions">guarantee[ds]?</a>', "", text)
    assert "guarantee" not in linked.lower()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("path", PAGES)
def test_no_page_promises_credit(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    for promise in ("will receive credit", "earn credit", "transferable", "you will get credit", "5 credits"):
        assert promise not in text


def test_unconfirmed_credit_is_only_what_the_school_states(at_evening: Visitor) -> None:
    cells = [cell.to_text().strip() for cell in at_evening.get("/college-credit").all("tbody td:last-child")]
    assert cells == [f"The school states {number}; ask us for the ACE record." for number in (5, 2, 1)]


def test_the_refund_policy_counts_on_from_today(at_evening: Visitor) -> None:
    words = " ".join(re.sub(r"<[^>]+>", "", at_evening.get("/policies/refunds").text).split())
    assert "Version 1, in force since January 1, 2026" in words
    assert (
        "Your first payment is recorded on November 20, 2026, 3:15:00 PM EST. You can ask until "
        "November 21, 2026, 3:15:00 PM EST (2026-11-21 20:15:00 UTC). Later than that is too late."
    ) in words
    dates = [" ".join(date.to_text().split()) for date in at_evening.get("/policies/refunds").all(".definition dd")]
    assert dates == ["November 20, 2026", "December 2, 2026", "December 7, 2026"]
    assert "Left out besides weekends: November 26, 2026." in words
    assert (
        words.count("The law of your state may give you more time or more money back. Where it does, it prevails.") == 2
    )


def test_versions_of_the_policy_and_laws_in_use_are_listed(app: Flask, at_evening: Visitor) -> None:
    with app.app_context(), unit_of_work():
        begins = EVENING + dt.timedelta(days=10)
        policies.add_version(hours=48, summary="Two days.", effective_from=begins, actor=SYSTEM, at=EVENING)
        row = db.session.scalars(sa.select(StateFloorRow).where(StateFloorRow.state == "WA")).one()
        policies.enable_floor(row=row, actor=SYSTEM, at=EVENING)
    page = at_evening.get("/policies/refunds")
    tables = [
        [[" ".join(cell.to_text().split()) for cell in line.query("th, td")] for line in table.query("tbody tr")]
        for table in page.all("table")
    ]
    assert tables[0] == [
        ["Washington", "5 business days from your first payment", "WAC 490-105-130(5)", "July 31, 2026"]
    ]
    assert [line[:4] for line in tables[1]] == [
        ["Version 2", "November 30, 2026", "48 hours", "Not yet in force"],
        ["Version 1", "January 1, 2026", "24 hours", "In force"],
    ]


def test_a_new_policy_is_shown_from_its_first_instant(app: Flask) -> None:
    client, begins = app.test_client(), EVENING + dt.timedelta(hours=1)
    with app.app_context(), unit_of_work():
        policies.add_version(hours=48, summary="Two days.", effective_from=begins, actor=SYSTEM, at=EVENING)
    for instant, hours in ((begins - dt.timedelta(microseconds=1), "24 hours"), (begins, "48 hours")):
        with time_machine.travel(instant, tick=False):
            assert f"if you ask within {hours} of your first payment" in client.get("/policies/refunds").text


def test_answers_carry_the_day_of_their_last_change(app: Flask, at_evening: Visitor) -> None:
    with app.app_context(), unit_of_work():
        item = db.session.scalars(sa.select(FaqItem).where(FaqItem.slug == "refund")).one()
        item.answer, item.updated_at = "Yes. <script>alert(1)</script>", EVENING
    dates = [date.attrs["datetime"] for date in at_evening.get("/faq").all("main time")]
    assert dates[0] == "2026-01-03T02:58:09+00:00"
    assert dates[5] == "2026-11-21T03:30:00+00:00"
    assert "<script>alert" not in at_evening.get("/faq").text


def test_a_copy_in_the_browser_is_told_to_be_right(client: FlaskClient) -> None:
    first = client.get("/programs/ccma")
    assert first.headers["Cache-Control"] == "public, max-age=30"
    assert "Set-Cookie" not in first.headers
    again = client.get("/programs/ccma", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    weak = client.get("/programs/ccma", headers={"If-None-Match": f'W/{first.headers["ETag"]}, "x"'})
    assert weak.status_code == 304
    other = client.get("/programs/ccma", headers={"If-None-Match": '"x"'})
    assert (other.status_code, other.data) == (200, first.data)


def test_an_old_copy_is_replaced_after_a_change(app: Flask, client: FlaskClient) -> None:
    tag = client.get("/programs").headers["ETag"]
    with app.app_context(), unit_of_work():
        program = db.session.scalars(sa.select(Program).where(Program.code == "CPT")).one()
        program.on_sale = False
    response = client.get("/programs", headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert "Phlebotomy technician" not in response.text


def test_head_says_what_get_would(client: FlaskClient) -> None:
    got, headed = client.get("/tuition"), client.head("/tuition")
    assert (headed.status_code, headed.data) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Length", "Content-Type", "Content-Security-Policy"):
        assert headed.headers[name] == got.headers[name]


def test_one_visitors_notice_is_not_kept_for_all(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    with first.session_transaction() as session:
        session["_flashes"] = [("message", "Only for me")]
    assert "Only for me" not in first.get("/").text
    assert "Only for me" not in second.get("/").text
    assert "Only for me" in first.get("/sign-in").text


def test_a_page_can_be_posted_to_by_nobody(client: FlaskClient) -> None:
    assert client.post("/tuition").status_code in {400, 405}


def test_robots_and_the_sitemap_name_public_pages_only(app: Flask, client: FlaskClient) -> None:
    base = app.extensions["settings"].BASE_URL
    robots = client.get("/robots.txt")
    assert robots.text.endswith(f"\nSitemap: {base}/sitemap.xml\n")
    assert "Disallow: /my\n" in robots.text
    sitemap = client.get("/sitemap.xml")
    addresses = re.findall(r"<loc>(.*?)</loc>", sitemap.text)
    assert sitemap.mimetype == "application/xml"
    assert {f"{base}{path}" for path in (*PAGES, "/contact")} - set(addresses) == set()
    assert [client.get(address.removeprefix(base)).status_code for address in addresses] == [200] * len(addresses)


def test_a_price_of_the_rules_is_what_the_page_shows_for_odd_cents() -> None:
    rows = Plan(PlanKind.INSTALLMENTS, 999_99, 7).schedule(THE_20TH, 8)
    assert sum(row.amount_cents for row in rows) == 999_99


def test_the_conditions_say_the_numbers_that_the_school_has_set(client: FlaskClient) -> None:
    page = " ".join(client.get("/externships").text.split())
    assert "We have 60 days to a confirmed placement." in page
    assert "stay missing for 30 days. We remind you on days 10, 20 and 27." in page
    assert "We look within 50 miles of your ZIP code" in page
    known = client.application.extensions
    before = known["settings"]
    known["settings"] = replace(before, GUARANTEE_DAYS=45, GUARANTEE_MILES=30, DOCUMENTS_LAPSE_DAYS=20)
    try:
        page = " ".join(client.get("/externships").text.split())
    finally:
        known["settings"] = before
    assert "We have 45 days to a confirmed placement." in page
    assert "stay missing for 20 days. We remind you on day 10." in page
    assert "We look within 30 miles of your ZIP code" in page
