import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.enrollments.models import Enrollment
from provider.history.models import HistoryDetail
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.staff import stories
from tests.harness import season
from tests.harness.people import submit_to
from tests.harness.season import Student
from tests.harness.statements import statements
from tests.harness.stories import later, person
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
NOTE = "Called <b>Ana</b> & asked\nfor {{ 7 * 7 }} 😀"


@pytest.fixture
def ana(app: Flask) -> list[Student]:
    """One student with two enrollments, of which the first is paid and refunded."""
    first = Student("Ana Ñúñez", "ana@example.org")
    second = Student("Ana Ñúñez", "ana@example.org", "cpt")
    with app.app_context():
        for student in (first, second):
            for step in (season.enroll, season.prove, season.pay):
                with unit_of_work():
                    step(student, clock.now())
        with unit_of_work():
            season.ask(first, clock.now())
    return [first, second]


@pytest.fixture
def here(app: Flask, ana: list[Student]) -> str:
    return f"/staff/students/{person(app, ana[0].email)}"


def titles(page: Page) -> list[str]:
    return [" ".join(each.to_text().split()) for each in page.all(".timeline__title")]


def test_a_student_is_shown_with_all_enrollments_and_one_story(bursar: Visitor, here: str, ana: list[Student]) -> None:
    page = bursar.get(here)
    assert page.title == "Ana Ñúñez"
    rows = [" ".join(row.to_text().split()) for row in page.all("tbody tr")]
    assert [re.search(r"E-\w{8}", row)[0] for row in rows] == [  # type: ignore[index]
        ana[1].enrollment,
        ana[0].enrollment,
    ]
    assert "$1,899.00" in rows[1]
    found = titles(page)
    assert found.count("Enrollment ended with a refund") == 1
    assert found.count("Agreement accepted") == 2
    assert "Account made" in found
    meta = page.words(".story")
    assert ana[0].enrollment in meta
    assert ana[1].enrollment in meta
    assert page.all(f"a[href='/staff/payments/{ana[1].payments[0]}']") != []


def test_who_may_not_see_money_reads_the_story_without_it(colleague: Colleague, here: str, ana: list[Student]) -> None:
    page = colleague(Role.COORDINATOR).get(here)
    assert "$" not in page.words("main")
    assert [title for title in titles(page) if "Payment" in title or "Installment" in title] == []
    assert "Money" not in page.words(".tabs")
    page = colleague(Role.COORDINATOR).get(f"{here}?only=money")
    assert "Agreement accepted" in titles(page)
    assert "$" not in page.words("main")
    refused = page.words(".story")
    assert ana[0].payments[0] not in refused


def test_a_story_is_narrowed_by_kind_and_turned_around_in_the_address(bursar: Visitor, here: str) -> None:
    every = titles(bursar.get(here))
    assert titles(bursar.get(f"{here}?order=oldest")) == every[::-1]
    letters = titles(bursar.get(f"{here}?only=letters"))
    assert letters == [title for title in every if title.startswith("Letter: ")]
    assert letters != []
    assert titles(bursar.get(f"{here}?only=account")) == ["Account made"]
    assert titles(bursar.get(f"{here}?only=nonsense&beyond=nonsense&order=nonsense")) == every
    assert bursar.get(f"{here}?only=notes").words(".empty") == "Nothing of this kind has happened."


@pytest.mark.parametrize("order", ["", "oldest"])
def test_a_long_story_comes_in_parts_without_losing_a_line(
    bursar: Visitor, here: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = titles(bursar.get(f"{here}?order={order}"))
    monkeypatch.setattr(stories, "MOST", 4)
    page, found = bursar.get(f"{here}?order={order}"), []
    for _ in range(len(every)):
        found += titles(page)
        following = [a for a in page.all(".story .pagination a") if "beyond" in a.attrs["href"]]
        if not following:
            break
        page = bursar.get(following[0].attrs["href"].partition("#")[0])
    assert found == every


def test_each_page_offers_what_can_happen_there(bursar: Visitor, here: str, ana: list[Student]) -> None:
    def offered(path: str) -> list[str]:
        return [each.to_text().strip() for each in bursar.get(path).all(".story .tabs a")]

    kinds = ["Enrollment", "Externship", "Letters", "Money", "Notes", "Personal data", "Tasks", "Verification codes"]
    assert offered(here) == ["All", "Account", *sorted([*kinds, "Messages"])]
    assert offered(f"/staff/enrollments/{ana[0].enrollment}") == ["All", *kinds]


def test_a_note_stands_in_both_stories_as_it_was_typed(
    app: Flask, colleague: Colleague, here: str, ana: list[Student]
) -> None:
    coordinator = colleague(Role.COORDINATOR)
    coordinator.get(f"/staff/enrollments/{ana[0].enrollment}")
    page = submit_to(coordinator, "/notes", {"text": NOTE})
    assert page.words(".notice--success") == "The note is kept."
    for path in (f"/staff/enrollments/{ana[0].enrollment}", f"{here}?only=notes"):
        page = coordinator.get(path)
        assert "Called &lt;b&gt;Ana&lt;/b&gt; &amp; asked\nfor {{ 7 * 7 }} 😀" in page.text
        assert "Sam Staff" in page.words(".timeline")
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(HistoryDetail).values(data={}))
    assert "The text was erased." in coordinator.get(here).words(".timeline")


def test_a_note_about_the_student_stands_on_the_students_page(colleague: Colleague, here: str) -> None:
    bursar = colleague(Role.BURSAR)
    bursar.get(here)
    page = submit_to(bursar, "/notes", {"text": NOTE})
    assert page.path == here
    assert titles(page)[0] == "Note"


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\x1bb"], ids=["none", "blank", "long", "escape"])
def test_a_bad_note_is_refused_and_stays_on_the_page(colleague: Colleague, here: str, text: str) -> None:
    bursar = colleague(Role.BURSAR)
    bursar.get(here)
    page = submit_to(bursar, "/notes", {"text": text}, 422)
    assert list(page.errors) == ["text"]
    assert page.all("details[open] textarea") != []


def test_an_auditor_reads_everything_and_writes_no_note(colleague: Colleague, here: str) -> None:
    auditor = colleague(Role.AUDITOR)
    page = auditor.get(here)
    assert page.all("main form") == []
    auditor.post(f"{here}/notes", {"text": "x"}, 403)


def test_somebody_without_an_enrollment_has_no_such_page(app: Flask, colleague: Colleague, admin: Visitor) -> None:
    with app.app_context():
        (staff,) = db.session.scalars(sa.text("SELECT reference FROM person")).all()
    assert "could not find" in admin.get(f"/staff/students/{staff}", 404).words()
    admin.get("/staff/students/P-22222222", 404)


def test_an_enrollment_that_nobody_proved_has_no_student_yet(app: Flask, bursar: Visitor) -> None:
    bo = Student("Bo Nilsson", "bo@example.org")
    with app.app_context(), unit_of_work():
        season.enroll(bo, clock.now())
    page = bursar.get(f"/staff/enrollments/{bo.enrollment}")
    assert page.all("a[href*='/staff/students/']") == []


def test_a_student_costs_the_same_with_one_enrollment_and_with_more(
    app: Flask, colleague: Colleague, ana: list[Student], here: str
) -> None:
    bursar, counts = colleague(Role.BURSAR), []
    for program in (None, "cpct-a"):
        if program:
            third = Student("Ana Ñúñez", "ana@example.org", program)
            with app.app_context():
                for step in (season.enroll, season.prove, season.pay):
                    with unit_of_work():
                        step(third, later(hours=1))
                assert db.session.scalar(sa.select(sa.func.count(Enrollment.id))) == 3
                db.session.rollback()
        with statements(app) as counted:
            bursar.get(here)
        counts.append(len(counted))
    assert counts[0] == counts[1]
    assert counts[0] <= 14
