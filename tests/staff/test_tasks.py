from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from provider.tasks import queries
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from tests.harness import season
from tests.harness.people import submit_to
from tests.harness.season import Student
from tests.harness.statements import statements
from tests.harness.stories import person, sign_in, staff
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
MONDAY = "2026-11-23 15:00Z"
SENTENCE = "Ask Ana for her <b>diploma</b>"


def write(visitor: Visitor, **values: str) -> str:
    """Write a task and return its reference."""
    visitor.get("/staff/tasks/new")
    page = visitor.submit({"sentence": SENTENCE, "owner": "", **values})
    return page.path.rpartition("/")[2]


def raised(app: Flask, kind: TaskKind, key: str = "k") -> str:
    with app.app_context(), unit_of_work():
        return raise_task(kind=kind, key=key, sentence=f"Do {key}", at=clock.now()).reference


def told(page: Page) -> dict[str, str]:
    """Return what the page of a task says of it."""
    terms = [" ".join(each.to_text().split()) for each in page.all(".definition dt")]
    return dict(zip(terms, (" ".join(each.to_text().split()) for each in page.all(".definition dd")), strict=True))


def sentences(page: Page) -> list[str]:
    return [" ".join(each.to_text().split()) for each in page.all("tbody th a")]


def test_a_task_is_written_by_hand_and_belongs_to_the_one_who_wrote_it(app: Flask, colleague: Colleague) -> None:
    with time_machine.travel(MONDAY, tick=False):
        coordinator = colleague(Role.COORDINATOR)
        coordinator.get("/staff/tasks/new")
        page = coordinator.submit({"sentence": SENTENCE, "due_on": "2026-11-25"})
        assert page.words(".notice--success") == "The task is written down."
        assert told(page) == {
            "About": "Nobody in particular",
            "Owner": "Sam Staff",
            "Since": "November 23, 2026, 10:00:00 AM EST",
            "Due": "November 25, 2026",
        }
        assert page.words(".heading__more") == "Open In time"
        assert "Ask Ana for her <b>diploma</b>" in page.words(".panel")
        assert sentences(coordinator.get("/staff/tasks?owner=mine")) == [SENTENCE]
        assert coordinator.get("/staff/tasks?owner=nobody").words(".empty") == "Every open task has an owner."


def test_a_task_about_an_enrollment_stands_on_its_page(app: Flask, colleague: Colleague) -> None:
    ana = Student("Ana Ñúñez", "ana@example.org")
    with app.app_context(), unit_of_work():
        season.enroll(ana, clock.now())
    admissions = colleague(Role.ADMISSIONS)
    page = admissions.get(f"/staff/tasks/new?about={ana.enrollment}")
    page = admissions.submit({"sentence": SENTENCE})
    assert told(page)["About"] == ana.enrollment
    assert SENTENCE in admissions.get(f"/staff/enrollments/{ana.enrollment}").words(".notice--warn")


@pytest.mark.parametrize("about", ["E-22222222", "P-22222222", "nonsense"])
def test_a_task_about_nothing_that_is_there_is_refused_and_keeps_what_was_typed(
    colleague: Colleague, about: str
) -> None:
    admissions = colleague(Role.ADMISSIONS)
    admissions.get("/staff/tasks/new")
    page = admissions.submit({"sentence": SENTENCE, "about": about}, 422)
    (sentence,) = page.errors["_schema"]
    assert sentence.startswith(f"There is no enrollment or student {about.upper()}.")
    assert page.words("textarea") == SENTENCE
    assert page.all("input[name=about]")[0].attrs["value"] == about


@pytest.mark.parametrize("due_on", ["2026-11-22", "2028-01-01", "tomorrow"])
def test_a_date_that_cannot_be_meant_is_refused(colleague: Colleague, due_on: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        admissions = colleague(Role.ADMISSIONS)
        admissions.get("/staff/tasks/new")
        page = admissions.submit({"sentence": SENTENCE, "due_on": due_on}, 422)
    assert len(page.errors) == 1
    assert page.words("textarea") == SENTENCE


def test_a_colleague_takes_a_task_and_hands_it_over(app: Flask, colleague: Colleague, visitor: Visitor) -> None:
    other = staff(app, Role.BURSAR)
    reference = raised(app, TaskKind.ANSWER_MESSAGE)
    admissions = colleague(Role.ADMISSIONS)
    admissions.get(f"/staff/tasks/{reference}")
    page = submit_to(admissions, "/take", {})
    assert (page.words(".notice--success"), told(page)["Owner"]) == ("The task is yours.", "Sam Staff")
    page = submit_to(admissions, "/plan", {"owner": person(app, other)})
    assert page.words(".notice--success") == "The task is changed."
    assert [" ".join(each.to_text().split()) for each in page.all(".timeline__title")] == [
        "Task given to Sam Staff",
        "Task given to Sam Staff",
        "Task raised",
    ]
    assert sentences(admissions.get("/staff/tasks?owner=mine")) == []
    sign_in(visitor, other)
    assert sentences(visitor.get("/staff/tasks?owner=mine")) == ["Do k"]


def test_who_comes_second_is_told_that_a_colleague_has_it(app: Flask, colleague: Colleague) -> None:
    reference = raised(app, TaskKind.ANSWER_MESSAGE)
    first, second = colleague(Role.ADMISSIONS), colleague(Role.BURSAR)
    for visitor in (first, second):
        visitor.get(f"/staff/tasks/{reference}")
    submit_to(first, "/take", {})
    page = submit_to(second, "/take", {})
    assert page.words(".notice--bad") == "A colleague has taken this task. Ask them, or hand it over below."


def test_a_task_about_money_is_neither_offered_nor_given_to_who_may_not_do_it(app: Flask, colleague: Colleague) -> None:
    admissions, bursar = staff(app, Role.ADMISSIONS), colleague(Role.BURSAR)
    reference = raised(app, TaskKind.RETURN_PAYMENT)
    page = bursar.get(f"/staff/tasks/{reference}")
    offered = {option.attrs["value"] for option in page.all("select[name=owner] option")}
    assert person(app, admissions) not in offered
    page = bursar.post(f"/staff/tasks/{reference}/plan", {"owner": person(app, admissions)}, 422)
    assert page.errors == {"_schema": ["This person’s role does not permit to do this task. Choose somebody else."]}
    other = colleague(Role.ADMISSIONS)
    assert other.get(f"/staff/tasks/{reference}").all("form[action$='/take']") == []


def test_a_task_that_a_person_called_done_is_opened_again(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    reference = write(admissions)
    admissions.post(f"/staff/tasks/{reference}", {"remark": "Called her."})
    page = admissions.get(f"/staff/tasks/{reference}")
    assert told(page)["What was done"] == "Called her."
    page = submit_to(admissions, "/reopen", {})
    assert page.words(".notice--success") == "The task is open again."
    assert page.words(".heading__more") == "Open"
    with app.app_context():
        assert queries.by_reference(reference).done_by is None


def test_an_auditor_reads_and_changes_nothing(app: Flask, colleague: Colleague) -> None:
    reference = raised(app, TaskKind.ANSWER_MESSAGE)
    auditor = colleague(Role.AUDITOR)
    assert auditor.get(f"/staff/tasks/{reference}").all("main form") == []
    assert auditor.get("/staff/tasks").all("main .buttons a") == []
    auditor.get("/staff/tasks/new")
    auditor.post("/staff/tasks/new", {"sentence": "x"}, 403)


def test_tasks_are_narrowed_by_kind_and_to_what_is_overdue(app: Flask, colleague: Colleague) -> None:
    with time_machine.travel(MONDAY, tick=False):
        admissions = colleague(Role.ADMISSIONS)
        write(admissions, sentence="late", due_on="2026-11-23")
        write(admissions, sentence="in time", due_on="2026-11-24")
    with time_machine.travel("2026-11-24 14:00Z", tick=False):
        admissions = colleague(Role.ADMISSIONS)
        raised(app, TaskKind.ANSWER_MESSAGE)
        assert sentences(admissions.get("/staff/tasks?due=overdue")) == ["late"]
        assert sentences(admissions.get("/staff/tasks?kind=follow_up")) == ["late", "in time"]
        assert sentences(admissions.get("/staff/tasks?kind=nonsense&owner=nonsense")) == ["late", "in time", "Do k"]
        page = admissions.get("/staff/tasks")
        assert [tag.to_text() for tag in page.all("tbody .tag")] == ["Overdue", "Due"]


def test_a_list_costs_the_same_with_few_tasks_and_with_many(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    counts = []
    for number in (1, 5):
        for one in range(number):
            write(admissions, sentence=f"{number} {one}")
        with statements(app) as counted:
            admissions.get("/staff/tasks")
        counts.append(len(counted))
    assert counts[0] == counts[1]
    assert counts[0] <= 5
