"""Students in the middle of paying by card, for the pages that only they see."""

import datetime as dt

import sqlalchemy as sa
from flask import Flask

from provider.accounts.links import make_link, token_of
from provider.accounts.models import Person
from provider.cards.models import Charge
from provider.cards.rules import CHANGE_CARD_LINK, LINK_DAYS, ChargeState
from provider.enrollments.models import Enrollment
from provider.kernel.database import db, unit_of_work
from provider.payments.gateway import IntentStatus
from tests.harness.cards import card_payments, enter_card, pay
from tests.harness.season import Season
from tests.harness.service_words import ASKS

KEEPS, CONFIRMS, WAITS = "late", "awaiting", "reversed"


def play(app: Flask, season: Season, now: dt.datetime) -> str:
    """Let one keep a card, one be asked by the bank, and one wait for it; return the token of a letter's link."""
    with app.app_context():
        with card_payments(app, now) as service:
            enter_card(service, season[KEEPS].enrollment, keep=True)
            pay(service, season[CONFIRMS].enrollment, number=ASKS)
            service.charge_will(IntentStatus.PROCESSING)
            pay(service, season[WAITS].enrollment)
        with unit_of_work():
            lasts = dt.timedelta(days=LINK_DAYS)
            subject = season[KEEPS].enrollment
            token = token_of(make_link(purpose=CHANGE_CARD_LINK, subject=subject, at=now, lasts=lasts))
        db.session.remove()
    return token


def pages(app: Flask) -> dict[str, tuple[str, str]]:
    """Return a page of a charge in each state, and whose it is."""
    waits = Charge.client_secret.is_not(None)
    wanted = {state.value: (Charge.state == state) & ~waits for state in ChargeState} | {"confirm": waits}
    found = {}
    with app.app_context():
        for name, which in wanted.items():
            query = sa.select(Person.email, Enrollment.reference, Charge.reference).where(which)
            query = query.select_from(Charge).join(Enrollment).join(Person, Person.id == Enrollment.person_id)
            row = db.session.execute(query.order_by(Charge.id).limit(1)).one_or_none()
            if row is not None:
                found[name] = (row[0], f"/my/enrollments/{row[1]}/pay/{row[2]}")
        db.session.remove()
    return found
