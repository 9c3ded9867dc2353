"""Guessing passwords: who has to wait, who never has to because of others, and what nobody learns from it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import argon2
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config
from provider.accounts import actions, queries
from provider.accounts.rules import PASSWORD as PURPOSE
from provider.accounts.rules import Role
from provider.app import create_app
from provider.history.models import History, HistoryDetail
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.statements import statements
from tests.harness.stories import ANSWERS, PASSWORD, do_jobs, open_form, person, sign_in, staff, token_for
from tests.harness.stories import answers as good_answers
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
OF_CLIENT = 100
OF_STRANGERS = 30
WRONG = "not this one, no"
STRANGERS_WAIT = (
    "Too many wrong passwords were tried for this account. You can still sign in with a browser that you signed in "
    "with before. For this browser, ask for a link to set a new password, or wait 72 minutes."
)


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def tried(visitor: Visitor, email: str, password: str = WRONG, *, address: str = "127.0.0.1") -> int:
    """Try to sign in from an address; returns the status."""
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.get("/sign-in")
    data = {"email": email, "password": password, "csrf_token": visitor.token()}
    return visitor.client.post("/sign-in", data=data).status_code


def strangers_try(app: Flask, email: str, times: int) -> list[int]:
    """Let so many strangers try, each from an address of its own."""
    stranger = Visitor(app)
    return [tried(stranger, email, address=f"198.51.100.{number}") for number in range(times)]


def test_one_client_cannot_try_a_list_of_accounts(app: Flask) -> None:
    email, thief = staff(app, Role.BURSAR), Visitor(app)
    statuses = [tried(thief, f"student{number}@example.org") for number in range(OF_CLIENT + 3)]
    assert statuses == [422] * OF_CLIENT + [429] * 3
    assert tried(thief, email, PASSWORD) == 429
    assert tried(Visitor(app), email, PASSWORD, address="203.0.113.9") == 303


def test_right_passwords_do_not_use_up_what_a_class_room_shares(app: Flask) -> None:
    emails = [staff(app) for _ in range(3)]
    for number in range(OF_CLIENT + 5):
        assert tried(Visitor(app), emails[number % 3], PASSWORD) == 303


def test_strangers_keep_nobody_out_of_a_browser_that_the_account_knows(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    assert strangers_try(app, email, OF_STRANGERS + 2) == [422] * OF_STRANGERS + [429] * 2
    new = Visitor(app)
    assert tried(new, email, PASSWORD, address="203.0.113.9") == 429
    new.get("/sign-in")
    assert new.submit({"email": email, "password": PASSWORD}, 429).errors == {"_schema": [STRANGERS_WAIT]}
    visitor.get("/sign-in")
    visitor.post("/sign-out", {})
    assert tried(visitor, email, PASSWORD, address="203.0.113.10") == 303


def test_a_link_by_mail_lets_a_new_browser_in_while_strangers_wait(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    strangers_try(app, email, OF_STRANGERS)
    visitor.get("/forgot-password")
    visitor.submit({"email": email}, 200)
    do_jobs(app)
    visitor.get(f"/links/{token_for(app, PURPOSE, person(app, email))}")
    visitor.submit({"password": "another quiet password"})
    assert tried(visitor, email, "another quiet password") == 303
    assert tried(Visitor(app), email, "another quiet password") == 429


def test_an_address_without_an_account_makes_strangers_wait_alike(app: Flask) -> None:
    assert strangers_try(app, "nobody@example.org", OF_STRANGERS + 1) == [422] * OF_STRANGERS + [429]
    page = Visitor(app)
    page.get("/sign-in")
    assert page.submit({"email": "nobody@example.org", "password": PASSWORD}, 429).errors == {
        "_schema": [STRANGERS_WAIT]
    }


def test_a_known_browser_has_ten_tries_of_its_own(app: Flask, visitor: Visitor) -> None:
    email, other = staff(app, Role.BURSAR), staff(app, Role.BURSAR)
    sign_in(visitor, email)
    visitor.post("/sign-out", {}, token=visitor.token())
    assert [tried(visitor, email, address=f"198.51.100.{n}") for n in range(11)] == [422] * 10 + [429]
    assert tried(Visitor(app), email, PASSWORD) == 303
    assert tried(visitor, other, PASSWORD) == 303


def test_a_browser_is_known_to_its_own_accounts_only(app: Flask, visitor: Visitor) -> None:
    email, mine = staff(app, Role.BURSAR), staff(app)
    sign_in(visitor, mine)
    strangers_try(app, email, OF_STRANGERS)
    assert tried(visitor, email, PASSWORD) == 429
    cookie = visitor.client.get_cookie("device-8000")
    assert cookie is not None
    device, seal = cookie.value.split(".")
    for forged in (device, f"{device}.{seal[:-1]}A", f"other.{seal}", f"{device}.", "....", "ñ.ñ", "x" * 3000):
        visitor.client.set_cookie("device-8000", forged)
        assert tried(visitor, email, PASSWORD) == 429


def test_a_browser_keeps_the_last_five_accounts(app: Flask, visitor: Visitor) -> None:
    emails = [staff(app) for _ in range(6)]
    for email in emails:
        sign_in(visitor, email)
    for email in emails:
        strangers_try(app, email, OF_STRANGERS)
    assert [tried(visitor, email, PASSWORD) for email in emails] == [429] + [303] * 5


def test_the_cookie_of_a_known_browser_is_kept_from_scripts_and_other_sites(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    visitor.get("/sign-in")
    answer = visitor.submit({"email": email, "password": PASSWORD}, follow=False)
    (cookie,) = [each for each in answer.response.headers.getlist("Set-Cookie") if each.startswith("device-")]
    assert {"HttpOnly", "Path=/", "SameSite=Strict", "Max-Age=31536000"} <= set(cookie.split("; "))
    assert person(app, email) not in cookie


def asked(app: Flask, visitor: Visitor, path: str, values: dict[str, str]) -> tuple[int, list[str], int, str]:
    """Send a form; returns the status, the statements, how many hashes were made, and the page's words."""
    visitor.get(path)
    hashes = 0
    made, verified = argon2.PasswordHasher.hash, argon2.PasswordHasher.verify

    def count(original: object) -> object:
        def counted(*given: object, **named: object) -> object:
            nonlocal hashes
            hashes += 1
            return original(*given, **named)  # type: ignore[operator]

        return counted

    with pytest.MonkeyPatch.context() as patch, statements(app) as sent:
        patch.setattr(argon2.PasswordHasher, "hash", count(made))
        patch.setattr(argon2.PasswordHasher, "verify", count(verified))
        answer = visitor.client.post(path, data=values | {"csrf_token": visitor.token()})
    text = answer.get_data(as_text=True).replace(values["email"], "").replace(visitor.token(), "")
    return answer.status_code, sent.statements, hashes, text


def known_and_unknown(app: Flask) -> dict[str, str]:
    """Return an address of each kind: nobody's, somebody's, without a password, locked."""
    found = {"nobody's": "nobody@example.org", "somebody's": staff(app, Role.BURSAR), "locked": staff(app)}
    with app.app_context(), unit_of_work():
        at = clock.now()
        actions.add_person(name="Ana", email="no.word@example.org", zone="UTC", proved_at=at, actor=SYSTEM, at=at)
        locked = queries.by_email(found["locked"])
        assert locked is not None
        actions.disable(person=locked, actor=SYSTEM, at=at)
    return found | {"without a password": "no.word@example.org"}


@pytest.mark.parametrize("path", ["/sign-in", "/forgot-password"])
def test_known_and_unknown_addresses_cost_the_same_and_say_the_same(app: Flask, path: str) -> None:
    found = {}
    for kind, email in known_and_unknown(app).items():
        values = {"email": email} | ({"password": "not this one, no"} if path == "/sign-in" else {})
        found[kind] = asked(app, Visitor(app), path, values)
    assert found["nobody's"][2] == (1 if path == "/sign-in" else 0)
    assert {kind: answer == found["nobody's"] for kind, answer in found.items()} == dict.fromkeys(found, True)


def test_the_right_password_of_a_locked_account_looks_like_a_wrong_one(app: Flask) -> None:
    locked = known_and_unknown(app)["locked"]
    right, wrong = (
        asked(app, Visitor(app), "/sign-in", {"email": locked, "password": password})
        for password in (PASSWORD, "wrong")
    )
    assert right == wrong


def test_enrolling_with_a_known_address_costs_and_says_the_same(app: Flask) -> None:
    known, found = staff(app), []
    for email in ("nobody@example.org", known):
        visitor = Visitor(app)
        open_form(visitor)
        values = {**good_answers(visitor), "email": email}
        assert visitor.page is not None
        hidden = {
            field.attrs["name"]: field.attrs["value"] for field in visitor.page.all("main form input[type=hidden]")
        }
        with statements(app) as sent:
            answer = visitor.client.post("/programs/ccma/enroll", data={**hidden, "plan": "upfront", **values})
        place = answer.headers["Location"].rpartition("/")[0]
        found.append((answer.status_code, place, sent.statements))
    assert found[0][0] == 303
    assert found[0] == found[1]
    assert ANSWERS["email"] != known


def events(app: Flask) -> list[tuple[str, str | None, str | None]]:
    with app.app_context():
        query = (
            sa.select(History.event, History.actor_kind, HistoryDetail.data)
            .outerjoin(HistoryDetail, HistoryDetail.history_id == History.id)
            .where(History.event.like("person.sign%"))
            .order_by(History.id)
        )
        return [(event, kind, data and data["client"]) for event, kind, data in db.session.execute(query)]


def test_history_tells_who_signed_in_and_out_and_who_failed(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    assert tried(visitor, email, address="198.51.100.7") == 422
    assert tried(visitor, "nobody@example.org", address="198.51.100.7") == 422
    do_jobs(app)
    assert tried(visitor, email, PASSWORD, address="203.0.113.9") == 303
    visitor.get("/sign-in")
    visitor.get("/staff")
    visitor.post("/sign-out", {})
    assert events(app) == [
        ("person.sign_in_failed", "visitor", "198.51.100.7"),
        ("person.signed_in", "staff", "203.0.113.9"),
        ("person.signed_out", "staff", None),
    ]
    with app.app_context():
        rows = db.session.scalars(sa.select(History).where(History.event.like("person.sign%"))).all()
        assert {row.subject_reference for row in rows} == {person(app, email)}
        assert not any("198.51" in str(row.data) or "203.0" in str(row.data) or email in str(row.data) for row in rows)


@pytest.mark.parametrize(
    "hops, forwarded, seen",
    [
        (0, "203.0.113.1", "127.0.0.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        (2, "203.0.113.1", "127.0.0.1"),
        (2, "198.51.100.1, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
    ],
    ids=["no proxy", "one", "one and a lie", "two and too few", "two and a lie"],
)
def test_a_clients_address_is_what_the_trusted_proxies_say(
    config: Config, hops: int, forwarded: str, seen: str
) -> None:
    trusting = create_app(replace(config, TRUSTED_PROXIES=hops))
    assert isinstance(trusting.wsgi_app, ProxyFix) == bool(hops)
    trusting.add_url_rule("/seen", "seen", lambda: f"{request.remote_addr}")
    answer = trusting.test_client().get("/seen", headers={"X-Forwarded-For": forwarded})
    assert answer.get_data(as_text=True) == seen


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_turning_the_forwarded_address_escapes_no_limit(app: Flask, config: Config, hops: int) -> None:
    email = staff(app, Role.BURSAR)
    behind = create_app(replace(config, TRUSTED_PROXIES=hops))
    client = Visitor(behind)
    statuses = []
    for number in range(11):
        client.get("/sign-in")
        proxies = ", ".join([f"198.51.100.{number}", "203.0.113.5", "10.0.0.1"][: hops + 1])
        answer = client.client.post(
            "/sign-in",
            data={"email": email, "password": "not this one, no", "csrf_token": client.token()},
            headers={"X-Forwarded-For": proxies},
        )
        statuses.append(answer.status_code)
    with behind.app_context():
        db.engine.dispose()
    assert statuses == [422] * 10 + [429]
