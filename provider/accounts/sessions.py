"""Who a browser's session stands for; a copied cookie dies with the account's epoch."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from provider.accounts import queries
from provider.accounts.models import Person
from provider.accounts.rules import Permission, permissions
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.settings import settings
from provider.kernel.web import request_id

SEEN_STEP = dt.timedelta(minutes=5)
BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Viewer(UserMixin):
    """The signed-in person as plain values, safe to keep across units of work."""

    person_id: int
    reference: str
    name: str
    email: str
    zone: str
    epoch: int
    permissions: frozenset[Permission]

    def get_id(self) -> str:
        """Return what the session keeps; its epoch makes an old cookie worthless."""
        return f"{self.reference}.{self.epoch}"

    @property
    def is_staff(self) -> bool:
        """Somebody who may see staff pages."""
        return Permission.SEE_STAFF_PAGES in self.permissions


def viewer_of(person: Person | queries.Bearer) -> Viewer:
    """Return a person as a viewer."""
    return Viewer(
        person_id=person.id,
        reference=person.reference,
        name=person.name,
        email=person.email,
        zone=person.zone,
        epoch=person.session_epoch,
        permissions=permissions(person.roles),
    )


def begin(person: Person) -> None:
    """Sign a person in with a session of its own; what the browser had typed before stays its own."""
    browser = session.get(BROWSER)
    session.clear()
    session.permanent = True
    if browser:
        session[BROWSER] = browser
    now = clock.now().timestamp()
    session["began"] = session["seen"] = now
    login_user(viewer_of(person))


def leave() -> None:
    """Sign the browser out."""
    logout_user()
    session.clear()


def signed_in() -> Viewer | None:
    """Return who is signed in, or None."""
    return current_user if current_user.is_authenticated else None


def actor() -> Actor:
    """Return who is asking, as history keeps it."""
    viewer = signed_in()
    if viewer is None:
        return Actor(ActorKind.VISITOR, None, request_id())
    kind = ActorKind.STAFF if viewer.is_staff else ActorKind.STUDENT
    return Actor(kind, viewer.reference, request_id())


def may(permission: str) -> bool:
    """Say whether the signed-in person has a permission."""
    viewer = signed_in()
    return viewer is not None and permission in viewer.permissions


def browser_key() -> str:
    """Return the hash of this browser session's random key, which is made when there is none yet."""
    if BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(32)
        session.permanent = True
    return hashlib.sha256(session[BROWSER].encode()).hexdigest()


def known_browser() -> str | None:
    """Return the hash of this browser session's key, or None when it never enrolled here."""
    return browser_key() if BROWSER in session else None


def install(app: Flask, login: LoginManager) -> None:
    """Load viewers from sessions."""
    login.user_loader(_load)
    login.session_protection = None
    app.context_processor(lambda: {"may": may})


def _load(session_id: str) -> Viewer | None:
    reference, _, epoch = session_id.partition(".")
    now = clock.now()
    if not epoch.isdigit() or not _fresh(now):
        return None
    person = queries.of_session(reference, int(epoch))
    if person is None:
        return None
    if now.timestamp() - session["seen"] > SEEN_STEP.total_seconds():
        session["seen"] = now.timestamp()
    return viewer_of(person)


def _fresh(now: dt.datetime) -> bool:
    began, seen = session.get("began", 0), session.get("seen", 0)
    idle = dt.timedelta(hours=settings().SESSION_IDLE_HOURS)
    whole = settings().session_length
    return bool(now.timestamp() - seen <= idle.total_seconds() and now.timestamp() - began <= whole.total_seconds())
