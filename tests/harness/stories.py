"""Short stories that many tests begin with: a student enrolled, staff signed in, money recorded."""

import datetime as dt
import itertools
import re
from collections.abc import Mapping

import sqlalchemy as sa
from flask import Flask

from provider.accounts import actions as accounts
from provider.accounts.links import token_of
from provider.accounts.models import Person, SignedLink
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.enrollments import queries as enrollments
from provider.enrollments.actions import PROVE_EMAIL
from provider.enrollments.models import Enrollment
from provider.history.models import History
from provider.jobs.models import Job
from provider.jobs.rules import JobState
from provider.kernel import clock
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.registry import registry
from provider.mail.actions import SEND
from tests.harness.visitor import Page, Visitor

PASSWORD = "a long and quiet password"
STAFF = Actor(ActorKind.STAFF, "P-22222222")
_numbers = itertools.count(1)

ANSWERS: Mapping[str, str] = {
    "legal_name": "Ana Ñúñez",
    "email": "ana@example.org",
    "phone": "(555) 010-0199",
    "state": "NY",
    "zip": "10001",
    "zone": "",
    "signature": "Ana Ñúñez",
    "consent": "on",
}


def open_form(visitor: Visitor, program: str = "ccma", plan: str = "upfront") -> Page:
    """Open the enrollment form of a plan."""
    return visitor.get(f"/programs/{program}/enroll?plan={plan}")


def answers(visitor: Visitor, **changed: str | None) -> dict[str, str | None]:
    """Return good answers for the form that is open, every prerequisite confirmed."""
    assert visitor.page is not None
    names = [box.attrs["name"] for box in visitor.page.all("input[type=checkbox]")]
    confirmed = {name: "on" for name in names if name.startswith("prerequisite_")}
    return {**ANSWERS, **confirmed, **changed}


def enroll(visitor: Visitor, program: str = "ccma", plan: str = "upfront", **changed: str | None) -> str:
    """Fill in and send the enrollment form; returns the reference of the page it leads to."""
    open_form(visitor, program, plan)
    page = visitor.submit(answers(visitor, **changed), follow=False)
    match = re.search(r"/my/enrollments/(E-\w{8})\Z", page.response.headers["Location"])
    assert match is not None, page.response.headers["Location"]
    visitor.follow()
    return match[1]


def someone() -> dict[str, str]:
    """Return the name and address of somebody new, for tests with many students."""
    number = next(_numbers)
    name = f"Student {number}"
    return {"legal_name": name, "signature": name, "email": f"student{number}@example.org"}


def row(reference: str) -> Enrollment:
    """Return one enrollment as it is stored now; needs an application context."""
    db.session.expire_all()
    return enrollments.by_reference(reference)


def timeline(reference: str) -> list[History]:
    """Return everything that happened around one enrollment, oldest first; needs an application context."""
    return list(db.session.scalars(sa.select(History).where(History.about == reference).order_by(History.id)))


def token_for(app: Flask, purpose: str, subject: str) -> str:
    """Return the token of the newest link, as it stands in the letter."""
    with app.app_context():
        query = sa.select(SignedLink).where(SignedLink.purpose == purpose, SignedLink.subject_reference == subject)
        return token_of(db.session.scalars(query.order_by(SignedLink.id.desc())).first())  # type: ignore[arg-type]


def prove(app: Flask, visitor: Visitor, reference: str) -> Page:
    """Open the confirmation link of an enrollment and press its button."""
    visitor.get(f"/links/{token_for(app, PROVE_EMAIL, reference)}")
    return visitor.submit({})


def staff(app: Flask, *roles: Role, email: str | None = None) -> str:
    """Make a member of staff with a password; returns the address to sign in with."""
    address = email or f"staff{next(_numbers)}@example.org"
    with app.app_context():
        hashed = hash_password(PASSWORD)
        now = clock.now()
        with unit_of_work():
            person = accounts.add_person(
                name="Sam Staff", email=address, zone="America/New_York", proved_at=now, actor=SYSTEM, at=now
            )
            set_password(person=person, password_hash=hashed, actor=SYSTEM, at=now)
            for role in roles:
                accounts.grant(person=person, role=role, actor=SYSTEM, at=now)
    return address


def do_jobs(app: Flask) -> None:
    """Do the jobs that are due now; letters stay in the outbox."""
    with app.app_context():
        jobs = db.session.scalars(sa.select(Job).where(Job.state == JobState.QUEUED).order_by(Job.id)).all()
        due = [(job.id, job.kind, dict(job.payload)) for job in jobs if job.kind != SEND]
        for number, kind, payload in due:
            registry().jobs[kind](payload, now=clock.now())
            with unit_of_work():
                db.session.execute(
                    sa.update(Job).where(Job.id == number).values(state=JobState.DONE, ended_at=clock.now())
                )
        db.session.remove()


def sign_in(visitor: Visitor, email: str, password: str = PASSWORD, *, follow: bool = True) -> Page:
    """Sign in by the form and go where it leads, unless the page there does not matter."""
    visitor.get("/sign-in")
    return visitor.submit({"email": email, "password": password}, follow=follow)


def person(app: Flask, email: str) -> str:
    """Return the reference of a person."""
    with app.app_context():
        return db.session.scalars(sa.select(Person.reference).where(Person.email == email)).one()


def later(**span: float) -> dt.datetime:
    """Return the instant that lies so far ahead."""
    return clock.now() + dt.timedelta(**span)
