import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.oversight.models import Erasure
from provider.tasks.models import Task
from tests.harness import season as steps
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import person, sign_in
from tests.harness.visitor import Page, Visitor

PATH = "/staff/erasures"


@pytest.fixture
def season(cardless: Season) -> Season:
    return cardless


def listed(page: Page, caption: str) -> list[str]:
    (table,) = [each for each in page.all("table") if caption in each.query("caption")[0].to_text()]
    return [" ".join(cell.to_text().split()) for cell in table.query("tbody th")]


def test_an_administrator_sees_what_goes_and_what_stays_and_erases(app: Flask, season: Season, admin: Visitor) -> None:
    who = season["settled"]
    reference = person(app, who.email)
    admin.get(f"{PATH}?who={who.email}", 303)
    page = admin.follow()
    assert (page.path, page.title) == (f"{PATH}/{reference}", reference)
    assert listed(page, "What goes") == [
        "The text, subject and address of letters",
        "Old and new personal values of changes",
        "What was written when asking for a refund",
        "Name, e-mail address, telephone and ZIP code of enrollments",
        "Name, e-mail address, telephone, time zone and password of the account",
    ]
    assert "Numbered receipts, with the name on them: they may not change." in listed(page, "What stays")
    page = admin.submit({"reference": who.enrollment}, 422)
    assert page.errors["reference"] == [
        "Their reference: This is not the reference of the person on this page. Copy it from the top."
    ]
    page = admin.submit({"reference": reference.lower()})
    assert page.words(".notice").startswith("What was held is erased.")
    assert page.all("main form[method=post]") == []
    assert "Numbered receipts, with the name on them: they may not change." in page.words("main ul")
    assert who.name not in page.text
    assert reference in admin.get(PATH).words("table")
    assert admin.get(f"{PATH}/{who.enrollment}").title == reference


def test_who_still_has_something_running_is_shown_why_and_has_no_button(season: Season, admin: Visitor) -> None:
    page = admin.get(f"{PATH}/{season['late'].enrollment}")
    words = page.words(".notice--bad")
    assert "is active. Complete it, withdraw the student or refund it first." in words
    assert "owes $" in words
    assert page.all("main form[method=post]") == []


def test_what_changed_meanwhile_is_refused_with_its_sentence(app: Flask, season: Season, admin: Visitor) -> None:
    reference = person(app, season["late"].email)
    admin.get(PATH)
    page = admin.post(f"{PATH}/{reference}", {"reference": reference}, 422)
    assert "Complete it, withdraw the student or refund it first." in page.errors["_schema"][0]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Erasure)) == 0


def test_an_unknown_address_is_told_so(season: Season, admin: Visitor) -> None:
    page = admin.get(f"{PATH}?who=nobody@example.org", 422)
    assert page.errors["who"][0].endswith("Nobody has this e-mail address or reference. Write it whole.")


def test_an_enrollment_of_nobodys_account_is_erased_by_itself(app: Flask, season: Season, admin: Visitor) -> None:
    started = season["started"].enrollment
    with app.app_context(), unit_of_work():
        steps.cancel(season["started"], clock.now())
    page = admin.get(f"{PATH}/{started}")
    assert page.words(".heading__eyebrow") == "Enrollment of nobody’s account"
    admin.submit({"reference": started})
    assert admin.get(f"/staff/enrollments/{started}").title.startswith("Erased on ")


def test_a_student_asks_and_staff_have_a_task_of_45_days(app: Flask, season: Season, visitor: Visitor) -> None:
    who = season["settled"]
    sign_in(visitor, who.email)
    visitor.get("/my/account-data")
    visitor.post("/my/account-data/erasure", {})
    visitor.follow()
    visitor.post("/my/account-data/erasure", {})
    page = visitor.follow()
    with app.app_context():
        (task,) = db.session.scalars(sa.select(Task).where(Task.kind == "erase_person"))
        (letter,) = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "erasure_asked"))
        assert task.about == person(app, who.email)
        assert task.due_on is not None
        assert task.due_on - task.created_at.astimezone().date() in {dt.timedelta(days=44), dt.timedelta(days=45)}
        assert letter.recipient == who.email
    assert "You asked for this on" in page.words()
    assert "Ask to be erased" not in page.words()


def test_the_page_takes_a_constant_number_of_statements(app: Flask, season: Season, admin: Visitor) -> None:
    counts = []
    for state in ("settled", "withdrawn", "declined"):
        with statements(app) as sent:
            admin.get(f"{PATH}/{season[state].enrollment}")
        counts.append(len(sent))
    assert max(counts) - min(counts) <= 4
    assert max(counts) < 85


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN}))
def test_nobody_but_an_administrator_erases(app: Flask, season: Season, visitor: Visitor, role: Role) -> None:
    sign_in(visitor, season.staff[role])
    reference = person(app, season["settled"].email)
    visitor.get("/contact")
    visitor.post(f"{PATH}/{reference}", {"reference": reference}, 403)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Erasure)) == 0
