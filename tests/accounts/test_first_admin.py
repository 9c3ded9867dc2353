"""The link that lets the first administrator in."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from provider.accounts import queries
from provider.accounts.actions import first_admin_link
from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
ANSWERS = {"name": "Ida Owner", "email": "Ida@Example.org", "password": PASSWORD}


def fresh_link(app: Flask) -> str:
    """Return the path of a new link, as the command prints it."""
    with app.app_context(), unit_of_work():
        link = first_admin_link(at=clock.now())
    assert link is not None
    assert link.startswith("http://127.0.0.1:8000/links/")
    return link.removeprefix("http://127.0.0.1:8000")


def admins(app: Flask) -> list[str]:
    with app.app_context():
        return [person.email for person in queries.admins()]


def test_the_link_makes_the_first_administrator_and_signs_in(app: Flask, visitor: Visitor) -> None:
    visitor.get(fresh_link(app))
    page = visitor.submit(ANSWERS)
    assert page.path == "/staff/setup"
    assert admins(app) == ["ida@example.org"]
    with app.app_context():
        found = queries.by_email("ida@example.org")
        assert found is not None
        assert (found.name, found.roles, found.password_hash != PASSWORD) == (
            "Ida Owner",
            frozenset({Role.ADMIN}),
            True,
        )


def test_the_link_works_once(app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    link = fresh_link(app)
    late = visitors()
    late.get(link)
    visitor.get(link)
    visitor.submit(ANSWERS)
    late.submit(ANSWERS | {"email": "eve@example.org"}, 410)
    late.get(link, 410)
    assert admins(app) == ["ida@example.org"]


def test_looking_at_the_link_uses_nothing_up(app: Flask, visitor: Visitor) -> None:
    link = fresh_link(app)
    for _ in range(3):
        visitor.get(link)
    assert visitor.client.head(link).status_code == 200
    visitor.get(link)
    visitor.submit(ANSWERS)
    assert admins(app) == ["ida@example.org"]


@pytest.mark.parametrize(
    "late, status", [(dt.timedelta(hours=1), 200), (dt.timedelta(hours=1, microseconds=1), 410)], ids=["hour", "past"]
)
def test_the_link_lasts_one_hour(app: Flask, visitor: Visitor, late: dt.timedelta, status: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        link = fresh_link(app)
        clock.shift(late)
        visitor.get(link, status)


def test_a_new_link_closes_the_one_before(app: Flask, visitor: Visitor) -> None:
    first = fresh_link(app)
    second = fresh_link(app)
    visitor.get(first, 410)
    visitor.get(second)


def test_what_is_wrong_is_told_and_the_link_still_works(app: Flask, visitor: Visitor) -> None:
    visitor.get(fresh_link(app))
    page = visitor.submit({"name": "Ida", "email": "ida@example.org, eve@example.org", "password": "short"}, 422)
    assert page.errors == {
        "email": ["E-mail address: Write one e-mail address, like name@example.org."],
        "password": ["New password: Use 12 to 256 characters; several words in a row are easy to keep."],
    }
    assert "short" not in page.text.replace("shorten", "")
    assert admins(app) == []
    visitor.submit(ANSWERS)
    assert admins(app) == ["ida@example.org"]


def test_with_an_administrator_there_is_no_link(app: Flask) -> None:
    earlier = fresh_link(app)
    staff(app, Role.ADMIN, email="first@example.org")
    with app.app_context(), unit_of_work():
        assert first_admin_link(at=clock.now()) is None
    answered = app.test_cli_runner().invoke(args=["accounts", "first-admin"])
    assert answered.output == "There is an administrator already. Administrators invite others on the staff pages.\n"
    late = Visitor(app)
    late.get(earlier)
    late.submit(ANSWERS, 410)
    assert admins(app) == ["first@example.org"]


def test_the_command_prints_the_link(app: Flask, visitor: Visitor) -> None:
    answered = app.test_cli_runner().invoke(args=["accounts", "first-admin"])
    assert answered.exit_code == 0
    visitor.get(answered.output.strip().removeprefix("http://127.0.0.1:8000"))


def test_the_table_alone_opens_nothing(app: Flask) -> None:
    token = fresh_link(app).removeprefix("/links/")
    with app.app_context():
        rows = db.session.connection().exec_driver_sql("SELECT * FROM signed_link").fetchall()
    assert len(rows) == 1
    assert token not in repr(rows)


def test_the_administrator_comes_back_with_the_password(app: Flask, visitor: Visitor) -> None:
    visitor.get(fresh_link(app))
    visitor.submit(ANSWERS)
    other = Visitor(app)
    assert sign_in(other, "IDA@example.org").path == "/staff"
