"""Signing in and one’s own account: password, address, second factor, sessions."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts import email_changes
from provider.accounts import queries as people
from provider.accounts.links import make_link, token_of
from provider.accounts.models import Person
from provider.accounts.rules import CHANGE_EMAIL, STOP_EMAIL_CHANGE, Role
from provider.accounts.rules import PASSWORD as SET_PASSWORD
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from tests.harness.factors import APP_CODE, HALF_IN, NEW_APP_CODE, WITH_FACTOR
from tests.harness.room import (
    Case,
    Records,
    Room,
    Visit,
    by_link,
    first,
)
from tests.harness.season import Season
from tests.harness.stage import Stage
from tests.harness.stories import PASSWORD, token_for

PROOF = {"confirm_password": PASSWORD, "confirm_code": APP_CODE}
FORMS = (
    Case("sign in", None, "/sign-in", {"email": "nobody@example.org", "password": PASSWORD}),
    Case("confirm", Role.BURSAR, "/account/confirm", {"confirm_password": PASSWORD}),
    Case("own password", "fresh", "/account/password", {"current": PASSWORD, "password": "a new and quiet password"}),
    Case("own address", "fresh", "/account/email", {"email": "new@example.org", "current": PASSWORD}),
    Case("letter again", None, "/confirm-email", {"email": "nobody@example.org"}),
    Case("code", HALF_IN, "/sign-in/code", {"code": APP_CODE}),
    Case("second factor", Role.EDITOR, "/account/second-factor/new", {"code": NEW_APP_CODE}),
    Case("second factor moved", WITH_FACTOR, "/account/second-factor/move", PROOF | {"code": NEW_APP_CODE}),
    Case("recovery codes", WITH_FACTOR, "/account/second-factor/recovery-codes", PROOF),
    Case("second factor removed", WITH_FACTOR, "/account/second-factor/removal", PROOF),
    Case("forgot password", None, "/forgot-password", {"email": "nobody@example.org"}),
    Case("password", None, "/links/{password}", {"password": "a new and quiet password"}),
)
BUTTONS = {
    "/sign-out": Role.EDITOR,
    "/account/email/cancel": "fresh",
    "/account/sessions/end": "fresh",
    "/account/sessions/end-all": "fresh",
    "/account/sessions/end-others": Role.EDITOR,
    "/links/{change}": None,
    "/links/{stop}": None,
    "/links/{prove}": None,
}


def _public(stage: Stage) -> Iterator[Visit]:
    for name in ("sign-in", "forgot-password", "confirm-email"):
        yield Visit(name, f"/{name}")
        yield Visit(f"{name}-errors", f"/{name}", sent_empty=True, status=422)


def _own_account(whose: str, email: str) -> Iterator[Visit]:
    """The pages of one's own account, which a student and a member of staff see in their own layout."""
    for name, path in {"": "", "-password": "/password", "-email": "/email", "-sessions": "/sessions"}.items():
        yield Visit(f"{whose}-account{name}", f"/account{path}", email)
        if name in {"-password", "-email"}:
            yield Visit(f"{whose}-account{name}-errors", f"/account{path}", email, sent_empty=True, status=422)


def _student(stage: Stage) -> Iterator[Visit]:
    yield from _own_account("my", stage.season["paying"].email)


def _staff(stage: Stage) -> Iterator[Visit]:
    """One's own account; being asked again, and the second factor of somebody without one and of somebody with one."""
    admin = stage.season.staff[Role.ADMIN]
    yield from _own_account("staff", admin)
    for name, path, who in (
        ("account-confirm", "/account/confirm", admin),
        ("second-factor-new", "/account/second-factor/new", admin),
        ("sign-in-code", "/sign-in/code", HALF_IN),
        ("account-confirm-code", "/account/confirm", WITH_FACTOR),
        ("second-factor-move", "/account/second-factor/move", WITH_FACTOR),
        ("second-factor-codes", "/account/second-factor/recovery-codes", WITH_FACTOR),
        ("second-factor-removal", "/account/second-factor/removal", WITH_FACTOR),
    ):
        yield Visit(name, path, who)
        yield Visit(f"{name}-errors", path, who, sent_empty=True, status=422)
    yield Visit("second-factor-none", "/account/second-factor", admin)
    yield Visit("second-factor", "/account/second-factor", WITH_FACTOR)


def _email_change(school: Flask, season: Season) -> dict[str, str]:
    """Let a student ask for another address; return the tokens of the links that confirm it and that stop it."""
    with school.app_context(), unit_of_work():
        person = people.by_email(season["paying"].email)
        assert person is not None
        change = email_changes.ask(person=person, email="new@example.net", actor=SYSTEM, at=clock.now()).reference
        email_changes.ask_new_address(reference=change, at=clock.now())
    purposes = {"change": CHANGE_EMAIL, "stop": STOP_EMAIL_CHANGE}
    return {name: token_for(school, purpose, change) for name, purpose in purposes.items()}


def _password_link(school: Flask, season: Season) -> dict[str, str]:
    """Return the token of a link to set a password, a new one each time."""
    with school.app_context(), unit_of_work():
        subject = first(sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR]))
        link = make_link(purpose=SET_PASSWORD, subject=subject, at=clock.now(), lasts=dt.timedelta(hours=1))
        return {"password": token_of(link)}


RECORDS = (
    by_link("prove", "prove_email", lambda season: season["started"].enrollment),
    Records(("password",), _password_link),
    Records(("change", "stop"), _email_change),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, public=_public, student=_student, staff=_staff, records=RECORDS)
