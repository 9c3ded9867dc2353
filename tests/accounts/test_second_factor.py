"""The second factor: set up, asked for, used once, lost, moved, taken off."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from threading import Barrier

import pyotp
import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from time_machine import Traveller

from provider.accounts import factors, queries
from provider.accounts.factors import KeyChanged, NoFactor, WrongCode, take_code
from provider.accounts.models import Person, PersonSession, RecoveryCode, SecondFactor
from provider.accounts.rules import Role, code_steps, grouped, is_app_code, typed_code
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, rows_changed, table, unit_of_work
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from tests.harness.checksums import APART, checksums
from tests.harness.factors import key_of, new_key, set_factor, shown, unused_code
from tests.harness.money import at_once
from tests.harness.sessions import thief
from tests.harness.soak import repetitions
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Page, Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
STEP = dt.timedelta(seconds=30)
SEEN = APART | {"person_session"}
WRONG = "This code does not fit. Each works once and for a short time: wait for the next one in your app."


@pytest.fixture
def moved() -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def of(email: str) -> Person:
    found = queries.by_email(email)
    assert found is not None
    return found


def take(app: Flask, email: str, code: str) -> None:
    with app.app_context(), unit_of_work():
        take_code(person=of(email), code=code, actor=SYSTEM, at=clock.now())


def fits(app: Flask, email: str, code: str) -> bool:
    try:
        take(app, email, code)
    except WrongCode:
        return False
    return True


def told(app: Flask) -> list[str]:
    """Return what letters about second factors said, in order."""
    with app.app_context():
        query = sa.select(OutboxLetter.values).where(OutboxLetter.template == "second_factor").order_by(OutboxLetter.id)
        return [str(values["what"]) for values in db.session.scalars(query)]


def events(app: Flask) -> list[str]:
    with app.app_context():
        query = sa.select(History.event).where(History.event.like("person.%factor%")).order_by(History.id)
        return list(db.session.scalars(query))


def is_in(visitor: Visitor) -> bool:
    return visitor.client.get("/staff").status_code == 200


def half_in(app: Flask, visitor: Visitor, email: str | None = None) -> str:
    """Give the password of somebody with a second factor."""
    address = email or staff(app, Role.BURSAR)
    if email is None:
        set_factor(app, address)
    assert sign_in(visitor, address).title == "Enter your code"
    return address


# What is pure.


@pytest.mark.parametrize(
    "seconds, first, last", [(0, -1, 1), (29, -1, 1), (30, 0, 2)], ids=["begins", "last second", "next step"]
)
def test_the_codes_of_three_steps_are_taken(seconds: int, first: int, last: int) -> None:
    steps = code_steps(NOON + dt.timedelta(seconds=seconds))
    now = int(NOON.timestamp()) // 30
    assert (steps[0] - now, steps[-1] - now, len(steps)) == (first, last, 3)


@pytest.mark.parametrize(
    "typed, code", [("123 456", "123456"), (" 123-456\n", "123456"), ("abcd efgh", "ABCDEFGH"), ("", "")]
)
def test_a_code_is_read_as_people_type_it(typed: str, code: str) -> None:
    assert typed_code(typed) == code


@pytest.mark.parametrize("code, app", [("123456", True), ("12345", False), ("1234567", False), ("١٢٣٤٥٦", False)])
def test_six_digits_are_a_code_of_an_app(code: str, *, app: bool) -> None:
    assert is_app_code(code) is app


def test_long_codes_are_written_in_groups() -> None:
    assert grouped("ABCDEFGHIJ") == "ABCD EFGH IJ"


def test_the_first_vector_of_the_standard_is_met() -> None:
    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: the ASCII digits 1 to 0, twice
    at = dt.datetime(1970, 1, 1, 0, 0, 59, tzinfo=dt.UTC)
    assert factors.fitting_step(key, "287082", at=at) == 1
    assert factors.fitting_step(key, "287083", at=at) is None


# Taking codes.


def test_a_code_is_taken_once(app: Flask, moved: Traveller) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    moved.shift(2 * STEP)
    code = shown(key_of(app, email))
    assert fits(app, email, code)
    assert not fits(app, email, code)


def test_the_code_that_set_the_app_up_is_used_up(app: Flask, moved: Traveller) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    assert not fits(app, email, shown(key_of(app, email)))
    moved.shift(STEP)
    assert fits(app, email, shown(key_of(app, email)))


@pytest.mark.parametrize("steps, taken", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_differ_by_half_a_minute(app: Flask, moved: Traveller, steps: int, *, taken: bool) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    moved.shift(10 * STEP)
    assert fits(app, email, shown(key_of(app, email), steps=steps)) is taken


def test_an_earlier_code_is_dead_once_a_later_one_was_taken(app: Flask, moved: Traveller) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    moved.shift(10 * STEP)
    assert fits(app, email, shown(key_of(app, email), steps=1))
    assert not fits(app, email, shown(key_of(app, email)))


def test_a_recovery_code_stands_in_once(app: Flask) -> None:
    email = staff(app, Role.BURSAR)
    first, second, *_ = set_factor(app, email)
    assert fits(app, email, grouped(first).lower())
    assert not fits(app, email, first)
    assert fits(app, email, second)
    with app.app_context():
        assert queries.recovery_codes_left(of(email).id) == 8
    assert told(app) == ["set", "recovery_code_used", "recovery_code_used"]


def test_the_codes_of_one_are_not_those_of_another(app: Flask, moved: Traveller) -> None:
    one, other = staff(app, Role.BURSAR), staff(app, Role.BURSAR)
    codes = set_factor(app, one)
    set_factor(app, other)
    moved.shift(10 * STEP)
    assert not fits(app, other, codes[0])
    assert not fits(app, other, shown(key_of(app, one)))


def test_who_has_no_second_factor_can_give_no_code(app: Flask) -> None:
    with pytest.raises(NoFactor):
        take(app, staff(app, Role.BURSAR), "123456")


def test_the_tables_alone_make_no_code(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    email = staff(app, Role.BURSAR)
    codes = set_factor(app, email)
    key = key_of(app, email)
    with app.app_context():
        rows = [
            *db.session.execute(sa.select(table(SecondFactor))),
            *db.session.execute(sa.select(table(RecoveryCode))),
        ]
        kept = "\n".join(str(tuple(row)) for row in rows)
        assert key not in kept
        assert not any(code in kept for code in codes)
        person, factor = of(email).reference, queries.second_factor(of(email).id)
        assert factor is not None
        monkeypatch.setattr(factors, "settings", lambda: replace(settings(), SECRET_KEY="another"))
        assert factors.app_key(person, factor.nonce) != key


def test_another_key_of_the_school_leaves_the_recovery_codes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    email = staff(app, Role.BURSAR)
    codes = set_factor(app, email)
    monkeypatch.setattr(factors, "settings", lambda: replace(settings(), SECRET_KEY="another"))
    with pytest.raises(KeyChanged):
        take(app, email, "123456")
    assert fits(app, email, codes[0])


@pytest.mark.parametrize("guarded, taken", [(False, 4), (True, 1)], ids=["guard off", "guard on"])
def test_looking_first_lets_everybody_in_and_the_condition_in_the_update_one(
    app: Flask, *, guarded: bool, taken: int
) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    unused_code(app, email)
    all_have_looked = Barrier(4)

    def take_step() -> bool:
        person = queries.by_email(email)
        assert person is not None
        factor, step = queries.second_factor(person.id), code_steps(clock.now())[0]
        assert factor is not None
        assert factor.last_step < step
        all_have_looked.wait()
        update = sa.update(SecondFactor).where(SecondFactor.person_id == factor.person_id)
        with unit_of_work():
            return (
                rows_changed(
                    (update.where(SecondFactor.last_step < step) if guarded else update).values(last_step=step)
                )
                == 1
            )

    assert Counter(at_once(app, *[take_step] * 4))[True] == taken


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_of_four_who_use_a_code_at_once_one_gets_in(app: Flask, _round: int) -> None:
    email = staff(app, Role.BURSAR)
    codes = set_factor(app, email)
    for code in (unused_code(app, email), codes[0]):
        found = at_once(app, *[lambda code=code: take(app, email, code)] * 4)
        assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "WrongCode": 3}


# Signing in.


def test_the_password_alone_opens_nothing(app: Flask, visitor: Visitor) -> None:
    email = half_in(app, visitor)
    assert not is_in(visitor)
    with app.app_context():
        assert db.session.scalars(sa.select(sa.func.count()).select_from(PersonSession)).one() == 0
    assert visitor.client.get("/account/second-factor").status_code == 303
    visitor.get("/sign-in/code")
    assert visitor.submit({"code": unused_code(app, email)}).path == "/staff"
    assert is_in(visitor)


def test_a_recovery_code_opens_too(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    codes = set_factor(app, email)
    half_in(app, visitor, email)
    assert visitor.submit({"code": grouped(codes[0])}).path == "/staff"


def test_signing_in_leads_on_to_the_page_that_was_asked_for(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.ADMIN)
    set_factor(app, email)
    visitor.get("/sign-in?next=/staff/people")
    visitor.submit({"email": email, "password": PASSWORD})
    assert visitor.submit({"code": unused_code(app, email)}).path == "/staff/people"


def test_a_wrong_code_opens_nothing_and_is_remembered(app: Flask, visitor: Visitor) -> None:
    half_in(app, visitor)
    page = visitor.submit({"code": "000000"}, 422)
    assert page.errors == {"code": [f"Code: {WRONG}"]}
    assert "000000" not in page.text
    assert visitor.submit({"code": ""}, 422).errors == {"code": ["Code: Fill in the code."]}
    assert not is_in(visitor)
    with app.app_context():
        assert db.session.scalars(sa.select(History.event).order_by(History.id.desc()).limit(1)).one() == (
            "person.code_refused"
        )


def test_five_wrong_codes_make_one_wait(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    email = half_in(app, visitor)
    for _ in range(5):
        visitor.submit({"code": "000000"}, 422)
    page = visitor.submit({"code": unused_code(app, email)}, 422)
    assert page.errors == {"_schema": ["That was tried too often. Wait 18 minutes and try again."]}
    moved.shift(dt.timedelta(minutes=18))
    half_in(app, visitor, email)
    assert visitor.submit({"code": unused_code(app, email)}).path == "/staff"


def test_many_clients_share_one_limit_for_an_account(app: Flask, moved: Traveller) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    visitor = Visitor(app)
    half_in(app, visitor, email)
    for number in range(20):
        visitor.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        visitor.submit({"code": "000000"}, 422)
    visitor.client.environ_base["REMOTE_ADDR"] = "203.0.113.99"
    assert list(visitor.submit({"code": unused_code(app, email)}, 422).errors) == ["_schema"]


def test_a_right_code_forgets_the_tries_before_it(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    email = staff(app, Role.BURSAR)
    set_factor(app, email)
    for _ in range(3):
        half_in(app, visitor, email)
        for _ in range(4):
            visitor.submit({"code": "000000"}, 422)
        assert visitor.submit({"code": unused_code(app, email)}).path == "/staff"


def test_ten_minutes_after_the_password_it_is_asked_for_again(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    email = half_in(app, visitor)
    moved.shift(dt.timedelta(minutes=10))
    visitor.get("/sign-in/code")
    moved.shift(dt.timedelta(seconds=1))
    page = visitor.submit({"code": unused_code(app, email)})
    assert (page.path, is_in(visitor)) == ("/sign-in", False)


def test_without_a_password_no_code_is_asked_for(visitor: Visitor) -> None:
    answer = visitor.client.get("/sign-in/code?next=//evil.example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    visitor.get("/sign-in")
    assert visitor.post("/sign-in/code", {"code": "123456"}).response.headers["Location"] == "/sign-in"


@pytest.mark.parametrize("change", ["password", "lock"])
def test_a_new_password_or_a_lock_ends_the_wait_for_a_code(app: Flask, visitor: Visitor, change: str) -> None:
    email = half_in(app, visitor)
    with app.app_context(), unit_of_work():
        values = {"password_hash": "another"} if change == "password" else {"disabled_at": clock.now()}
        db.session.execute(sa.update(Person).where(Person.email == email).values(**values))
    assert visitor.submit({"code": unused_code(app, email)}).path == "/sign-in"
    assert not is_in(visitor)


def test_a_half_signed_in_cookie_opens_nothing_for_a_thief(app: Flask, visitor: Visitor) -> None:
    email = half_in(app, visitor)
    copy = thief(app, visitor)
    code = unused_code(app, email)
    visitor.submit({"code": code})
    assert not is_in(copy)
    copy.get("/sign-in/code")
    assert copy.submit({"code": code}, 422).errors == {"code": [f"Code: {WRONG}"]}


# Setting it up.


def open_app_page(visitor: Visitor) -> tuple[Page, str]:
    """Open the page that sets an app up; returns it with the key as an app reads it from the code."""
    page = visitor.get("/account/second-factor/new")
    return page, new_key(page)


def set_up_by_page(visitor: Visitor) -> list[str]:
    _, key = open_app_page(visitor)
    page = visitor.submit({"code": shown(key)}, 200)
    assert page.title == "Your recovery codes"
    return [one.to_text() for one in page.all(".codes code")]


def test_setting_up_shows_the_key_and_then_ten_codes_once(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    page, key = open_app_page(visitor)
    assert page.words("main .key") == grouped(key)
    assert len(page.all("main .qr svg")) == 1
    assert open_app_page(visitor)[1] == key
    before = checksums(app, SEEN)
    assert visitor.submit({"code": "000000"}, 422).errors == {
        "code": [f"Code that the app shows now: {factors.NEW_APP_WRONG}"]
    }
    assert checksums(app, SEEN) == before
    codes = set_up_by_page(visitor)
    assert (len(set(codes)), {len(code) for code in codes}) == (10, {19})
    page = visitor.get("/account/second-factor")
    assert "Recovery codes left 10" in page.words()
    assert not any(code in page.text for code in codes)
    assert (told(app), events(app)) == (["set"], ["person.second_factor_set"])
    assert key_of(app, email) == key


def test_the_saved_file_holds_the_codes(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    codes = set_up_by_page(visitor)
    assert visitor.page is not None
    (link,) = [one for one in visitor.page.all("main a") if "download" in one.attrs]
    assert all(re.sub(" ", "%20", code) in link.attrs["href"] for code in codes)


def test_the_picture_says_what_the_app_reads(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    sign_in(visitor, email)
    page, key = open_app_page(visitor)
    (link,) = [one.attrs["href"] for one in page.all("main a") if one.attrs["href"].startswith("otpauth:")]
    read = pyotp.parse_uri(link)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (key, email, "Sample School of Health Careers")
    assert (read.digits, read.interval) == (6, 30)


def test_a_key_is_nobody_elses(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    other = Visitor(app)
    sign_in(other, staff(app, Role.BURSAR))
    assert open_app_page(visitor)[1] != open_app_page(other)[1]


def test_setting_it_up_ends_the_sessions_that_began_without_it(app: Flask, visitor: Visitor) -> None:
    email, other = staff(app, Role.BURSAR), Visitor(app)
    sign_in(other, email)
    sign_in(visitor, email)
    set_up_by_page(visitor)
    assert (is_in(visitor), is_in(other)) == (True, False)


def test_an_old_session_is_asked_who_it_is_before_setting_one_up(
    app: Flask, visitor: Visitor, moved: Traveller
) -> None:
    sign_in(visitor, staff(app, Role.BURSAR))
    moved.shift(dt.timedelta(minutes=11))
    answer = visitor.client.get("/account/second-factor/new")
    assert answer.headers["Location"] == "/account/confirm?next=/account/second-factor/new"


def test_a_student_is_not_offered_one(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app))
    for path in ("", "/new", "/move", "/recovery-codes", "/removal"):
        visitor.get(f"/account/second-factor{path}", 403)


# Changing it: always password and code.


def signed_in_with_code(app: Flask, visitor: Visitor) -> str:
    email = half_in(app, visitor)
    visitor.submit({"code": unused_code(app, email)})
    return email


def test_new_recovery_codes_replace_the_old_ones(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    old = set_factor(app, email)
    half_in(app, visitor, email)
    visitor.submit({"code": unused_code(app, email)})
    visitor.get("/account/second-factor/recovery-codes")
    page = visitor.submit({"confirm_password": PASSWORD, "confirm_code": unused_code(app, email)}, 200)
    new = [one.to_text() for one in page.all(".codes code")]
    assert len(new) == 10
    assert not fits(app, email, old[0])
    assert fits(app, email, new[0])
    assert told(app) == ["set", "recovery_codes", "recovery_code_used"]


def test_removing_it_takes_password_and_code(app: Flask, visitor: Visitor) -> None:
    email = signed_in_with_code(app, visitor)
    visitor.get("/account/second-factor/removal")
    before = checksums(app, SEEN | {"history", "history_detail"})
    for proof in (
        {"confirm_password": PASSWORD, "confirm_code": ""},
        {"confirm_password": PASSWORD, "confirm_code": "000000"},
        {"confirm_password": "not this one, no", "confirm_code": unused_code(app, email)},
    ):
        before = checksums(app, SEEN | {"history", "history_detail", "second_factor"})
        assert visitor.submit(proof, 422).title == "Remove the second factor"
        assert checksums(app, SEEN | {"history", "history_detail", "second_factor"}) == before
    page = visitor.submit({"confirm_password": PASSWORD, "confirm_code": unused_code(app, email)})
    assert page.words(".tag") == "Not set"
    assert told(app) == ["set", "removed"]
    assert sign_in(Visitor(app), email).path == "/staff"


def test_moving_to_another_phone_takes_a_code_of_each(app: Flask, visitor: Visitor) -> None:
    email = signed_in_with_code(app, visitor)
    old = key_of(app, email)
    visitor.get("/account/second-factor/new", 303)
    page = visitor.follow()
    key = new_key(page)
    assert key != old
    proof = {"confirm_password": PASSWORD, "confirm_code": unused_code(app, email)}
    assert list(visitor.submit({"code": "000000", **proof}, 422).errors) == ["code"]
    assert visitor.submit({"code": shown(key), **proof}, 200).title == "Your recovery codes"
    assert key_of(app, email) == key
    assert told(app) == ["set", "renewed"]
    assert is_in(visitor)


def test_asked_again_somebody_with_one_gives_both(app: Flask, visitor: Visitor, moved: Traveller) -> None:
    email = signed_in_with_code(app, visitor)
    moved.shift(dt.timedelta(minutes=11))
    visitor.get("/account/confirm")
    assert list(visitor.submit({"confirm_password": PASSWORD}, 422).errors) == ["confirm_code"]
    assert visitor.submit({"confirm_password": PASSWORD, "confirm_code": unused_code(app, email)}).path == "/staff"
