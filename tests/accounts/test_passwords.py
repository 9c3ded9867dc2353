"""Forgotten passwords, and what a password must be."""

import datetime as dt
import unicodedata
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from config import Config
from provider.accounts import actions, queries
from provider.accounts.handlers import tidy
from provider.accounts.links import LinkClosed, make_link, token_of, use_link
from provider.accounts.models import SignedLink
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import PASSWORD as PURPOSE
from provider.accounts.rules import Role
from provider.jobs.models import Job
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from tests.harness.stories import PASSWORD, do_jobs, person, sign_in, staff, token_for
from tests.harness.visitor import Page, Visitor

NOON = dt.datetime(2026, 11, 21, 12, 40, tzinfo=dt.UTC)
NEW = "another quiet password"
EASY = "This password is easy to guess. Choose another one."
LENGTH = "Use 12 to 256 characters; several words in a row are easy to keep."


def ask(visitor: Visitor, email: str) -> Page:
    visitor.get("/forgot-password")
    page = visitor.submit({"email": email}, 200)
    do_jobs(visitor.app)
    return page


def letters(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id))
        return [(letter.template, letter.recipient) for letter in rows]


def newest(app: Flask, email: str) -> str:
    """Return the path of the newest password link of a person."""
    return f"/links/{token_for(app, PURPOSE, person(app, email))}"


def make(app: Flask, purpose: str, email: str) -> str:
    """Make a link about a person that lasts an hour; returns its token."""
    subject = person(app, email)
    with app.app_context(), unit_of_work():
        link = make_link(purpose=purpose, subject=subject, at=clock.now(), lasts=dt.timedelta(hours=1))
        return token_of(link)


def test_the_answer_is_the_same_for_known_and_unknown_addresses(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    known = ask(visitor, email).text.replace(email, "")
    unknown = ask(visitor, "nobody@example.org").text.replace("nobody@example.org", "")
    assert known == unknown
    assert letters(app) == [("password_link", email)]


def test_a_locked_account_gets_no_link(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    with app.app_context(), unit_of_work():
        found = queries.by_email(email)
        assert found is not None
        actions.disable(person=found, actor=SYSTEM, at=clock.now())
    ask(visitor, email)
    assert letters(app) == []


def test_a_link_sets_the_password_once(app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    email = staff(app, Role.BURSAR)
    signed_in = visitors()
    sign_in(signed_in, email)
    ask(visitor, email)
    link = newest(app, email)
    late = visitors()
    late.get(link)
    visitor.get(link)
    page = visitor.submit({"password": NEW})
    assert page.path == "/sign-in"
    assert "Your password is set." in page.text
    late.submit({"password": "a third quiet password"}, 410)
    late.get(link, 410)
    assert signed_in.client.get("/staff").status_code == 303
    assert visitor.client.get("/staff").status_code == 303
    assert sign_in(visitor, email, NEW).path == "/staff"
    assert letters(app) == [("password_link", email), ("password_changed", email)]


def test_only_the_newest_link_opens(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    ask(visitor, email)
    first = newest(app, email)
    ask(visitor, email)
    visitor.get(first, 410)
    visitor.get(newest(app, email))


def test_a_new_password_closes_the_links_before_it(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    ask(visitor, email)
    with app.app_context():
        hashed = hash_password(NEW)
        with unit_of_work():
            found = queries.by_email(email)
            assert found is not None
            set_password(person=found, password_hash=hashed, actor=SYSTEM, at=clock.now())
    visitor.get(newest(app, email), 410)


@pytest.mark.parametrize(
    "late, status",
    [(dt.timedelta(minutes=60), 303), (dt.timedelta(minutes=60, seconds=1), 410)],
    ids=["60 minutes", "a second more"],
)
def test_a_link_lasts_sixty_minutes(app: Flask, visitor: Visitor, late: dt.timedelta, status: int) -> None:
    email = staff(app, Role.BURSAR)
    with time_machine.travel(NOON, tick=False) as moved:
        ask(visitor, email)
        visitor.get(newest(app, email))
        moved.shift(late)
        visitor.submit({"password": NEW}, status, follow=False)


def test_three_letters_go_out_in_any_hour(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    with time_machine.travel(NOON, tick=False) as moved:
        pages = [ask(visitor, email).text for _ in range(5)]
        assert len(set(pages)) == 1
        assert len(letters(app)) == 3
        moved.shift(dt.timedelta(minutes=59, seconds=59))
        ask(visitor, email)
        assert len(letters(app)) == 3
        visitor.get(newest(app, email))
        moved.shift(dt.timedelta(seconds=1))
        ask(visitor, email)
        assert len(letters(app)) == 4


def test_a_flood_for_one_account_costs_another_nothing(app: Flask, visitor: Visitor) -> None:
    flooded, other = staff(app, Role.BURSAR), staff(app, Role.BURSAR)
    for _ in range(4):
        ask(visitor, flooded)
    ask(visitor, other)
    assert letters(app) == [("password_link", flooded)] * 3 + [("password_link", other)]


def test_a_forged_host_writes_no_link(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    visitor.get("/forgot-password")
    data = {"email": email, "csrf_token": visitor.token()}
    forged = visitor.client.post("/forgot-password", data=data, headers={"Host": "evil.example"})
    assert forged.status_code == 400
    forwarded = visitor.client.post("/forgot-password", data=data, headers={"X-Forwarded-Host": "evil.example"})
    assert forwarded.status_code == 200
    assert "evil" not in forwarded.get_data(as_text=True)
    do_jobs(app)
    with app.app_context():
        letter = db.session.scalars(sa.select(OutboxLetter)).one()
        write_link = app.extensions["registry"].letter_links
        assert write_link(letter.values["password_link"]).startswith("http://127.0.0.1:8000/links/")


def test_a_link_of_one_person_sets_nobody_elses_password(app: Flask, visitor: Visitor) -> None:
    mine, other = staff(app, Role.BURSAR), staff(app, Role.ADMIN)
    ask(visitor, mine)
    visitor.get(newest(app, mine))
    values = {"password": NEW, "email": other, "subject": person(app, other)}
    page = visitor.submit(values, 422)
    assert page.errors == {"_schema": ["This form has no such field. Reload the page and try again."]}
    visitor.submit({"password": NEW})
    assert sign_in(Visitor(app), other).path == "/staff"


def set_to(app: Flask, visitor: Visitor, password: str, status: int) -> Page:
    """Set a password by a fresh link."""
    email = staff(app, Role.BURSAR)
    visitor.get(f"/links/{make(app, PURPOSE, email)}")
    page = visitor.submit({"password": password}, status, follow=False)
    assert not password.strip() or password not in page.text
    if status == 303:
        assert sign_in(Visitor(app), email, password).path == "/staff"
    return page


GOOD = ("twelve signs", "ñandú azul veloz", "pass phrase 🐙 with legs", "K9#mz" * 51 + "!", "  blanks around it  ")
BAD = {
    "eleven sign": LENGTH,
    "K9#mz" * 51 + "!!": LENGTH,
    "": "Choose a password.",
    "            ": "Choose a password.",
    "password1234": EASY,
    "PasswordPassword": EASY,
    "1qaz2wsx3edc4rfv": EASY,
    "123456789012": EASY,
    "aaaaaaaaaaaaaaaa": EASY,
    "qwertyuiop12": EASY,
    "P@ssw0rd1234": EASY,
    "justinbieber": EASY,
}


def test_good_passwords_are_taken_as_they_are(app: Flask, visitor: Visitor) -> None:
    for password in GOOD:
        set_to(app, visitor, password, 303)


def test_bad_passwords_are_refused_with_what_to_do(app: Flask, visitor: Visitor) -> None:
    told = {password: set_to(app, visitor, password, 422).errors for password in BAD}
    assert told == {password: {"password": [f"New password: {sentence}"]} for password, sentence in BAD.items()}


def test_passwords_can_be_pasted_and_kept_by_a_manager(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    ask(visitor, email)
    visitor.get(newest(app, email))
    assert visitor.page is not None
    field = visitor.page.all("input[name=password]")[0].attrs
    assert (field["type"], field["autocomplete"]) == ("password", "new-password")
    assert not {"onpaste", "pattern", "readonly"} & set(field)


LONG = ("x7#Kq " * 11)[:64], ("ñandú 🐙 " * 16)[:128], "K9#mz" * 51 + "!"


@pytest.mark.parametrize("password", LONG, ids=lambda password: f"{len(password)} characters")
def test_long_passwords_are_taken_and_verified_to_their_last_character(
    app: Flask, visitor: Visitor, password: str
) -> None:
    email = staff(app, Role.BURSAR)
    visitor.get(f"/links/{make(app, PURPOSE, email)}")
    visitor.submit({"password": password})
    for wrong in (password[:-1], f"{password}x", password.swapcase(), f" {password}", password[: len(password) // 2]):
        visitor.get("/sign-in")
        visitor.submit({"email": email, "password": wrong}, 422)
    assert sign_in(visitor, email, password).path == "/staff"


def test_a_password_is_compared_as_it_was_typed_whatever_its_form(app: Flask, visitor: Visitor) -> None:
    email, composed = staff(app, Role.BURSAR), "caf\u00e9 na\u00efve sieben"
    visitor.get(f"/links/{make(app, PURPOSE, email)}")
    visitor.submit({"password": composed})
    visitor.get("/sign-in")
    visitor.submit({"email": email, "password": unicodedata.normalize("NFD", composed)}, 422)
    assert sign_in(visitor, email, composed).path == "/staff"


def test_every_password_field_says_what_a_manager_may_fill_in(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    link = f"/links/{make(app, PURPOSE, email)}"
    found = {}
    sign_in(visitor, email)
    for path in ("/sign-in", link, "/account/password", "/account/email", "/account/confirm"):
        fields = visitor.get(path).all("input[type=password]")
        found[path] = [field.attrs["autocomplete"] for field in fields]
        assert not {"onpaste", "oncopy", "pattern", "readonly", "maxlength"} & {n for f in fields for n in f.attrs}
    assert found == {
        "/sign-in": ["current-password"],
        link: ["new-password"],
        "/account/password": ["current-password", "new-password"],
        "/account/email": ["current-password"],
        "/account/confirm": ["current-password"],
    }
    assert visitor.get("/sign-in").all("input[name=email]")[0].attrs["autocomplete"] == "username"


def test_no_script_keeps_anybody_from_pasting(root: Path) -> None:
    scripts = [path.read_text() for path in (root / "provider/static").rglob("*.js")]
    assert scripts
    assert not [text for text in scripts if "paste" in text.lower()]


def test_a_hash_of_older_settings_is_made_anew_at_the_next_sign_in(app: Flask, visitor: Visitor) -> None:
    email = staff(app)
    older = argon2.PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)

    def stored() -> str:
        with app.app_context():
            found = queries.by_email(email)
            assert found is not None
            assert found.password_hash is not None
            return found.password_hash

    with app.app_context(), unit_of_work():
        found = queries.by_email(email)
        assert found is not None
        found.password_hash = older
    visitor.get("/sign-in")
    visitor.submit({"email": email, "password": "not this one, no"}, 422)
    assert stored() == older
    assert sign_in(visitor, email).path == "/my"
    renewed = stored()
    assert argon2.extract_parameters(renewed).memory_cost == 64
    sign_in(visitor, email)
    assert stored() == renewed


def test_a_link_page_tells_no_other_site_its_address(app: Flask, visitor: Visitor) -> None:
    page = visitor.get(f"/links/{make(app, PURPOSE, staff(app))}")
    assert page.response.headers["Referrer-Policy"] == "same-origin"
    assert page.response.headers["Cache-Control"] == "no-store"
    addresses = [link.attrs["href"] for link in page.all("a[href], link[href]")]
    assert [address for address in addresses if not address.startswith(("/", "#", "data:", "mailto:"))] == []


def test_what_was_typed_is_forgotten_a_day_after(app: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    visitor.submit({"email": "nobody@example.org", "password": "not this one, no"}, 422)
    ask(visitor, "nobody@example.org")
    kept = {}
    for hours in (23, 25):
        with app.app_context():
            tidy({}, now=clock.now() + dt.timedelta(hours=hours))
            query = sa.select(Job.kind).where(Job.payload.cast(sa.Text).contains("nobody@example.org"))
            kept[hours] = sorted(db.session.scalars(query.order_by(Job.kind)))
    assert kept == {23: ["accounts.password_link", "accounts.sign_in_failed"], 25: []}


def test_passwords_are_kept_as_argon2id(app: Flask) -> None:
    email = staff(app, Role.BURSAR)
    with app.app_context():
        found = queries.by_email(email)
        assert found is not None
        assert found.password_hash is not None
        kind = argon2.extract_parameters(found.password_hash)
    assert (kind.type, kind.parallelism, kind.hash_len) == (argon2.Type.ID, 1, 32)


def test_the_default_hash_is_as_strong_as_promised() -> None:
    assert (Config.PASSWORD_MEMORY_KIB, Config.PASSWORD_ROUNDS) == (19_456, 2)


def test_a_link_used_twice_at_once_is_used_by_one(app: Flask) -> None:
    token = make(app, PURPOSE, staff(app, Role.BURSAR))
    with app.app_context():
        with unit_of_work():
            use_link(token, purpose=PURPOSE, at=clock.now())
        with pytest.raises(LinkClosed), unit_of_work():
            use_link(token, purpose=PURPOSE, at=clock.now())
        with pytest.raises(LinkClosed), unit_of_work():
            use_link("rubbish", purpose=PURPOSE, at=clock.now())
        assert db.session.scalars(sa.select(SignedLink.used_at)).one() is not None


def test_a_link_serves_its_own_purpose_only(app: Flask) -> None:
    token = make(app, "prove_email", staff(app, Role.BURSAR))
    with app.app_context(), pytest.raises(LinkClosed), unit_of_work():
        use_link(token, purpose=PURPOSE, at=clock.now())


def test_an_invitation_gives_roles_and_a_link(app: Flask, visitor: Visitor) -> None:
    with app.app_context(), unit_of_work():
        actions.invite(
            name="Bea", email="bea@example.org", roles=frozenset({Role.BURSAR}), actor=SYSTEM, at=clock.now()
        )
    assert letters(app) == [("staff_invitation", "bea@example.org")]
    visitor.get(newest(app, "bea@example.org"))
    visitor.submit({"password": PASSWORD})
    assert sign_in(visitor, "bea@example.org").path == "/staff"
