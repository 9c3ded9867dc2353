import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from provider.oversight import weekly
from provider.tasks.actions import raise_task, write
from provider.tasks.rules import TaskKind
from tests.harness import season
from tests.harness.people import submit_to
from tests.harness.season import Student
from tests.harness.statements import statements
from tests.harness.stories import person, sign_in, staff
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]


def told(page: Page) -> list[list[str]]:
    """Return the list as rows of words; the table of promises is the first one."""
    rows = page.all("section[aria-labelledby=running] tbody tr")
    return [[" ".join(cell.to_text().split()) for cell in row.query("th, td")] for row in rows]


def tiles(page: Page) -> dict[str, str]:
    found = [each.to_text().split(maxsplit=1) for each in page.all(".stat")]
    return {" ".join(label.split()): number for number, label in found}


def raised(app: Flask, kind: TaskKind, due_on: dt.date | None = None, key: str = "k") -> str:
    with app.app_context(), unit_of_work():
        return raise_task(kind=kind, key=key, sentence=f"Do {key}", due_on=due_on, at=clock.now()).reference


def test_everything_that_runs_stands_in_one_list_by_its_due_date(app: Flask, colleague: Colleague) -> None:
    with time_machine.travel("2026-11-24 15:00Z", tick=False):
        made = season.make(app, clock.now())
        raised(app, TaskKind.FOLLOW_UP, dt.date(2026, 11, 24), "today")
        raised(app, TaskKind.FOLLOW_UP, dt.date(2026, 11, 25), "tomorrow")
        raised(app, TaskKind.FOLLOW_UP, dt.date(2026, 11, 23), "yesterday")
        page = colleague(Role.ADMIN).get("/staff")
    rows = told(page)
    dated = [(row[0], row[2]) for row in rows if row[2] != "Waits"]
    assert ("Do yesterday Follow up", "Overdue") in dated
    assert ("Do today Follow up", "Due") in dated
    assert ("Do tomorrow Follow up", "In time") in dated
    refunds = [name for name, _ in dated if "Money back within 7 to 10 business days" in name]
    assert [name.partition(",")[0] for name in refunds] == [made["refunding"].name, made["excepted"].name]
    assert dated.index(("Do yesterday Follow up", "Overdue")) < dated.index(("Do today Follow up", "Due"))
    assert page.all(f"a[href='/staff/refunds/{made['refunding'].refund}']") != []
    assert not [row for row in rows if "Pay out a refund that is late" in row[0]]
    assert tiles(page)["Refunds to pay out"] == "2"


def test_a_late_refund_is_one_line_until_somebody_takes_its_task(app: Flask, colleague: Colleague) -> None:
    task = raised(app, TaskKind.PAY_OUT, clock.now().date())
    bursar = colleague(Role.BURSAR)
    assert told(bursar.get("/staff")) == []
    bursar.get(f"/staff/tasks/{task}")
    submit_to(bursar, "/take", {})
    ((what, _, _, owner),) = told(bursar.get("/staff"))
    assert (what, owner) == ("Do k Pay out a refund that is late", "Sam Staff")


@pytest.mark.parametrize(
    "days, standing", [(1, ["Due"]), (10, ["Due"])], ids=["the day after", "on the last day before the hold"]
)
def test_an_installment_is_told_from_its_first_late_day(
    app: Flask, colleague: Colleague, days: int, standing: list[str]
) -> None:
    with time_machine.travel("2026-11-24 15:00Z", tick=False):
        late = Student("Marie", "marie@example.org", "ccma", "installments")
        with app.app_context():
            for step in (season.enroll, season.pay):
                with unit_of_work():
                    step(late, clock.now() - dt.timedelta(days=28 + days))
            run_due(clock.now())
        page = colleague(Role.COORDINATOR).get("/staff")
    rows = [row for row in told(page) if "Late installment" in row[0]]
    assert [row[2] for row in rows] == standing


def test_each_role_sees_the_tasks_that_it_may_do(app: Flask, colleague: Colleague) -> None:
    raised(app, TaskKind.RETURN_PAYMENT, key="money")
    raised(app, TaskKind.ANSWER_MESSAGE, key="message")
    seen = {
        role: sorted(row[0].split()[1] for row in told(colleague(role).get("/staff")))
        for role in (Role.COORDINATOR, Role.BURSAR, Role.AUDITOR)
    }
    assert seen == {
        Role.COORDINATOR: ["message"],
        Role.BURSAR: ["message", "money"],
        Role.AUDITOR: ["message", "money"],
    }


def test_the_list_is_narrowed_to_mine_and_to_nobodys(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    raised(app, TaskKind.ANSWER_MESSAGE, key="nobodys")
    with app.app_context(), unit_of_work():
        me = person(app, email)
        write(
            sentence="Do mine", about=None, due_on=None, owner=me, may_own=(me,),
            actor=season.STAFF, at=clock.now(),
        )  # fmt: skip
    sign_in(visitor, email)
    assert [row[0] for row in told(visitor.get("/staff?owner=mine"))] == ["Do mine Follow up"]
    assert [row[0] for row in told(visitor.get("/staff?owner=nobody"))] == ["Do nobodys Answer a message"]
    assert len(told(visitor.get("/staff?owner=nonsense"))) == 2


@pytest.mark.parametrize(
    "role, titles",
    [
        (Role.BURSAR, ["Enrollments by week", "Money in and money back by week"]),
        (Role.COORDINATOR, ["Enrollments by week"]),
        (Role.EDITOR, []),
    ],
)
def test_charts_and_their_tables_show_what_the_role_may_see(
    app: Flask, colleague: Colleague, role: Role, titles: list[str]
) -> None:
    ana = Student("Ana", "ana@example.org")
    with app.app_context():
        for step in (season.enroll, season.pay):
            with unit_of_work():
                step(ana, clock.now())
        weekly.forget()
    page = colleague(role).get("/staff")
    assert [each.to_text().strip() for each in page.all("figcaption")] == titles
    assert [len(each.query("tbody tr")) for each in page.all("figure")] == [12] * len(titles)
    assert len(page.all("figure svg[role=img]")) == len(titles)
    assert ("$1,899.00" in page.words("main")) is (role is Role.BURSAR)
    assert ("As of" in page.words("main")) is bool(titles)


def test_a_school_without_anything_says_so(app: Flask, admin: Visitor) -> None:
    page = admin.get("/staff")
    assert page.words("section .empty") == "Nothing waits for you now."
    assert set(tiles(page).values()) == {"0"}
    assert [each.to_text() for each in page.all("figure > .muted")] == ["Nothing in the last 12 weeks."] * 2


def test_the_page_costs_the_same_with_little_and_with_much_to_do(app: Flask, admin: Visitor) -> None:
    counts = []
    for number in (1, 6):
        for one in range(number):
            raised(app, TaskKind.FOLLOW_UP, key=f"{number} {one}")
        admin.get("/staff")
        with statements(app) as counted:
            admin.get("/staff")
        counts.append(len(counted))
    assert counts[0] == counts[1]
    assert counts[0] <= 10
