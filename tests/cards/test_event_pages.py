"""What the payment service told, as the bursar sees it, and an event tried again."""

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.cards.events import EVENT, KEPT_TRYING
from provider.jobs.models import Job
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.payments.gateway import IntentStatus
from tests.harness.cards import TimedService, pay
from tests.harness.hooks import altered, states, stored, take_in
from tests.harness.money import agreed
from tests.harness.service_words import Sent
from tests.harness.statements import statements
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor


@pytest.fixture
def bursar(app: Flask, visitor: Visitor) -> Visitor:
    sign_in(visitor, staff(app, Role.BURSAR))
    return visitor


def told(service: TimedService) -> Sent:
    service.at = clock.now()
    service.charge_will(IntentStatus.PROCESSING)
    pay(service, agreed(at=service.at))
    return next(one for one in service.take_events() if one.kind == "payment_intent.processing")


def test_each_event_is_listed_with_its_student_and_what_came_of_it(bursar: Visitor, hooked: TimedService) -> None:
    sent = told(hooked)
    take_in([sent, altered(sent, id="evt_2", account="acct_9")], secret=hooked.secret, at=hooked.at)
    run_due(hooked.at)
    page = bursar.get("/staff/payment-events")
    rows = [" ".join(row.to_text().split()) for row in page.all("tbody tr")]
    assert len(rows) == 2
    assert "Ana Ñúñez" in rows[1]
    assert "Applied" in rows[1]
    assert "$1,899.00" in rows[1]
    assert "Refused" in rows[0]
    assert "another account of the payment service, acct_9" in rows[0]
    assert [len(bursar.get(f"/staff/payment-events?view={view}").all("tbody tr")) for view in ("refused", "x")] == [
        1,
        2,
    ]
    assert "No event waits for something" in bursar.get("/staff/payment-events?view=parked").words("main")


def test_a_parked_event_is_tried_again_when_somebody_asks(bursar: Visitor, hooked: TimedService) -> None:
    sent = told(hooked)
    unknown = altered(sent, id="evt_9", thing={"id": "pi_gone"})
    take_in([unknown], secret=hooked.secret, at=hooked.at - KEPT_TRYING)
    run_due(hooked.at)
    assert states() == {"parked": 1}
    bursar.get("/staff/payment-events?view=parked")
    bursar.submit({})
    assert "looked at again" in bursar.page.words("main") if bursar.page else False
    jobs = sa.select(sa.func.count()).where(Job.kind == EVENT)
    assert db.session.scalars(jobs).one() == 2
    calls = hooked.calls.count("intent")
    run_due(clock.now())
    assert hooked.calls.count("intent") == calls + 1
    assert states() == {"parked": 1}


def test_what_does_not_wait_is_not_tried_again(bursar: Visitor, hooked: TimedService) -> None:
    sent = told(hooked)
    take_in([sent], secret=hooked.secret, at=hooked.at)
    run_due(hooked.at)
    (one,) = stored()
    bursar.get("/staff/payment-events")
    assert "does not wait any more" in _pressed(bursar, one.reference)
    for none in ("EV-999999", "EV-x", "E-22222222", "EV-99999999999999999999"):
        bursar.get("/staff/payment-events")
        bursar.post(f"/staff/payment-events/{none}/retry", {}, 404)


def _pressed(bursar: Visitor, reference: str) -> str:
    bursar.post(f"/staff/payment-events/{reference}/retry", {})
    return bursar.follow().words("main")


def test_the_list_costs_the_same_with_one_event_and_with_many(
    app: Flask, bursar: Visitor, hooked: TimedService
) -> None:
    sent = told(hooked)
    bursar.get("/staff/payment-events")
    numbers = []
    for many in (1, 3):
        take_in([altered(sent, id=f"evt_{many}_{one}") for one in range(many)], secret=hooked.secret, at=hooked.at)
        run_due(hooked.at)
        with statements(app) as sent_there:
            bursar.get("/staff/payment-events")
        numbers.append(len(sent_there))
    assert numbers[0] == numbers[1]


def test_pages_turn_by_keys(bursar: Visitor, hooked: TimedService) -> None:
    sent = told(hooked)
    take_in([altered(sent, id=f"evt_{one:03d}") for one in range(60)], secret=hooked.secret, at=hooked.at)
    page = bursar.get("/staff/payment-events?view=waiting")
    assert len(page.all("tbody tr")) == 50
    older = next(a.attrs["href"] for a in page.all("main a") if "before=" in a.attrs["href"])
    assert "view=waiting" in older
    assert len(bursar.get(f"/staff/payment-events{older}").all("tbody tr")) == 10
    with unit_of_work():
        db.session.execute(sa.text("DELETE FROM payment_event"))
    assert "has not told anything yet" in bursar.get("/staff/payment-events").words("main")
