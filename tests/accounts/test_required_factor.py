"""Where a second factor is required, where it is offered, and what becomes of it when everything is lost."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.accounts.models import PersonSession, RecoveryCode, SecondFactor
from provider.accounts.rules import Role
from provider.kernel.database import db
from provider.kernel.doors import PUBLIC, doors
from tests.accounts.test_second_factor import events, is_in, set_up_by_page, told
from tests.harness.factors import set_factor, unused_code
from tests.harness.stories import PASSWORD, do_jobs, sign_in, staff, token_for
from tests.harness.stories import person as reference_of
from tests.harness.visitor import Visitor

RESET = (
    "The second factor of {email} is off, and every session of theirs has ended. A letter tells them.\n"
    "They sign in with their password, and are led to set up a new app where the school requires one.\n"
)


@pytest.fixture
def production(app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The same school at an address that others can reach."""
    monkeypatch.setitem(app.extensions, "settings", replace(config, BASE_URL="https://localhost"))
    return app


def test_on_loopback_staff_are_offered_one_and_go_on_without(app: Flask, visitor: Visitor) -> None:
    assert sign_in(visitor, staff(app, Role.BURSAR)).path == "/staff"
    visitor.get("/account/second-factor")


def test_in_production_staff_without_one_are_led_to_set_it_up(production: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    visitor.submit({"email": staff(production, Role.ADMIN), "password": PASSWORD}, follow=False)
    assert visitor.get("/staff", 303).response.headers["Location"] == "/account/second-factor/new"
    assert "The school requires a second factor of its staff." in visitor.follow().words()


def test_in_production_nothing_of_the_back_office_opens_before(production: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    visitor.submit({"email": staff(production, Role.ADMIN), "password": PASSWORD}, follow=False)
    opened = []
    closed = {name for name, door in doors(production).items() if door.needs != PUBLIC and door.url_prefix != "/my"}
    with production.test_request_context():
        adapter = production.url_map.bind("localhost")
        for rule in production.url_map.iter_rules():
            if not rule.rule.startswith("/staff"):
                continue
            assert rule.endpoint.partition(".")[0] in closed
            path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "E-22222222"))
            method = "GET" if "GET" in (rule.methods or set()) else "POST"
            opened.append((method, path))
    assert len(opened) > 60
    visitor.get("/account/second-factor/new")
    token = visitor.token()
    for method, path in opened:
        answer = visitor.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
        assert (path, answer.status_code, answer.headers.get("Location")) == (path, 303, "/account/second-factor/new")


def test_in_production_the_back_office_opens_with_the_first_code(production: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    visitor.submit({"email": staff(production, Role.ADMIN), "password": PASSWORD}, follow=False)
    assert not is_in(visitor)
    set_up_by_page(visitor)
    assert is_in(visitor)
    page = visitor.get("/account/second-factor")
    assert "/account/second-factor/removal" not in [one.attrs["href"] for one in page.all("main a")]


def test_in_production_it_cannot_be_removed_only_moved(production: Flask, visitor: Visitor) -> None:
    email = staff(production, Role.ADMIN)
    set_factor(production, email)
    sign_in(visitor, email)
    visitor.submit({"code": unused_code(production, email)})
    visitor.get("/account/second-factor/removal")
    page = visitor.submit({"confirm_password": PASSWORD, "confirm_code": unused_code(production, email)}, 422)
    assert page.errors == {"_schema": ["Staff need a second factor here. You can move it to another app instead."]}
    visitor.get("/account/second-factor/move")


def test_in_production_a_student_needs_none(production: Flask, visitor: Visitor) -> None:
    assert sign_in(visitor, staff(production)).path == "/my"
    visitor.get("/staff", 403)


def test_a_new_password_does_not_get_around_it(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    visitor.get("/forgot-password")
    visitor.submit({"email": email}, 200)
    do_jobs(app)
    visitor.get(f"/links/{token_for(app, 'password', reference_of(app, email))}")
    visitor.submit({"password": "another quiet password"})
    assert sign_in(visitor, email, "another quiet password").title == "Enter your code"
    assert not is_in(visitor)


def reset(app: Flask, email: str) -> tuple[int, str]:
    found = app.test_cli_runner().invoke(args=["accounts", "reset-second-factor", email])
    return found.exit_code, found.output


def test_a_command_lets_the_last_administrator_in_again(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.ADMIN)
    set_factor(app, email)
    sign_in(visitor, email)
    visitor.submit({"code": unused_code(app, email)})
    assert reset(app, email.upper()) == (0, RESET.format(email=email.upper()))
    assert not is_in(visitor)
    assert sign_in(Visitor(app), email).path == "/staff"
    assert (told(app), events(app)) == (["set", "reset"], ["person.second_factor_set", "person.second_factor_reset"])
    with app.app_context():
        for model in (SecondFactor, RecoveryCode):
            assert db.session.scalars(sa.select(sa.func.count()).select_from(model)).one() == 0
        assert db.session.scalars(sa.select(PersonSession.ended_at).order_by(PersonSession.id)).first() is not None


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address", ""])
def test_the_command_says_when_nobody_has_the_address(app: Flask, email: str) -> None:
    assert reset(app, email) == (1, f"Error: Nobody here has the address {email}. Check how it is written.\n")


def test_the_command_says_when_there_is_none_to_reset(app: Flask) -> None:
    email = staff(app, Role.ADMIN)
    assert reset(app, email) == (1, f"Error: {email} has no second factor. Nothing was changed.\n")
