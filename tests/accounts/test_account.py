"""One's own account: another password, where one is signed in, and in which layout it is shown."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.browser_names import in_words
from provider.accounts.handlers import tidy
from provider.accounts.models import PersonSession
from provider.accounts.rules import PASSWORD as PURPOSE
from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.checksums import checksums
from tests.harness.sessions import thief
from tests.harness.stories import PASSWORD, do_jobs, enroll, person, prove, sign_in, staff, token_for
from tests.harness.visitor import Page, Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
NEW = "another quiet password"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"
NOT_YOURS = "This is not the password of your account."


def is_in(visitor: Visitor) -> bool:
    answer = visitor.client.get("/account")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def change(visitor: Visitor, current: str, password: str, status: int = 303) -> Page:
    visitor.get("/account/password")
    return visitor.submit({"current": current, "password": password}, status)


def letters(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id))
        return [(letter.template, letter.recipient) for letter in rows]


@pytest.mark.parametrize("roles, office", [((), False), ((Role.EDITOR,), True)], ids=["student", "staff"])
def test_everybody_finds_their_account_in_their_own_layout(
    app: Flask, visitor: Visitor, roles: tuple[Role, ...], *, office: bool
) -> None:
    email = staff(app, *roles)
    sign_in(visitor, email)
    page = visitor.get("/staff" if office else "/my")
    assert page.all("a[href='/account']")
    for path in ("/account", "/account/password", "/account/email", "/account/sessions"):
        page = visitor.get(path)
        assert ("office" in page.all("body")[0].attrs.get("class", "")) == office
        assert bool(page.all("nav.side a[href='/staff/programs']")) == office
    facts = visitor.get("/account").words("dl.definition")
    assert facts == f"Name Sam Staff E-mail address {email} Time zone America/New York"


def test_nobody_has_an_account_page_without_signing_in(visitor: Visitor) -> None:
    assert visitor.client.get("/account/sessions").headers["Location"] == "/sign-in?next=/account/sessions"


def test_another_password_ends_every_other_session_and_a_copy_of_this_one(app: Flask, visitor: Visitor) -> None:
    email, other = staff(app), Visitor(app)
    sign_in(visitor, email)
    sign_in(other, email)
    copy = thief(app, visitor)
    page = change(visitor, PASSWORD, NEW)
    assert page.path == "/account"
    assert "Your password is changed. Every other browser is signed out." in page.text
    assert [is_in(each) for each in (visitor, other, copy)] == [True, False, False]
    assert letters(app) == [("password_changed", email)]
    other.get("/sign-in")
    other.submit({"email": email, "password": PASSWORD}, 422)
    assert sign_in(other, email, NEW).path == "/my"


@pytest.mark.parametrize(
    "current, password, errors",
    [
        ("not this one, no", NEW, {"current": [f"Current password: {NOT_YOURS}"]}),
        (PASSWORD.upper(), NEW, {"current": [f"Current password: {NOT_YOURS}"]}),
        (f"{PASSWORD} ", NEW, {"current": [f"Current password: {NOT_YOURS}"]}),
        ("", NEW, {"current": ["Current password: Fill in your password."]}),
        (PASSWORD, "password1234", {"password": ["New password: This password is easy to guess. Choose another one."]}),
        (
            PASSWORD,
            PASSWORD,
            {"password": ["New password: This is the password that you have now. Choose another one."]},
        ),
    ],
    ids=["wrong", "other case", "a blank more", "none", "common", "the same"],
)
def test_a_password_is_not_changed_by_wrong_answers(
    app: Flask, visitor: Visitor, current: str, password: str, errors: dict[str, list[str]]
) -> None:
    email = staff(app)
    sign_in(visitor, email)
    before = checksums(app)
    page = change(visitor, current, password, 422)
    assert page.errors == errors
    assert NEW not in page.text
    assert checksums(app) == before


def test_ten_wrong_current_passwords_make_one_wait(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app))
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(10):
            change(visitor, "not this one, no", NEW, 422)
        page = change(visitor, PASSWORD, NEW, 422)
    assert page.errors == {"_schema": ["That was tried too often. Wait 18 minutes and try again."]}


def test_a_password_link_dies_with_a_changed_password(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    sign_in(visitor, email)
    visitor.get("/forgot-password")
    visitor.submit({"email": email}, 200)
    do_jobs(app)
    link = f"/links/{token_for(app, PURPOSE, person(app, email))}"
    visitor.get(link)
    change(visitor, PASSWORD, NEW)
    visitor.get(link, 410)


def test_a_student_without_a_password_is_told_how_to_get_one(app: Flask, visitor: Visitor) -> None:
    prove(app, visitor, enroll(visitor))
    page = visitor.get("/account")
    assert "You have not chosen a password yet." in page.text
    assert page.all("main a[href='/forgot-password']")
    sentence = "You have not chosen a password yet. Ask for a link to set one."
    assert change(visitor, PASSWORD, NEW, 422).errors == {"current": [f"Current password: {sentence}"]}
    visitor.get("/account/email")
    page = visitor.submit({"email": "new@example.org", "current": PASSWORD}, 422)
    assert page.errors == {"current": [f"Your password: {sentence}"]}


@pytest.fixture
def two(app: Flask, visitors: Callable[[], Visitor]) -> tuple[Visitor, Visitor]:
    """One student signed in with two browsers: this one, and Firefox from elsewhere."""
    email, this, other = staff(app), visitors(), visitors()
    other.client.environ_base |= {"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": FIREFOX}
    with time_machine.travel(NOON, tick=False):
        sign_in(other, email)
        sign_in(this, email)
    return this, other


def table(page: Page) -> list[list[str]]:
    rows = page.all("main tbody tr")
    return [[" ".join(cell.to_text().split()) for cell in row.query("th, td")] for row in rows]


def test_the_open_sessions_say_browser_address_and_times(two: tuple[Visitor, Visitor]) -> None:
    this, _ = two
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        rows = table(this.get("/account/sessions"))
    began = "November 21, 2026, 7:00:00 AM EST"
    assert rows == [
        ["Unknown browser This browser", "127.0.0.1", began, began, "Sign out : Unknown browser"],
        ["Firefox on Windows", "203.0.113.9", began, began, "Sign out : Firefox on Windows"],
    ]


def test_one_session_is_ended_with_its_next_request(two: tuple[Visitor, Visitor]) -> None:
    this, other = two
    with time_machine.travel(NOON, tick=False):
        this.get("/account/sessions")
        page = this.submit({}, form=1)
        assert "That browser is signed out." in page.text
        assert [is_in(this), is_in(other), len(table(page))] == [True, False, 1]
        page = this.submit({}, form=0)
        assert (page.path, is_in(this)) == ("/sign-in", False)


def test_all_other_sessions_are_ended_at_once(two: tuple[Visitor, Visitor]) -> None:
    this, other = two
    with time_machine.travel(NOON, tick=False):
        this.get("/account/sessions")
        this.post("/account/sessions/end-others", {})
        assert "One other browser is signed out." in this.follow().text
        assert [is_in(this), is_in(other)] == [True, False]
        this.post("/account/sessions/end-others", {})
        assert "No other browser was signed in." in this.follow().text


def test_signing_out_everywhere_leaves_no_session(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    this, other = two
    with time_machine.travel(NOON, tick=False):
        copy = thief(app, this)
        this.get("/account/sessions")
        this.post("/account/sessions/end-all", {})
        page = this.follow()
        assert (page.path, "You are signed out everywhere." in page.text) == ("/sign-in", True)
        assert [is_in(each) for each in (this, other, copy)] == [False] * 3


def test_a_session_of_somebody_else_is_not_there(app: Flask, two: tuple[Visitor, Visitor], visitor: Visitor) -> None:
    this, _ = two
    sign_in(visitor, staff(app))
    with app.app_context():
        theirs = db.session.scalars(sa.select(PersonSession.reference).order_by(PersonSession.id)).first()
    visitor.get("/account/sessions")
    before = checksums(app)
    foreign = visitor.post("/account/sessions/end", {"session": str(theirs)}, 404).words("main")
    visitor.get("/account/sessions")
    for nothing in ("S-22222222", "", "x" * 500):
        visitor.get("/account/sessions")
        assert visitor.post("/account/sessions/end", {"session": nothing}, 404).words("main h1") in foreign
    assert checksums(app) == before
    with time_machine.travel(NOON, tick=False):
        assert is_in(this)


def test_sessions_that_ran_out_are_not_listed(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    this, _ = two
    with time_machine.travel(NOON, tick=False) as moved:
        for _ in range(2):
            moved.shift(dt.timedelta(hours=11))
            this.get("/account")
        assert len(table(this.get("/account/sessions"))) == 1


def test_history_keeps_which_sessions_were_ended_by_whom(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    this, _ = two
    with time_machine.travel(NOON, tick=False):
        this.get("/account/sessions")
        this.submit({}, form=1)
        this.get("/account/sessions")
        this.post("/account/sessions/end-all", {})
    with app.app_context():
        query = sa.select(History).where(History.event.like("person.session%")).order_by(History.id)
        rows = db.session.scalars(query).all()
        mine = {session.reference for session in db.session.scalars(sa.select(PersonSession))}
        assert [(row.event, row.actor_kind, row.actor_reference) for row in rows] == [
            ("person.session_ended", "student", rows[0].subject_reference),
            ("person.sessions_ended", "student", rows[0].subject_reference),
        ]
        assert (rows[0].data["session"] in mine, rows[1].data) == (True, {"sessions": 1, "but": None})


def test_signing_in_again_in_the_same_browser_leaves_no_old_session(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    sign_in(visitor, email)
    copy = thief(app, visitor)
    sign_in(visitor, email)
    assert [is_in(visitor), is_in(copy)] == [True, False]
    assert len(table(visitor.get("/account/sessions"))) == 1


def test_sessions_are_forgotten_thirty_days_after_they_ended(app: Flask, two: tuple[Visitor, Visitor]) -> None:
    this, _ = two
    with time_machine.travel(NOON, tick=False):
        this.get("/account/sessions")
        this.submit({}, form=1)

    def left(later: dt.timedelta) -> int:
        with app.app_context():
            tidy({}, now=NOON + later)
            return db.session.scalar(sa.select(sa.func.count()).select_from(PersonSession)) or 0

    assert left(dt.timedelta(days=30)) == 2
    assert left(dt.timedelta(days=30, seconds=1)) == 1
    assert left(dt.timedelta(days=37)) == 1
    assert left(dt.timedelta(days=37, seconds=1)) == 0


AGENTS = {
    FIREFOX: "Firefox on Windows",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0": "Microsoft Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605 Version/17.5 Safari/605.1": "Safari on a Mac",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1": "Safari on an iPhone",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36": "Chrome on a Chromebook",
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 OPR/99": "Opera on Linux",
    "something on Windows": "Unknown browser on Windows",
    "": "Unknown browser",
    "<script>alert(1)</script>": "Unknown browser",
}


@pytest.mark.parametrize("agent, words", AGENTS.items())
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, words: str) -> None:
    assert in_words(agent) == words
