"""Whether the time of an answer tells who has an account: with the hashes of a real school, in `make soak` only."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.accounts.models import Throttle
from provider.accounts.rules import Role
from provider.kernel.database import db, unit_of_work
from tests.harness.soak import SOAK
from tests.harness.stories import PASSWORD, answers, open_form, sign_in, staff
from tests.harness.visitor import Visitor

TRIES = 200
MOST_APART = 0.020
pytestmark = pytest.mark.skipif(not SOAK, reason="measures time: make soak")
Post = Callable[[str], None]


@pytest.fixture
def real(app: Flask) -> Iterator[Flask]:
    """The school with the password hashes that it has in production, and limits that the test does not reach."""
    known = app.extensions["settings"]
    app.extensions["settings"] = replace(
        known,
        PASSWORD_MEMORY_KIB=Config.PASSWORD_MEMORY_KIB,
        PASSWORD_ROUNDS=Config.PASSWORD_ROUNDS,
        SIGN_IN_TRIES=10**6,
        SIGN_IN_TRIES_OF_CLIENT=10**6,
        SIGN_IN_TRIES_OF_STRANGERS=10**6,
        LINK_LETTERS_PER_HOUR=10**6,
        ENROLLMENTS_PER_HOUR=10**6,
    )
    yield app
    app.extensions["settings"] = known


def opened(visitor: Visitor, path: str) -> str:
    visitor.get(path)
    return visitor.token()


def signing_in(app: Flask) -> Post:
    visitor = Visitor(app)
    token = opened(visitor, "/sign-in")
    data = {"password": "not this one, no", "csrf_token": token}

    def post(email: str) -> None:
        assert visitor.client.post("/sign-in", data={**data, "email": email}).status_code == 422

    return post


def asking(path: str) -> Callable[[Flask], Post]:
    def made(app: Flask) -> Post:
        visitor = Visitor(app)
        token = opened(visitor, path)

        def post(email: str) -> None:
            assert visitor.client.post(path, data={"email": email, "csrf_token": token}).status_code == 200

        return post

    return made


def enrolling(app: Flask) -> Post:
    def post(email: str) -> None:
        visitor = Visitor(app)
        open_form(visitor)
        visitor.submit({**answers(visitor), "email": email}, follow=False)

    return post


def changing_address(app: Flask) -> Post:
    visitor = Visitor(app)
    sign_in(visitor, staff(app))
    token = opened(visitor, "/account/email")

    def post(email: str) -> None:
        data = {"email": email, "current": PASSWORD, "csrf_token": token}
        assert visitor.client.post("/account/email", data=data).status_code == 303
        with app.app_context(), unit_of_work():
            db.session.execute(sa.delete(Throttle))

    return post


@pytest.mark.parametrize(
    "door",
    [signing_in, asking("/forgot-password"), asking("/confirm-email"), enrolling, changing_address],
    ids=["sign in", "forgot password", "letter again", "enroll", "change address"],
)
def test_known_and_unknown_addresses_take_the_same_time(real: Flask, door: Callable[[Flask], Post]) -> None:
    emails = {"known": staff(real, Role.BURSAR), "unknown": "nobody.at.all@example.org"}
    post, took = door(real), {name: list[float]() for name in emails}
    for email in emails.values():
        post(email)
    for number in range(TRIES):
        for name in sorted(emails, reverse=bool(number % 2)):
            began = time.perf_counter()
            post(emails[name])
            took[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(times) for name, times in took.items()}
    assert abs(medians["known"] - medians["unknown"]) < MOST_APART, medians
