"""Who a browser's session stands for; the table of sessions decides, so a copied cookie dies with its session."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from flask import Flask, Response, abort, g, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from provider.accounts import devices, queries, session_rows
from provider.accounts.links import hash_of
from provider.accounts.models import PersonSession
from provider.accounts.rules import LONGEST_BROWSER, STUDENT, VISITOR, Asker, Permission, permissions, session_lasts
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import Busy, unit_of_work
from provider.kernel.doors import sign_in_first
from provider.kernel.errors import NotFound
from provider.kernel.settings import settings
from provider.kernel.web import client, request_id

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
    session: str
    confirmed_at: dt.datetime
    is_staff: bool
    has_factor: bool
    permissions: frozenset[Permission]

    @property
    def lacks_factor(self) -> bool:
        """Somebody of the staff who has to set up a second factor before anything of the back office opens."""
        return requires_factor(self) and not self.has_factor


@dataclass(frozen=True, slots=True)
class Key(UserMixin):
    """What a new session's cookie keeps."""

    value: str

    def get_id(self) -> str:
        """Return the key that only this cookie has."""
        return self.value


def begin(reference: str) -> None:
    """Sign a person in with a session of its own; what the browser had typed before stays its own."""
    browser, before, now = session.get(BROWSER), signed_in(), clock.now()
    with unit_of_work():
        if before is not None:
            session_rows.end_session(reference=before.session, at=now)
        key = session_rows.start_session(
            person=queries.by_reference(reference), browser=user_agent(), client=client(), request=request_id(), at=now
        )
    devices.remember(reference)
    session.clear()
    session.permanent = True
    if browser:
        session[BROWSER] = browser
    login_user(Key(key))


def renew(key: str) -> None:
    """Let this browser go on with another key of its session."""
    login_user(Key(key))


def lasting(person_id: int, *, staff: bool) -> list[PersonSession]:
    """Return the sessions of a person that still stand, the last used first."""
    now = clock.now()
    return [each for each in queries.open_sessions(person_id) if _lasts(each.began_at, each.seen_at, now, staff=staff)]


def layout() -> str:
    """Return the layout that the signed-in person's own pages have."""
    viewer = signed_in()
    return "_layouts/staff.html" if viewer is not None and viewer.is_staff else "_layouts/my.html"


def user_agent() -> str:
    """Return what the browser calls itself."""
    return request.headers.get("User-Agent", "")[:LONGEST_BROWSER]


def leave() -> None:
    """Sign the browser out."""
    logout_user()
    session.clear()


def signed_in() -> Viewer | None:
    """Return who is signed in, or None."""
    return current_user if current_user.is_authenticated else None


def viewer() -> Viewer:
    """Return who is signed in, for pages of an account; nobody else gets further than to signing in."""
    return signed_in() or abort(sign_in_first())


def owner() -> Viewer:
    """Return who is signed in, for a record of an account; to anybody else it is not there."""
    found = signed_in()
    if found is None:
        raise NotFound
    return found


def actor() -> Actor:
    """Return who is asking, as history keeps it."""
    viewer = signed_in()
    if viewer is None:
        return Actor(ActorKind.VISITOR, None, request_id())
    kind = ActorKind.STAFF if viewer.is_staff else ActorKind.STUDENT
    return Actor(kind, viewer.reference, request_id())


def requires_factor(viewer: Viewer) -> bool:
    """Say whether somebody needs a second factor: staff, on a machine that others can reach."""
    return viewer.is_staff and settings().production


def may(permission: str) -> bool:
    """Say whether whoever asks has a permission; without signing in, one has those of a visitor.

    Staff who still lack the second factor they need have no more than a student.
    """
    viewer = signed_in()
    if viewer is None:
        return permission in VISITOR
    return permission in (STUDENT if viewer.lacks_factor else viewer.permissions)


def detour() -> str | None:
    """Return where somebody has to go first who may not enter yet."""
    viewer = signed_in()
    if viewer is None or not viewer.lacks_factor:
        return None
    return url_for("second_factor.new")


def browser_key() -> str:
    """Return the hash of this browser session's random key, which is made when there is none yet."""
    if BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(32)
        session.permanent = True
    return hashlib.sha256(session[BROWSER].encode()).hexdigest()


def known_browser() -> str | None:
    """Return the hash of this browser session's key, or None when it never enrolled here."""
    return browser_key() if BROWSER in session else None


def asker() -> Asker:
    """Return who asks, for queries that look up what is their own."""
    viewer = signed_in()
    return Asker(viewer.person_id if viewer else None, known_browser())


def install(app: Flask, login: LoginManager) -> None:
    """Load viewers from sessions."""
    login.user_loader(_load)
    login.session_protection = None
    app.after_request(_remember_use)
    app.context_processor(lambda: {"may": may, "current_user": current_user})  # read when a page asks for it


def _load(key: str) -> Viewer | None:
    bearer = queries.of_session(hash_of(key))
    now = clock.now()
    if bearer is None or not _lasts(bearer.began_at, bearer.seen_at, now, staff=bool(bearer.roles)):
        return None
    if now - bearer.seen_at > SEEN_STEP:
        g.used_session = bearer.session
    return Viewer(
        person_id=bearer.id,
        reference=bearer.reference,
        name=bearer.name,
        email=bearer.email,
        zone=bearer.zone,
        session=bearer.session,
        confirmed_at=bearer.confirmed_at,
        is_staff=bool(bearer.roles),
        has_factor=bearer.has_factor,
        permissions=permissions(bearer.roles),
    )


def _lasts(began_at: dt.datetime, seen_at: dt.datetime, now: dt.datetime, *, staff: bool) -> bool:
    idle, whole = settings().session_idle(staff=staff), settings().session_length(staff=staff)
    return session_lasts(now=now, began_at=began_at, seen_at=seen_at, idle=idle, whole=whole)


def _remember_use(response: Response) -> Response:
    """Write down that a session was used, after the request's own work; who is busy writes it the next time."""
    reference = g.pop("used_session", None)
    if reference is not None:
        try:
            with unit_of_work():
                session_rows.touch_session(reference=reference, at=clock.now())
        except Busy:
            pass
    return response
