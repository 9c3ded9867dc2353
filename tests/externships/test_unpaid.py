"""A request that was asked early, while the payment that let it be asked is made good: who is told what."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.affiliations.rules import Period
from provider.externships.handlers import overdue
from provider.externships.refusals import NotPaid
from provider.externships.rules import OfferState
from provider.kernel.database import db
from provider.mail.letters import write
from provider.payments import queries as payments
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.externships.test_ending import DAY, DAYS, LATER, paid_in_error
from tests.fieldwork.test_evaluations import come_in
from tests.harness import places
from tests.harness.externs import ASKED, UPFRONT, active, ask, request
from tests.harness.html import faults
from tests.harness.money import kept, letters, record, reverse, stored
from tests.harness.placed import Placed
from tests.harness.sites import supply
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor


def test_while_a_payment_is_made_good_nothing_is_offered_and_everybody_is_told(
    app: Flask, visitors: Callable[..., Visitor]
) -> None:
    with app.app_context():
        reference, made = paid_in_error("looking")
        found = request(reference)
        enrollment, email = found.enrollment.reference, found.enrollment.claimed_email
        with pytest.raises(NotPaid):
            places.offer(reference, made.opening)
        overdue({}, now=ASKED + 90 * DAY)
        late = db.session.scalars(sa.select(Task.sentence).where(Task.kind == TaskKind.PLACE_STUDENT)).one()
    assert late.startswith(
        f"The place promised to {found.enrollment.legal_name} ({reference}) is overdue. This enrollment"
    )
    assert late.endswith("no place can be offered or taken. Write to the student how it stands.")
    coordinator, student = visitors(), visitors()
    with time_machine.travel(LATER, tick=False):
        sign_in(coordinator, staff(app, Role.COORDINATOR))
        page = coordinator.get(f"/staff/externships/{reference}")
        assert NotPaid.sentence in page.words(".notice")
        assert "Find a place by hand" not in page.text
        assert "Offer this place" not in coordinator.get(f"/staff/externships/{reference}/places").text
        come_in(app, student, Placed("", enrollment, email, made))
        page = student.get(f"/my/externship/{enrollment}")
        assert faults(page.response) == []
        assert "Until it is paid, you can be offered no place and take none." in page.words("#next + ol")
        assert "That is our promise" not in page.text
        assert page.all(f"a.button[href='/my/enrollments/{enrollment}']")
    with app.app_context():
        record(enrollment, UPFRONT, at=LATER)
        assert places.offer(reference, supply(days=Period(DAYS.first_on + 60 * DAY, DAYS.last_on)).opening, at=LATER)


def test_a_yes_to_an_offer_while_a_payment_is_made_good_gives_the_place_back(context: AppContext) -> None:
    made, enrollment = supply(days=DAYS), active()
    reference = ask(enrollment, early_reason="The only place of this year begins next week.", earliest_on=DAYS.first_on)
    offer = places.offer(reference, made.opening)
    (payment,) = kept(payments.of_enrollment(stored(enrollment).id))
    reverse(payment.reference, at=ASKED + DAY)
    places.accept(offer, at=ASKED + DAY)
    assert (places.offered(offer).state, places.taken(made)) == (OfferState.REVOKED, 0)
    (letter,) = letters(enrollment, "offer_over")
    assert NotPaid.sentence in write(letter).text
