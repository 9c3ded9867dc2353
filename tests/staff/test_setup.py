"""The first hour of a new school: what is missing is said, what is set is in force, what must not be is refused."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.history.models import History
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState, Outcome
from provider.programs.models import Program, ProgramVersion
from provider.tuition.models import TuitionPlan
from tests.harness.statements import statements
from tests.harness.stories import enroll
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
NOON = "2026-11-20 17:00:00Z"


def states(admin: Visitor) -> dict[str, str]:
    """Return how each step stands, by its title."""
    steps = admin.get("/staff/setup").all(".todo > li")
    return {each.query("a")[0].to_text().strip(): each.query(".tag")[0].to_text().strip() for each in steps}


def sentence(admin: Visitor, title: str) -> str:
    steps = admin.get("/staff/setup").all(".todo > li")
    (found,) = [each for each in steps if each.query("a")[0].to_text().strip() == title]
    return " ".join(found.query("p")[0].to_text().split())


def open_and_send(admin: Visitor, page: str, values: dict[str, str], status: int = 303) -> Page:
    admin.get(f"/staff/setup/{page}")
    return admin.submit(values, status)


@pytest.fixture
def operators(app: Flask) -> Iterator[Callable[..., None]]:
    """Let the operator set something in the environment."""
    held = app.extensions["school"]
    before, known = held.operators, app.extensions["settings"]

    def give(**values: object) -> None:
        held.operators = replace(before, given=frozenset(values), **values)
        app.extensions["settings"] = held.operators

    yield give
    held.operators, app.extensions["settings"] = before, known


def test_a_new_school_is_told_what_is_missing(app: Flask, admin: Visitor) -> None:
    assert states(admin) == {
        "Name of the school": "Missing",
        "Time zone": "Missing",
        "Mailboxes": "Missing",
        "A test letter": "Missing",
        "Color": "Optional",
        "How students pay": "Missing",
        "Cards": "Optional",
        "First program and plan": "Missing",
        "Truth in Lending": "Missing",
        "Your second factor": "Missing",
        "Colleagues": "Optional",
    }
    assert "0 of 8 needed steps are done; 8 are missing." in admin.get("/staff/setup").words()
    assert "8 of 8 steps of the setup are missing." in admin.get("/staff").words()


def test_name_and_zone_are_set_and_say_so(app: Flask, admin: Visitor, visitor: Visitor) -> None:
    assert "Sample School of Health Careers" in visitor.get("/").text
    page = open_and_send(admin, "school", {"name": "Bay Health", "zone": "America/Los_Angeles"})
    assert page.path == "/staff/setup"
    assert page.words(".notice--success") == "The school’s profile is saved."
    assert states(admin)["Name of the school"] == states(admin)["Time zone"] == "Done"
    assert sentence(admin, "Time zone") == "Dates of payments and refunds count in America/Los_Angeles."
    assert "Bay Health" in visitor.get("/").text
    with app.app_context():
        row = db.session.scalars(sa.select(History).where(History.event == "school.set").order_by(History.id)).first()
        assert row is not None
        assert row.data == {"setting": "SCHOOL_NAME", "old": "Sample School of Health Careers", "new": "Bay Health"}
        assert row.request_id
        assert row.actor_reference
    told = admin.get("/staff/history?event=school.set").words("table")
    assert "Setting of the school changed" in told
    assert "Sample School of Health Careers → Bay Health" in told


def test_the_zone_stays_from_the_first_enrollment_on(app: Flask, admin: Visitor, visitor: Visitor) -> None:
    admin.get("/staff/setup/school")
    enroll(visitor)
    page = admin.submit({"name": "Bay Health", "zone": "America/Denver"}, 422)
    (told,) = page.errors["_schema"]
    assert told.startswith("The time zone stays as it is since the first student has enrolled: the dates of their")
    assert page.all("#field-name")[0].attrs["value"] == "Bay Health"
    page = admin.get("/staff/setup/school")
    assert page.all("select") == []
    assert "The time zone stays as it is" in page.words()
    assert states(admin)["Time zone"] == "Done"
    admin.get("/staff/setup/school")
    admin.submit({"name": "Bay Health"})
    with app.app_context():
        assert (settings().SCHOOL_NAME, str(settings().SCHOOL_ZONE)) == ("Bay Health", "America/New_York")


def test_what_the_operator_set_is_shown_and_cannot_be_sent(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    operators(SCHOOL_NAME="Operators’ School", MAIL_DOMAIN="bay.edu", PAYMENT_INSTRUCTIONS="Bank|Street")
    page = admin.get("/staff/setup/school")
    assert page.words(".notice__title") == "Set by the operator of this machine: SCHOOL_NAME"
    assert page.all("#field-name") == []
    token = admin.token()
    sent = {"name": "Mine", "zone": "America/Denver"}
    page = admin.post("/staff/setup/school", sent, 422, token=token)
    assert page.errors == {"_schema": ["This form has no such field. Reload the page and try again."]}
    admin.post("/staff/setup/school", {"zone": "America/Denver"}, token=token)
    for name, field in (("mailboxes", "domain"), ("payment", "lines")):
        page = admin.get(f"/staff/setup/{name}")
        assert "Set by the operator of this machine" in page.words()
        assert page.all(f"#field-{field}") == []
        admin.post(f"/staff/setup/{name}", {field: "x.edu"}, 422, token=token)
    with app.app_context():
        assert settings().SCHOOL_NAME == "Operators’ School"
    assert states(admin)["Name of the school"] == "Done"


def test_the_mailboxes_are_those_of_the_domain(app: Flask, admin: Visitor) -> None:
    page = open_and_send(admin, "mailboxes", {"domain": "Bücher-Schule.DE"})
    assert "enquiries@xn--bcher-schule-dlb.de" in page.words()
    page = open_and_send(admin, "mailboxes", {"domain": "bay.edu"})
    for name in ("enquiries", "externship", "collegecredits"):
        assert f"{name}@bay.edu" in page.words()
    assert states(admin)["Mailboxes"] == "Done"
    open_and_send(admin, "mailboxes", {"domain": "school.example.com"})
    assert sentence(admin, "Mailboxes").startswith(
        "Letters come from addresses at school.example.com, which belongs to"
    )


@pytest.mark.parametrize(
    "domain",
    ["enquiries@bay.edu", "bay", "https://bay.edu", "bay.edu/x", "bay..edu", "a b.edu", "bay.edu, eve.example"],
)
def test_what_is_no_domain_is_refused(app: Flask, admin: Visitor, domain: str) -> None:
    page = open_and_send(admin, "mailboxes", {"domain": domain}, 422)
    assert page.errors["domain"] == ["Domain: Write only what stands after the @ in your addresses, like school.edu."]
    assert page.all("#field-domain")[0].attrs["value"] == domain
    with app.app_context():
        assert settings().MAIL_DOMAIN == "example.org"


def test_a_test_letter_goes_through_outbox_and_worker(app: Flask, admin: Visitor) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        admin.get("/staff/setup/mailboxes")
        page = admin.submit({}, form=1)
        assert page.words(".notice--success").startswith("A test letter to ")
        assert "State Waiting" in page.words("section[aria-labelledby=test]")
        page = admin.submit({}, form=1)
        assert page.words(".notice--bad") == "The last test letter is still on its way. Look again in a minute."
        now.shift(dt.timedelta(seconds=30))
        with app.app_context():
            run_due(clock.now())
        page = admin.get("/staff/setup/mailboxes")
        assert "State Sent" in page.words("section[aria-labelledby=test]")
        assert "A folder of this machine. Nobody gets what is put there." in page.words()
        assert admin.submit({}, form=1).words(".notice--success").startswith("A test letter to ")
    with app.app_context():
        letters = db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id)).all()
        assert [(each.template, each.state, each.subject) for each in letters] == [
            ("test_letter", LetterState.SENT, "Sample School of Health Careers: your mail works"),
            ("test_letter", LetterState.QUEUED, None),
        ]


def test_letters_in_a_folder_are_no_mail_and_a_server_is_told_without_its_password(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    with time_machine.travel(clock.now(), tick=False):
        admin.get("/staff/setup/mailboxes")
        admin.submit({}, form=1)
        with app.app_context():
            run_due(clock.now())
    assert sentence(admin, "A test letter").startswith("Letters do not leave this machine, and reach nobody.")
    operators(MAIL_URL="smtp://kim:sesame-open@mail.bay.edu:2525?tls=required")
    page = admin.get("/staff/setup/mailboxes")
    assert (
        "The mail server mail.bay.edu, port 2525, encrypted, or not at all, signed in with a password." in page.words()
    )
    assert "sesame" not in page.text
    assert "kim:" not in page.text
    assert (states(admin)["A test letter"], sentence(admin, "A test letter")) == ("Done", "A test letter was sent.")


def test_a_way_out_that_cannot_be_used_says_why_without_its_password(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    operators(MAIL_URL="ftp://kim:sesame-open@mail.bay.edu")
    assert states(admin)["A test letter"] == "Missing"
    page = admin.get("/staff/setup/mailboxes")
    assert "MAIL_URL is “ftp://…@mail.bay.edu”; write maildir:FOLDER" in page.words()
    assert "sesame" not in page.text


def test_a_letter_that_nobody_takes_says_that_no_worker_runs(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    operators(MAIL_URL="smtp://mail.bay.edu")
    with time_machine.travel(clock.now(), tick=False) as now:
        admin.get("/staff/setup/mailboxes")
        admin.submit({}, form=1)
        now.shift(dt.timedelta(minutes=1))
        assert sentence(admin, "A test letter") == "A test letter is on its way. Look again in a minute."
        now.shift(dt.timedelta(microseconds=1))
        assert "the worker does not seem to run" in sentence(admin, "A test letter")


def test_a_letter_that_no_server_takes_yet_says_so(app: Flask, admin: Visitor, operators: Callable[..., None]) -> None:
    operators(MAIL_URL="smtp://127.0.0.1:9")
    admin.get("/staff/setup/mailboxes")
    admin.submit({}, form=1)
    with app.app_context():
        run_due(clock.now())
    assert sentence(admin, "A test letter").startswith("The mail server did not take the test letter yet")
    assert "ConnectionRefusedError" in admin.get("/staff/setup/mailboxes").words("section[aria-labelledby=test]")


def test_a_letter_that_the_server_refused_says_what_it_said(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    operators(MAIL_URL="smtp://mail.bay.edu")
    admin.get("/staff/setup/mailboxes")
    admin.submit({}, form=1)
    with app.app_context(), unit_of_work():
        letter = db.session.scalars(sa.select(OutboxLetter)).one()
        letter.state, letter.outcome, letter.last_reply = LetterState.FAILED, Outcome.PERMANENT, "550 No such user"
    assert "could not be delivered" in sentence(admin, "A test letter")
    page = admin.get("/staff/setup/mailboxes")
    assert "550 No such user" in page.words("section[aria-labelledby=test]")
    assert len(page.all("section[aria-labelledby=test] .notice--bad")) == 1


def test_a_color_is_worn_at_once_and_taken_off_again(app: Flask, admin: Visitor, visitor: Visitor) -> None:
    page = open_and_send(admin, "color", {"color": "#7A1F5C"})
    assert page.words(".notice--success") == "Pages and letters wear the color from now on."
    assert len(visitor.get("/").all("link[href='/static/accents/1-7a1f5c.css']")) == 1
    assert sentence(admin, "Color") == "Links and buttons wear #7a1f5c."
    admin.get("/staff/setup/color")
    admin.submit({}, form=1)
    assert len(visitor.get("/").all("link[rel=stylesheet]")) == 1
    assert (states(admin)["Color"], sentence(admin, "Color")) == (
        "Done", "You keep the color that comes with the software.",
    )  # fmt: skip


def test_a_pale_color_is_refused_and_the_nearest_is_one_press_away(app: Flask, admin: Visitor) -> None:
    page = open_and_send(admin, "color", {"color": "#ffd700"}, 422)
    (told,) = page.errors["_schema"]
    assert told.startswith("Words in #ffd700 are too pale to be read: their contrast is 1.2 to 1, and it has to be 4.5")
    assert told.endswith("The nearest color that can be read is #816805.")
    assert page.all("#field-color")[0].attrs["value"] == "#ffd700"
    admin.submit({}, form=0)
    with app.app_context():
        assert settings().ACCENT_COLOR == "#816805"


@pytest.mark.parametrize("color", ["red", "#12", "#7a1f5c;}", "url(x)", "#7a1f5cff"])
def test_what_is_no_color_is_refused(app: Flask, admin: Visitor, color: str) -> None:
    page = open_and_send(admin, "color", {"color": color}, 422)
    assert page.errors["color"] == ["Color: Write the color like #7a1f5c."]


def test_how_to_pay_is_told_line_by_line(app: Flask, admin: Visitor, visitor: Visitor) -> None:
    page = open_and_send(
        admin, "payment", {"lines": "Bay Bank, account 123456\n\nChecks to: Bay Health\n1 Main Street"}
    )
    assert page.path == "/staff/setup"
    assert states(admin)["How students pay"] == "Done"
    page = admin.get("/staff/setup/payment")
    assert page.words("address") == "Bay Bank, account 123456 Checks to: Bay Health 1 Main Street"
    assert page.all("#field-lines")[0].to_text().split("\n") == [
        "Bay Bank, account 123456", "Checks to: Bay Health", "1 Main Street",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines, sentence",
    [
        ("\n".join(["x"] * 13), "Write 12 lines at most."),
        ("ok\n" + "x" * 121, "Line 2: shorten it to 120 characters or fewer."),
        ("a | b", "Line 1: leave out the upright bar, and begin a new line instead."),
        (" \n ", "Fill this in."),
    ],
    ids=["lines", "long", "bar", "blank"],
)
def test_lines_that_do_not_fit_are_refused(app: Flask, admin: Visitor, lines: str, sentence: str) -> None:
    page = open_and_send(admin, "payment", {"lines": lines}, 422)
    assert page.errors["lines"] == [f"How to pay: {sentence}"]


def test_changing_where_money_goes_asks_again_who_one_is(app: Flask, colleague: Colleague) -> None:
    with time_machine.travel(NOON, tick=False) as now:
        admin = colleague(Role.ADMIN)
        now.shift(dt.timedelta(hours=2))
        admin.get("/staff/setup/payment")
        page = admin.submit({"lines": "Thief’s bank"}, 422)
        assert page.all("#field-confirm_password")
        with app.app_context():
            assert settings().payment_lines == ()


def test_the_program_step_follows_what_is_on_sale(app: Flask, admin: Visitor) -> None:
    assert sentence(admin, "First program and plan").startswith("Only samples are on sale.")
    assert [cell.to_text() for cell in admin.get("/staff/setup/offer").all(".tag--warn")] == ["Sample"] * 12
    with app.app_context(), unit_of_work():
        ccma = db.session.scalars(sa.select(Program).where(Program.code == "CCMA")).one().id
        db.session.execute(sa.update(ProgramVersion).where(ProgramVersion.program_id == ccma).values(sample=False))
    assert sentence(admin, "First program and plan").startswith("Only samples are on sale.")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(TuitionPlan).where(TuitionPlan.program_id == ccma).values(sample=False))
    assert sentence(admin, "First program and plan").startswith("Your own program is on sale, and samples still are")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Program).where(Program.id != ccma).values(on_sale=False))
    assert states(admin)["First program and plan"] == "Done"
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(TuitionPlan).values(retired_at=clock.now()))
    assert sentence(admin, "First program and plan").startswith("Nothing is on sale.")


def test_counsel_and_colleagues_are_seen(app: Flask, admin: Visitor, colleague: Colleague) -> None:
    admin.get("/staff/policies/counsel")
    admin.submit({"name": "Ada Admin", "on": "2026-01-09"})
    assert sentence(admin, "Truth in Lending") == "Counsel was asked, says Ada Admin on January 9, 2026."
    colleague(Role.BURSAR)
    assert states(admin)["Colleagues"] == "Done"


def test_an_auditor_reads_it_and_is_offered_no_form(app: Flask, colleague: Colleague) -> None:
    auditor = colleague(Role.AUDITOR)
    for page in ("", "/school", "/mailboxes", "/color", "/payment", "/offer"):
        found = auditor.get(f"/staff/setup{page}")
        assert found.all("main form") == []
    assert "steps of the setup" not in auditor.get("/staff").text


def test_the_page_and_the_home_cost_a_constant_number_of_statements(app: Flask, admin: Visitor) -> None:
    admin.get("/staff/setup")
    with statements(app) as before:
        admin.get("/staff/setup")
    open_and_send(admin, "school", {"name": "Bay Health", "zone": "America/New_York"})
    open_and_send(admin, "payment", {"lines": "Bay Bank"})
    with statements(app) as after:
        admin.get("/staff/setup")
    assert len(after) == len(before)
    assert len(before) <= 8


def test_the_home_page_counts_as_the_page_of_the_setup_does(
    app: Flask, admin: Visitor, operators: Callable[..., None]
) -> None:
    operators(MAIL_URL="smtp://mail.bay.edu", MAIL_DOMAIN="bay.edu")
    admin.get("/staff/setup/mailboxes")
    admin.submit({}, form=0)
    assert "7 of 8 steps of the setup are missing." in admin.get("/staff").words()
    with app.app_context(), unit_of_work():
        letter = db.session.scalars(sa.select(OutboxLetter)).one()
        letter.state, letter.outcome, letter.sent_at = LetterState.SENT, Outcome.ACCEPTED, clock.now()
    admin.get("/staff/policies/counsel")
    admin.submit({"name": "Ada Admin", "on": "2026-01-09"})
    assert "5 of 8 steps of the setup are missing." in admin.get("/staff").words()
    assert "3 of 8 needed steps are done; 5 are missing." in admin.get("/staff/setup").words()
