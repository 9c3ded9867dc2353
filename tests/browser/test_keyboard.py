"""A working day in the back office without a mouse: past the menu, to a task, and on from what was said of it."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.tasks.actions import raise_task
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from tests.harness.stage import Stage
from tests.harness.watch import Watched

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Watched]
WITH_AND_WITHOUT = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


def _task(stage: Stage, key: str) -> str:
    with stage.app.app_context(), unit_of_work():
        return raise_task(kind=TaskKind.FOLLOW_UP, key=key, sentence=f"Call {key} back", at=clock.now()).reference


def _focused(page: Page) -> str:
    """Return the words of what the keyboard is at."""
    return " ".join(page.locator(":focus").inner_text().split())


def _tab_to(page: Page, words: str, most: int = 40) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if _focused(page) == words:
            return
    message = f"{most} times Tab did not lead to “{words}”"
    raise AssertionError(message)


@WITH_AND_WITHOUT
def test_a_task_is_found_taken_and_done_by_keyboard_alone(open_browser: Open, stage: Stage, *, scripts: bool) -> None:
    reference = _task(stage, f"Ana {scripts}")
    page = open_browser(stage.season.staff[Role.ADMISSIONS], scripts=scripts).go("/staff/tasks?kind=follow_up")
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    _tab_to(page, f"Call Ana {scripts} back", most=12)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/staff/tasks/{reference}")

    _tab_to(page, "I take it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The task is yours.")
    assert _focused(page) == "The task is yours."

    _tab_to(page, "It is done", most=3)  # on from what was said: the answer and its button are next
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/tasks#said")
    assert _focused(page) == "The task is done."
    page.keyboard.press("Tab")
    assert _focused(page) == "Write a task"
    with stage.app.app_context():
        found = db.session.execute(sa.select(Task.state).where(Task.reference == reference)).scalar_one()
        db.session.remove()
    assert found is TaskState.DONE


@WITH_AND_WITHOUT
def test_a_refusal_is_an_alert_and_the_keyboard_is_at_it(open_browser: Open, stage: Stage, *, scripts: bool) -> None:
    reference = _task(stage, f"Bo {scripts}")
    first = open_browser(stage.season.staff[Role.ADMISSIONS], scripts=scripts).go(f"/staff/tasks/{reference}")
    second = open_browser(stage.season.staff[Role.BURSAR], scripts=scripts).go(f"/staff/tasks/{reference}")
    for page in (first, second):
        page.get_by_role("button", name="I take it").press("Enter")
    expect(second.get_by_role("alert")).to_contain_text("A colleague has taken this task.")
    assert _focused(second).startswith("A colleague has taken this task.")


def test_a_refused_form_is_read_from_its_summary_of_errors(open_browser: Open, stage: Stage) -> None:
    page = open_browser(stage.season.staff[Role.COORDINATOR]).go("/staff/tasks/new")
    page.get_by_role("button", name="Write it down").press("Enter")
    assert _focused(page).startswith("Please check your answers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What is to be done")).to_be_focused()


def test_the_story_is_narrowed_without_losing_ones_place(open_browser: Open, stage: Stage) -> None:
    student = stage.season["paying"]
    page = open_browser(stage.season.staff[Role.BURSAR]).go(f"/staff/enrollments/{student.enrollment}")
    page.get_by_role("link", name="Letters", exact=True).last.press("Enter")
    page.wait_for_url("**?only=letters#story")
    assert _focused(page) == "What happened"
    page.keyboard.press("Tab")
    assert _focused(page) == "Write a note"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("She calls back on Monday")
    _tab_to(page, "Keep the note", most=1)
    page.keyboard.press("Enter")
    page.wait_for_url("**#said")
    assert _focused(page) == "The note is kept."


def test_the_search_is_two_keys_away(open_browser: Open, stage: Stage) -> None:
    page = open_browser(stage.season.staff[Role.EDITOR]).go("/staff")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the search"
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search everything")).to_be_focused()
