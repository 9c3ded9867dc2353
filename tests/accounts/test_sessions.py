"""Signing in and out, and what ends a session: leaving, a new password, a lock, a role taken away, time."""

import datetime as dt

import pytest
import time_machine
from flask import Flask

from provider.accounts import actions, queries
from provider.accounts.models import Person
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.accounts.views import local
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from tests.harness.sessions import thief
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
WRONG = "The e-mail address and the password do not fit together. Check both, or ask for a link to set a new password."


def of(email: str) -> Person:
    found = queries.by_email(email)
    assert found is not None
    return found


def is_in(visitor: Visitor) -> bool:
    """Say whether the staff home opens; otherwise it leads to the sign-in page."""
    answer = visitor.client.get("/staff")
    assert answer.status_code in {200, 303}
    if answer.status_code == 303:
        assert answer.headers["Location"] == "/sign-in?next=/staff"
    return answer.status_code == 200


def leave(visitor: Visitor) -> None:
    visitor.get("/sign-in")
    visitor.post("/sign-out", {})


@pytest.mark.parametrize("role, home", [(Role.BURSAR, "/staff"), (None, "/my")], ids=["staff", "student"])
def test_signing_in_leads_home(app: Flask, visitor: Visitor, role: Role | None, home: str) -> None:
    email = staff(app, *([role] if role else []))
    assert sign_in(visitor, email.upper()).path == home


@pytest.mark.parametrize("known", [True, False], ids=["known address", "unknown address"])
def test_a_wrong_password_says_the_same_for_every_address(app: Flask, visitor: Visitor, *, known: bool) -> None:
    email = staff(app, Role.BURSAR) if known else "nobody@example.org"
    visitor.get("/sign-in")
    page = visitor.submit({"email": email, "password": "not this one, no"}, 422)
    assert page.errors == {"_schema": [WRONG]}
    assert "not this one" not in page.text
    assert page.all("input[name=email]")[0].attrs["value"] == email
    assert not is_in(visitor)


def test_an_account_without_a_password_cannot_be_entered(app: Flask, visitor: Visitor) -> None:
    with app.app_context(), unit_of_work():
        actions.add_person(
            name="Ana", email="ana@example.org", zone="UTC", proved_at=None, actor=SYSTEM, at=clock.now()
        )
    visitor.get("/sign-in")
    assert visitor.submit({"email": "ana@example.org", "password": PASSWORD}, 422).errors == {"_schema": [WRONG]}


def test_a_copied_cookie_dies_when_its_owner_signs_out(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    copy = thief(app, visitor)
    assert is_in(copy)
    leave(visitor)
    assert not is_in(visitor)
    assert not is_in(copy)


def test_signing_out_needs_the_button(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    assert visitor.client.get("/sign-out").status_code == 405
    assert visitor.client.post("/sign-out").status_code == 400
    assert is_in(visitor)


def test_a_session_typed_in_beforehand_is_not_the_one_signed_in(app: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    before = thief(app, visitor)
    sign_in(visitor, staff(app, Role.BURSAR))
    assert is_in(visitor)
    assert not is_in(before)


def test_a_new_password_ends_every_session(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    copy = thief(app, visitor)
    with app.app_context():
        hashed = hash_password("another quiet password")
        with unit_of_work():
            set_password(person=of(email), password_hash=hashed, actor=SYSTEM, at=clock.now())
    assert not is_in(visitor)
    assert not is_in(copy)
    visitor.get("/sign-in")
    visitor.submit({"email": email, "password": PASSWORD}, 422)
    assert sign_in(visitor, email, "another quiet password").path == "/staff"


def test_a_locked_account_is_out_at_once_and_until_it_is_unlocked(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    with app.app_context(), unit_of_work():
        actions.disable(person=of(email), actor=SYSTEM, at=clock.now())
    assert not is_in(visitor)
    visitor.get("/sign-in")
    assert visitor.submit({"email": email, "password": PASSWORD}, 422).errors == {"_schema": [WRONG]}
    with app.app_context(), unit_of_work():
        actions.enable(person=of(email), actor=SYSTEM, at=clock.now())
    assert not is_in(visitor)
    assert sign_in(visitor, email).path == "/staff"


def test_the_last_administrator_can_neither_be_locked_nor_lose_the_role(app: Flask) -> None:
    first = staff(app, Role.ADMIN)
    second = staff(app, Role.ADMIN, Role.EDITOR)
    with app.app_context():
        with unit_of_work():
            actions.revoke_role(person=of(first), role=Role.ADMIN, actor=SYSTEM, at=clock.now())
        with pytest.raises(actions.LastAdmin), unit_of_work():
            actions.revoke_role(person=of(second), role=Role.ADMIN, actor=SYSTEM, at=clock.now())
        with pytest.raises(actions.LastAdmin), unit_of_work():
            actions.disable(person=of(second), actor=SYSTEM, at=clock.now())
        assert [person.email for person in queries.admins()] == [second]


def test_a_role_taken_away_is_gone_with_the_next_request(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    with app.app_context(), unit_of_work():
        actions.set_roles(person=of(email), roles=frozenset(), actor=SYSTEM, at=clock.now())
    assert not is_in(visitor)
    assert sign_in(visitor, email).path == "/my"
    assert visitor.client.get("/staff").status_code == 403


def test_a_role_given_counts_from_the_next_request(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    sign_in(visitor, email)
    assert visitor.client.get("/staff").status_code == 403
    with app.app_context(), unit_of_work():
        actions.grant(person=of(email), role=Role.EDITOR, actor=SYSTEM, at=clock.now())
    assert not is_in(visitor)
    sign_in(visitor, email)
    assert is_in(visitor)


def has_session(visitor: Visitor) -> bool:
    """Say whether somebody is signed in, staff or not."""
    answer = visitor.client.get("/my")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


LENGTHS = pytest.mark.parametrize(
    "roles, idle, whole", [((), 12, 168), ((Role.BURSAR,), 2, 12)], ids=["student", "staff"]
)


@LENGTHS
def test_idle_hours_end_a_session(app: Flask, visitor: Visitor, roles: tuple[Role, ...], idle: int, whole: int) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        sign_in(visitor, staff(app, *roles))
        moved.shift(dt.timedelta(hours=idle))
        assert has_session(visitor)
        moved.shift(dt.timedelta(hours=idle, seconds=1))
        assert not has_session(visitor)


def test_an_idle_session_cannot_be_woken_by_its_own_requests(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        sign_in(visitor, staff(app, Role.BURSAR))
        moved.shift(dt.timedelta(hours=13))
        assert not is_in(visitor)
        assert not is_in(visitor)
        visitor.get("/sign-in")
        assert not is_in(visitor)


@LENGTHS
def test_a_session_ends_however_busy(
    app: Flask, visitor: Visitor, roles: tuple[Role, ...], idle: int, whole: int
) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        sign_in(visitor, staff(app, *roles))
        for _ in range(whole // idle):
            moved.shift(dt.timedelta(hours=idle))
            assert has_session(visitor)
        moved.shift(dt.timedelta(seconds=1))
        assert not has_session(visitor)


def test_a_forged_or_broken_cookie_is_nobody(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    copy = thief(app, visitor)
    name = str(app.config["SESSION_COOKIE_NAME"])
    genuine = copy.client.get_cookie(name)
    assert genuine is not None
    for forged in (genuine.value[:-3] + "abc", "." + genuine.value, "rubbish", ""):
        copy.client.set_cookie(name, forged)
        assert not is_in(copy)
    assert is_in(visitor)


SIGN_IN_TRIES = 10


def tried(visitor: Visitor, email: str, password: str, status: int, *, address: str = "127.0.0.1") -> None:
    visitor.client.environ_base["REMOTE_ADDR"] = address
    visitor.get("/sign-in")
    visitor.submit({"email": email, "password": password}, status, follow=False)


def test_ten_wrong_passwords_make_one_client_wait_for_one_account(app: Flask, visitor: Visitor) -> None:
    email, other = staff(app, Role.BURSAR), staff(app, Role.BURSAR)
    with time_machine.travel(NOON, tick=False) as moved:
        for number in range(SIGN_IN_TRIES):
            tried(visitor, email, f"wrong password {number}", 422)
        tried(visitor, email, PASSWORD, 429)
        assert visitor.page is not None
        assert visitor.page.response.headers["Retry-After"] == "1080"
        assert visitor.page.errors == {"_schema": ["That was tried too often. Wait 18 minutes and try again."]}
        assert visitor.page.all("input[name=email]")[0].attrs["value"] == email
        tried(visitor, email.upper(), PASSWORD, 429)
        tried(Visitor(app), other, PASSWORD, 303)
        tried(Visitor(app), email, PASSWORD, 303, address="203.0.113.9")
        tried(visitor, email, PASSWORD, 429)
        moved.shift(dt.timedelta(minutes=15))
        tried(visitor, email, PASSWORD, 429)
        moved.shift(dt.timedelta(minutes=3))
        tried(visitor, email, PASSWORD, 303)


def test_a_forwarded_address_is_not_believed_without_a_proxy(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    with time_machine.travel(NOON, tick=False):
        statuses = []
        for number in range(SIGN_IN_TRIES + 1):
            visitor.get("/sign-in")
            answer = visitor.client.post(
                "/sign-in",
                data={"email": email, "password": "wrong password", "csrf_token": visitor.token()},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
            statuses.append(answer.status_code)
    assert statuses == [422] * SIGN_IN_TRIES + [429]


def test_a_right_password_forgets_the_tries_before_it(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            for _ in range(SIGN_IN_TRIES - 1):
                tried(visitor, email, "wrong password", 422)
            tried(visitor, email, PASSWORD, 303)


def test_long_addresses_of_two_people_share_no_throttle(app: Flask, visitor: Visitor) -> None:
    domain = f"{'d' * 60}.{'d' * 60}.{'d' * 60}.example.org"
    with time_machine.travel(NOON, tick=False):
        for number in range(SIGN_IN_TRIES):
            tried(visitor, f"one@{domain}", f"wrong password {number}", 422)
        tried(visitor, f"one@{domain}", "wrong password", 429)
        tried(visitor, f"one@{domain}", "wrong password", 422, address="203.0.113.9")
        tried(visitor, f"two@{domain}", "wrong password", 422)


ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/staff",
    "evil.example",
    "javascript:alert(1)",
    "/%5cevil\\.example",
    "/\t/evil.example",
    "/staff\r\nLocation: https://evil.example",
    "http:///evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "",
)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_only_a_path_of_this_site_is_local(target: str) -> None:
    assert local(target) is None


@pytest.mark.parametrize("target", ["/", "/staff?state=due&q=a%26b", "/my/enrollments/E-22222222", "/%0d%0a", "/ñ"])
def test_a_path_of_this_site_is_kept(target: str) -> None:
    assert local(target) == target


def test_signing_in_never_leads_to_another_site(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    for target in ELSEWHERE:
        page = visitor.client.get("/sign-in", query_string={"next": target})
        assert page.status_code == 200
        assert "evil" not in page.get_data(as_text=True)
        visitor.get("/sign-in")
        answer = visitor.client.post(
            "/sign-in",
            query_string={"next": target},
            data={"email": email, "password": PASSWORD, "csrf_token": visitor.token()},
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")


def test_signing_in_leads_back_to_the_page_that_was_asked_for(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.ADMIN)
    answer = visitor.client.get("/staff?state=due&q=a%26b")
    assert answer.status_code == 303
    visitor.get(answer.headers["Location"])
    answer = visitor.submit({"email": email, "password": PASSWORD}, follow=False).response
    assert answer.headers["Location"] == "/staff?state=due&q=a%26b"
