"""A request that was asked early, while the payment that let it be asked is made good: who is told what."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations.rules import Period
from provider.externships.handlers import overdue
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.externships.refusals import NotPaid, NotYet
from provider.externships.rules import OfferState
from provider.kernel.database import db
from provider.payments import queries as payments
from provider.tasks import queries as task_rows
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.externships.test_ending import DAY, DAYS, LATER, paid_in_error
from tests.fieldwork.test_evaluations import come_in
from tests.harness import places
from tests.harness.externs import ASKED, UPFRONT, active, ask, request
from tests.harness.html import faults
from tests.harness.money import kept, letters, record, reverse, stored
from tests.harness.placed import Placed
from tests.harness.sites import Supply, supply
from tests.harness.stories import sign_in, staff, token_for
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


def offered_early() -> tuple[str, str, Supply]:
    """Offer a place to somebody who asked early; returns the enrollment, the offer and where it is."""
    made, enrollment = supply(days=DAYS), active()
    reference = ask(enrollment, early_reason="The only place of this year begins next week.", earliest_on=DAYS.first_on)
    return enrollment, places.offer(reference, made.opening), made


def take_back_payment(enrollment: str) -> None:
    (payment,) = kept(payments.of_enrollment(stored(enrollment).id))
    reverse(payment.reference, at=ASKED + DAY)


def left_alone(offer: str, enrollment: str, made: Supply) -> bool:
    """Say whether the place is kept and nobody was told that it went back."""
    return places.taken(made) == 1 and letters(enrollment, "offer_over") == [] and open_tasks(enrollment) == []


def open_tasks(enrollment: str) -> list[Task]:
    return [one for one in task_rows.about(enrollment) if one.kind is TaskKind.PLACE_STUDENT and one.done_at is None]


def test_a_student_cannot_accept_while_a_payment_is_made_good_and_keeps_the_offer(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        enrollment, offer, made = offered_early()
        link = f"/links/{token_for(app, OFFER_LINK, offer)}"
        with time_machine.travel(ASKED + DAY, tick=False):
            page = visitor.get(link)
            assert "Accept this place" in page.text
            take_back_payment(enrollment)
            page = visitor.submit({}, form=0, status=409)
            assert NotPaid.sentence in page.words("main")
            page = visitor.get(link)
            assert faults(page.response) == []
        assert NotPaid.sentence in page.words(".notice")
        assert "Accept this place" not in page.text
        assert "Decline this place" in page.text
        assert (places.offered(offer).state, left_alone(offer, enrollment, made)) == (OfferState.SENT, True)
        record(enrollment, UPFRONT, at=ASKED + 2 * DAY)
        places.accept(offer, at=ASKED + 2 * DAY)
        assert places.offered(offer).state is OfferState.ACCEPTED


def test_a_site_cannot_confirm_while_a_payment_is_made_good_and_does_not_read_why(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        enrollment, offer, made = offered_early()
        places.accept(offer, at=ASKED)
        link = f"/links/{token_for(app, ANSWER_LINK, offer)}"
        with time_machine.travel(ASKED + DAY, tick=False):
            visitor.get(link)
            take_back_payment(enrollment)
            page = visitor.submit({}, form=0, status=409)
        assert NotYet.sentence in page.words("main")
        assert not {"paid", "payment", "enrollment"} & set(page.words("main").lower().split())
        assert (places.offered(offer).state, left_alone(offer, enrollment, made)) == (OfferState.ACCEPTED, True)
        assert places.offered(offer).site_answered_at is None
        record(enrollment, UPFRONT, at=ASKED + 2 * DAY)
        assert places.answer_yes(offer, at=ASKED + 2 * DAY) == "confirmed"
