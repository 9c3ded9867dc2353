"""People with a second factor, and the codes that their apps show."""

import pyotp
import sqlalchemy as sa
from flask import Flask

from provider.accounts import factors, queries
from provider.accounts.models import Person, SecondFactor
from provider.accounts.rules import Role, code_steps
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Page, Visitor

WITH_FACTOR = "factor@staff.example.org"  # an administrator who signs in with a code
HALF_IN = f"{WITH_FACTOR}, whose code is still asked for"
APP_CODE, NEW_APP_CODE = "the code of the app", "the code of the app that the page sets up"


def set_factor(app: Flask, email: str) -> list[str]:
    """Set an app up for somebody; returns the recovery codes."""
    with app.app_context():
        nonce, now = factors.new_nonce(), clock.now()
        with unit_of_work():
            person = queries.by_email(email, lock=True)
            assert person is not None
            key = factors.app_key(person.reference, nonce)
            first = shown(key)
            codes = factors.set_up(person=person, nonce=nonce, code=first, keep_session=None, actor=SYSTEM, at=now)
        db.session.remove()
    return codes


def shown(key: str, *, steps: int = 0) -> str:
    """Return the code that an app with a key shows now, or so many steps of 30 seconds later."""
    return pyotp.TOTP(key).generate_otp(code_steps(clock.now())[1] + steps)


def key_of(app: Flask, email: str) -> str:
    """Return the key in somebody's app."""
    with app.app_context():
        person = queries.by_email(email)
        assert person is not None
        factor = queries.second_factor(person.id)
        assert factor is not None
        key = factors.app_key(person.reference, factor.nonce)
        db.session.remove()
    return key


def unused_code(app: Flask, email: str) -> str:
    """Return a code that counts now, whatever was taken before: tests sign in faster than every 30 seconds."""
    with app.app_context():
        with unit_of_work():
            db.session.execute(sa.update(SecondFactor).values(last_step=0))
        db.session.remove()
    return shown(key_of(app, email))


def come_with_factor(app: Flask, visitor: Visitor, *, half: bool = False) -> None:
    """Let a new administrator with a second factor sign in, or get as far as the page that asks for the code."""
    email = staff(app, Role.ADMIN)
    set_factor(app, email)
    page = sign_in(visitor, email)
    if not half:
        page = visitor.submit({"code": unused_code(app, email)})
    assert page.path == ("/sign-in/code" if half else "/staff")


def new_key(page: Page) -> str:
    """Return the key on the page that sets an app up, as an app reads it."""
    (link,) = [str(one.attrs["href"]) for one in page.all("main a") if one.attrs["href"].startswith("otpauth:")]
    return str(pyotp.parse_uri(link).secret)


def good_code(app: Flask, page: Page, which: str) -> str:
    """Return the code that a form asks for: of the app set up last, or of the one that the page sets up."""
    if which == NEW_APP_CODE:
        return shown(new_key(page))
    with app.app_context():
        newest = sa.select(Person.email).join(SecondFactor).order_by(SecondFactor.person_id.desc())
        email = db.session.scalars(newest).first()
        db.session.remove()
    assert email is not None
    return unused_code(app, email)
