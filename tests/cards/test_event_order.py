"""Whatever the order in which word of a life comes in, and however often, it ends in one state (P3, A05, invariant 8).

Nothing else tells our records: no page, no job that asks.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provider.cards import charging, events, queries
from provider.cards.models import Card, PaymentEvent
from provider.cards.rules import UNSETTLED, CardState, EventState, What
from provider.kernel.database import db
from provider.payments import queries as paid
from provider.payments.gateway import DisputeStatus, IntentStatus, Unreachable
from provider.tasks.models import Task
from tests.harness.audit import assert_clean
from tests.harness.cards import TimedService, charge, enter_card, start
from tests.harness.hooks import again, take_in
from tests.harness.money import PAID, agreed, books, letters, postings, rows
from tests.harness.money import stored as enrolled
from tests.harness.service_words import FAILS_LATER, Fault, Sent
from tests.harness.soak import repetitions

HOUR = dt.timedelta(hours=1)
LATER = PAID + 2 * HOUR
Life = Callable[[TimedService], str]


def _begin(service: TimedService, reference: str, what: What | None = None, **card: Any) -> str:  # noqa: ANN401 - of enter_card
    """Start a charge whose answer is lost; returns the service's name for it."""
    begun = start(service, reference, enter_card(service, reference, **card), what)
    service.fail_next(Fault.LOST_AFTER, call="charge")
    with pytest.raises(Unreachable):
        charging.follow(begun, now=service.at)
    return service.charges_by_reference()[begun][0].id


def pays(service: TimedService) -> str:
    reference = agreed(at=PAID)
    service.charge_will(IntentStatus.PROCESSING)
    service.settle_charge(_begin(service, reference))
    return reference


def is_declined_and_pays(service: TimedService) -> str:
    reference = agreed(at=PAID)
    declined = start(service, reference, enter_card(service, reference, number=FAILS_LATER))
    charging.follow(declined, now=service.at)
    service.cancel(charge(declined).intent_id or "")
    service.charge_will(IntentStatus.PROCESSING)
    service.settle_charge(_begin(service, reference))
    return reference


def pays_and_wins(service: TimedService) -> str:
    reference = agreed(at=PAID)
    opened = service.open_dispute(_begin(service, reference))
    service.close_dispute(opened.id, DisputeStatus.WON)
    return reference


def pays_in_parts_and_loses_one(service: TimedService) -> str:
    reference = agreed("installments", at=PAID)
    intent = _begin(service, reference, keep=True)
    first = service.open_dispute(intent, 10_000)
    second = service.open_dispute(intent, 20_000)
    service.close_dispute(second.id, DisputeStatus.LOST)
    service.close_dispute(first.id, DisputeStatus.LOST)
    service.close_dispute(first.id, DisputeStatus.WON)
    (method,) = [
        card.method_id
        for card in db.session.scalars(sa.select(Card).where(Card.enrollment_id == enrolled(reference).id))
    ]
    service.detach(method or "")
    return reference


def has_it_all_disputed(service: TimedService) -> str:
    reference = agreed("installments", at=PAID)
    intent = _begin(service, reference, What.REST)
    service.open_dispute(intent)
    return reference


LIVES: tuple[Life, ...] = (pays, is_declined_and_pays, pays_and_wins, pays_in_parts_and_loses_one, has_it_all_disputed)


def hear(service: TimedService, sent: Sequence[Sent], numbers: Sequence[int]) -> None:
    """Take each event in as often as it is told, apply it at once, and try at the end again what was parked."""
    for number, one in enumerate(sent):
        copies = [one] * numbers[number] + [again(one, turn) for turn in range(numbers[number] % 3)]
        take_in(copies, secret=service.secret, at=LATER)
        for name in {copy.id for copy in copies}:
            events.settle(name, now=LATER)
    for name in db.session.scalars(sa.select(PaymentEvent.service_id).where(PaymentEvent.state.in_(UNSETTLED))).all():
        events.settle(name, now=LATER + HOUR)


def standing(reference: str) -> dict[str, object]:
    """Return all that a life has left behind, without the names that differ from one to the next."""
    enrollment = enrolled(reference)
    found = queries.charges(enrollment.id)
    tasks = sa.select(Task.kind, Task.state).where(Task.about == reference)
    return {
        "enrollment": (enrollment.state, enrollment.purchased_at, enrollment.hold_on),
        "installments": rows(reference),
        "books": books(reference),
        "postings": sorted(kind for kind in postings(reference) if "disput" not in kind),
        "charges": [(one.state, one.failure, one.client_secret, one.amount_cents) for one in found],
        "cards": sorted((one.card.state.value, one.card.kept and one.card.state is CardState.SAVED) for one in found),
        "payments": [(one.state, one.amount_cents, one.for_return) for one in paid.of_enrollment(enrollment.id)],
        "disputes": sorted((one.state.value, one.amount_cents) for one in queries.disputes(enrollment.id)),
        "letters": sorted(letter.template for letter in letters(reference)),
        "tasks": sorted((kind.value, state.value) for kind, state in db.session.execute(tasks)),
    }


@pytest.fixture
def lived(hooked: TimedService) -> dict[Life, dict[str, object]]:
    """How each life ends when its events come in once, in the order in which things happened."""
    ends: dict[Life, dict[str, object]] = {}
    for life in LIVES:
        hooked.take_events()
        reference = life(hooked)
        sent = hooked.take_events()
        hear(hooked, sent, [1] * len(sent))
        ends[life] = standing(reference)
    return ends


def test_the_lives_differ_and_leave_money_behind(lived: dict[Life, dict[str, object]]) -> None:
    assert len({str(end) for end in lived.values()}) == len(LIVES)
    assert [len(end["payments"]) for end in lived.values()] == [1] * len(LIVES)  # type: ignore[arg-type]


def test_any_order_and_any_number_of_tellings_end_in_one_state(
    app: Flask, hooked: TimedService, lived: dict[Life, dict[str, object]]
) -> None:
    @settings(
        max_examples=repetitions(500),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), life=st.sampled_from(LIVES))
    def ends_the_same(data: st.DataObject, life: Life) -> None:
        hooked.take_events()
        reference = life(hooked)
        sent = data.draw(st.permutations(hooked.take_events()))
        numbers = [data.draw(st.sampled_from((1, 1, 2, 3, 50))) for _ in sent]
        hear(hooked, sent, numbers)
        assert standing(reference) == lived[life], [one.kind for one in sent]

    ends_the_same()
    left = sa.select(sa.func.count()).where(PaymentEvent.state.in_((*UNSETTLED, EventState.REFUSED)))
    assert db.session.scalars(left).one() == 0
    assert_clean(app, LATER + HOUR)
