"""A school with a season of students behind a real server: what browser tests and pictures look at."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.accounts import actions as accounts
from provider.accounts import email_changes
from provider.accounts import queries as people
from provider.accounts.rules import CHANGE_EMAIL, STOP_EMAIL_CHANGE, Role
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.app import create_app
from provider.credits.registrar import ANSWER_LINK as CREDIT_LINK
from provider.credits.rules import CreditState
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.rules import EvaluationKind
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mailroom.rules import PROVE
from tests.harness import (
    card_students,
    college_credit,
    season,
    season_of_hours,
    season_of_offers,
    season_of_placements,
)
from tests.harness.card_service import CardService
from tests.harness.factors import HALF_IN, WITH_FACTOR, set_factor, unused_code
from tests.harness.mail_in import claimed_thread
from tests.harness.remote import RemoteClient, RemoteVisitor
from tests.harness.season import Season
from tests.harness.server import Server, running
from tests.harness.stories import PASSWORD, staff, token_for

# Links are written into a letter as it leaves; a picture of one shows an address of the same length.
INVITED = "nia@staff.example.org"
PLACEHOLDER = re.compile(r"\[L-\w{8}/K-\w{8}\]")
A_LINK = "http://127.0.0.1:8000/links/" + "Ab3-" * 10 + "xyz"


@dataclass(frozen=True, slots=True)
class Stage:
    """The server and everybody in it."""

    server: Server
    service: CardService
    app: Flask
    season: Season
    letters: dict[str, str]
    links: dict[str, str]

    def cookies(self, email: str) -> dict[str, str]:
        """Sign somebody in and return the cookies of their browser."""
        visitor = RemoteVisitor(self.server.port)
        address = WITH_FACTOR if email == HALF_IN else email
        visitor.get("/sign-in")
        answer = visitor.submit({"email": address, "password": PASSWORD}, follow=False)
        if email == WITH_FACTOR and answer.response.headers["Location"] == "/sign-in/code":
            visitor.follow()
            visitor.submit({"code": unused_code(self.app, email)}, follow=False)
        visitor.follow()  # to the first page, which gives the forms their token
        return cast("RemoteClient", visitor.client).cookies


def _invite(app: Flask) -> None:
    with app.app_context():
        with unit_of_work():
            roles = frozenset({Role.EDITOR, Role.COORDINATOR})
            accounts.invite(name="Nia Newcomer", email=INVITED, roles=roles, actor=SYSTEM, at=clock.now())
        db.session.remove()


def _ask_for_another_address(app: Flask, email: str) -> str:
    with app.app_context():
        with unit_of_work():
            person = people.by_email(email)
            assert person is not None
            change = email_changes.ask(
                person=person, email="kim.new@example.net", actor=SYSTEM, at=clock.now()
            ).reference
            email_changes.ask_new_address(reference=change, at=clock.now())
        db.session.remove()
    return change


def _evaluation_links(app: Flask) -> dict[str, str]:
    with app.app_context():
        asked = {"evaluate-link": EvaluationKind.FINAL, "evaluate-link-given": EvaluationKind.MID}
        found = {name: season_of_placements.asked(kind) for name, kind in asked.items()}
        weeks = {"week-link": season_of_hours.waiting_week(), "week-link-answered": season_of_hours.answered_week()}
        db.session.remove()
    links = {name: f"/links/{token_for(app, EVALUATION_LINK, reference)}" for name, reference in found.items()}
    return links | {name: f"/links/{token_for(app, WEEK_LINK, reference)}" for name, reference in weeks.items()}


def _place_links(app: Flask, made: Season) -> dict[str, str]:
    """Return the links of a student and of a site that wait for an answer, and those of a place that is confirmed."""
    waits, asked, done = (made[name].enrollment for name in ("overpaid", "declined", "paying"))
    with app.app_context():
        offers = {name: season_of_offers.offer_of(name) for name in (waits, asked, done)}
        db.session.remove()
    return {
        "offer-link": f"/links/{token_for(app, OFFER_LINK, offers[waits])}",
        "offer-link-accepted": f"/links/{token_for(app, OFFER_LINK, offers[asked])}",
        "answer-link": f"/links/{token_for(app, ANSWER_LINK, offers[asked])}",
        "answer-link-given": f"/links/{token_for(app, ANSWER_LINK, offers[done])}",
    }


def _credit_links(app: Flask, made: Season) -> dict[str, str]:
    """Return the links of a college that is asked, and of one that has decided."""
    asked, decided = made["late"].email, made["withdrawn"].email
    with app.app_context():
        found = {
            "credit-link": college_credit.in_state(asked, CreditState.SENT),
            "credit-link-decided": college_credit.in_state(decided, CreditState.PARTLY_GRANTED, code="CPT"),
        }
        db.session.remove()
    return {name: f"/links/{token_for(app, CREDIT_LINK, reference)}" for name, reference in found.items()}


@contextmanager
def staged(folder: Path, now: dt.datetime | None = None) -> Iterator[Stage]:
    """Prepare an instance, let a season happen in it, and serve it."""
    with CardService(folder / "service") as service:
        yield from _staged(folder, service, now or clock.now())


def _staged(folder: Path, service: CardService, now: dt.datetime) -> Iterator[Stage]:
    server = Server(folder, settings={"WEB_THREADS": "16", **service.settings})
    server.prepare()
    app = create_app(Config.load(server.environ))
    made = season.make(app, now, cards=True)
    card_link = card_students.play(app, made, now)
    set_factor(app, staff(app, Role.ADMIN, email=WITH_FACTOR))
    _invite(app)
    with app.app_context():
        rows = db.session.execute(sa.select(OutboxLetter.template, OutboxLetter.body_html))
        letters = {template: PLACEHOLDER.sub(A_LINK, html) for template, html in rows if html}
        db.session.remove()
    change = _ask_for_another_address(app, made["awaiting"].email)
    links = {
        "confirm-new-email": f"/links/{token_for(app, CHANGE_EMAIL, change)}",
        "stop-email-change": f"/links/{token_for(app, STOP_EMAIL_CHANGE, change)}",
        "prove-email": f"/links/{token_for(app, 'prove_email', made['started'].enrollment)}",
        "refund-link": f"/links/{token_for(app, 'refund', made['fresh'].enrollment)}",
        "prove-mail": f"/links/{token_for(app, PROVE, claimed_thread(app, made['completed'].email))}",
        **_evaluation_links(app),
        **_place_links(app, made),
        **_credit_links(app, made),
        "card-link": f"/links/{card_link}",
        "card-link-card": f"/links/{card_link}?page=card",
        "sign-link": f"/links/{token_for(app, SIGN_AGREEMENT, made.sites.sent)}",
        "sign-link-signed": f"/links/{token_for(app, SIGN_AGREEMENT, made.sites.signed)}",
        "countersign-link": f"/links/{token_for(app, COUNTERSIGN_AGREEMENT, made.sites.signed)}",
        "openings-link": f"/links/{token_for(app, OFFER_PLACES, made.sites.whole.contact)}",
        "openings-link-new": f"/links/{token_for(app, OFFER_PLACES, made.sites.whole.contact)}?page=new",
    }
    with running(server):
        server.start_web()
        yield Stage(server, service, app, made, letters, links)
