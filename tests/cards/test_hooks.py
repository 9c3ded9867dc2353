"""The door for events: who is believed, what is stored, and that it answers at once (FAULTS.md A04, A06)."""

import datetime as dt
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.cards import events
from provider.cards.events import EVENT
from provider.cards.models import PaymentEvent
from provider.cards.rules import ChargeState, EventState
from provider.enrollments import queries as enrollments
from provider.jobs.models import Job
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, insert, table, unit_of_work
from provider.kernel.settings import settings
from provider.payments import stripe_events
from provider.payments.gateway import IntentStatus
from provider.tasks.models import Task
from tests.harness.cards import TimedService, charge, pay
from tests.harness.checksums import checksums
from tests.harness.fake_service import SECRET
from tests.harness.hooks import PATH, altered, deliver, post, states, stored
from tests.harness.money import PAID, agreed, at_once, books, letters, postings
from tests.harness.service_words import Sent, sign
from tests.harness.soak import repetitions
from tests.harness.story import Told
from tests.harness.vandal import plant

UPFRONT = 189_900


def told(service: TimedService) -> Sent:
    """Return the event of a payment whose answer was lost on its way."""
    service.charge_will(IntentStatus.PROCESSING)
    _reference, state = pay(service, agreed())
    assert state is ChargeState.STARTED
    (intent_id,) = [intent.id for intents in service.charges_by_reference().values() for intent in intents]
    service.settle_charge(intent_id)
    return next(sent for sent in service.take_events() if sent.kind == "payment_intent.succeeded")


def jobs() -> list[str]:
    return list(db.session.scalars(sa.select(Job.key).where(Job.kind == EVENT).order_by(Job.id)))


def test_an_event_is_stored_with_its_job_and_answered(app: Flask, hooked: TimedService) -> None:
    sent = told(hooked)
    calls = len(hooked.calls)
    answer = post(app, sent.body, sent.signature(SECRET, clock.now()))
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "Stored.\n", "text/plain")
    assert {"Set-Cookie", "Vary"} & set(answer.headers.keys()) == set()
    (one,) = stored()
    assert (one.service_id, one.kind, one.state, one.amount_cents) == (sent.id, sent.kind, EventState.RECEIVED, UPFRONT)
    assert jobs() == [f"{EVENT}:{sent.id}"]
    assert len(hooked.calls) == calls


def test_the_same_event_again_is_answered_the_same_and_stored_once(app: Flask, hooked: TimedService) -> None:
    sent = told(hooked)
    assert deliver(app, sent, sent, sent, secret=SECRET) == [200, 200, 200]
    run_due(clock.now())
    assert deliver(app, sent, secret=SECRET) == [200]
    assert (states(), len(jobs())) == ({"applied": 1}, 1)


@pytest.mark.parametrize(
    "changed", [{"STRIPE_WEBHOOK_SECRET": ""}, {"STRIPE_WEBHOOK_SECRET": " "}, {"STRIPE_SECRET_KEY": ""}]
)
def test_without_a_secret_or_without_cards_the_door_is_shut(
    app: Flask, hooked: TimedService, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    sent = told(hooked)
    monkeypatch.setitem(app.extensions, "settings", replace(settings(), **changed))
    assert post(app, sent.body, sent.signature("", clock.now())).status_code == 503
    assert deliver(app, sent, secret=SECRET) == [503]
    assert (stored(), jobs()) == ([], [])


NOW = clock.now
FORGERIES: dict[str, Callable[[Sent], tuple[bytes, str | None]]] = {
    "no header": lambda sent: (sent.body, None),
    "a wrong secret": lambda sent: (sent.body, sent.signature("whsec_wrong", NOW())),
    "an empty secret": lambda sent: (sent.body, sent.signature("", NOW())),
    "an altered byte": lambda sent: (sent.body.replace(b"189900", b"189901"), sent.signature(SECRET, NOW())),
    "the secret of another endpoint": lambda sent: (sent.body, sent.signature(f"{SECRET}2", NOW())),
    "301 s old": lambda sent: (sent.body, sent.signature(SECRET, NOW() - dt.timedelta(seconds=302))),
    "a day ahead": lambda sent: (sent.body, sent.signature(SECRET, NOW() + dt.timedelta(days=1))),
    "a true header over another body": lambda sent: (
        altered(sent, id="evt_other").body,
        sent.signature(SECRET, NOW()),
    ),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_event_is_refused_and_leaves_one_line_in_the_log(
    app: Flask,
    hooked: TimedService,
    caplog: pytest.LogCaptureFixture,
    forge: Callable[[Sent], tuple[bytes, str | None]],
) -> None:
    body, signature = forge(told(hooked))
    before = checksums(app)
    with caplog.at_level(logging.INFO):
        answer = post(app, body, signature)
    assert (answer.status_code, answer.text) == (400, "This is no event that can be believed.\n")
    assert checksums(app) == before
    (line,) = [record for record in caplog.records if record.name == "provider.security"]
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("a payment event from 127.0.0.1 was refused: ")
    assert "189" not in line.getMessage()


def test_a_true_event_played_back_changes_nothing_more(app: Flask, hooked: TimedService) -> None:
    """The ninth forgery: its signature is true, so only its id guards."""
    sent = told(hooked)
    signature = sent.signature(SECRET, clock.now())
    assert post(app, sent.body, signature).status_code == 200
    run_due(clock.now())
    before = checksums(app)
    assert post(app, sent.body, signature).status_code == 200
    run_due(clock.now())
    assert checksums(app) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=["empty", "cut", "list", "bytes", "deep"]
)
def test_a_signed_body_that_is_no_event_is_refused(app: Flask, hooked: TimedService, body: bytes) -> None:
    assert post(app, body, sign(body, secret=SECRET, at=clock.now())).status_code == 400
    assert stored() == []


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_a_body_beyond_all_measure_is_not_read(app: Flask, hooked: TimedService, kind: str) -> None:
    body = json.dumps({"id": "x" * 600_000}).encode()
    signature = {"Stripe-Signature": sign(body, secret=SECRET, at=clock.now())}
    assert app.test_client().post(PATH, data=body, headers=signature, content_type=kind).status_code == 413
    assert stored() == []


def tasks(key: str) -> list[str]:
    return list(db.session.scalars(sa.select(Task.sentence).where(Task.key.startswith(key))))


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"livemode": True}, "about live payments"),
        ({"account": "acct_2"}, "another account of the payment service, acct_2"),
    ],
    ids=["live", "account"],
)
def test_events_of_another_mode_or_account_are_kept_as_refused_with_one_task(
    app: Flask, hooked: TimedService, changed: dict[str, Any], words: str
) -> None:
    sent = told(hooked)
    foreign = [altered(sent, id=f"evt_foreign_{number}", **changed) for number in range(3)]
    assert deliver(app, *foreign, secret=SECRET) == [200, 200, 200]
    run_due(clock.now())
    assert states() == {"refused": 3}
    (sentence,) = tasks("event_refused:")
    assert words in sentence
    assert jobs() == []
    assert [one.remark for one in stored() if words not in (one.remark or "")] == []


def test_a_kind_that_nothing_depends_on_is_ignored(app: Flask, hooked: TimedService) -> None:
    assert deliver(app, altered(told(hooked), type="setup_intent.succeeded"), secret=SECRET) == [200]
    assert (states(), jobs()) == ({"ignored": 1}, [])


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_fifty_deliveries_at_once_have_one_effect(app: Flask, hooked: TimedService, _round: int) -> None:
    sent = told(hooked)
    found = at_once(app, *[lambda: deliver(app, sent, secret=SECRET)] * 50)
    assert Counter(status for one in found for status in one) == {200: 50}
    at_once(app, *[lambda: run_due(clock.now())] * 4)
    (one,) = stored()
    assert one.state is EventState.APPLIED
    paid = charge(one.our_reference or "")
    assert (paid.state, jobs()) == (ChargeState.CAPTURED, [f"{EVENT}:{sent.id}"])
    about = enrollments.by_id(paid.enrollment_id).reference
    assert books(about) == {"tuition": -UPFRONT, "cash_card": UPFRONT}
    assert (postings(about).count("captured"), len(letters(about, "receipt"))) == (1, 1)


@pytest.mark.parametrize("guarded, kept", [(False, 4), (True, 1)], ids=["guard off", "guard on"])
def test_looking_first_stores_an_event_as_often_as_it_comes_and_the_unique_name_once(
    app: Flask, hooked: TimedService, *, guarded: bool, kept: int
) -> None:
    sent = told(hooked)
    event = stripe_events.read(sent.body, sent.signature(SECRET, PAID), secret=SECRET, now=PAID)
    if not guarded:
        plant(app, cast("Told", None), lambda vandal: vandal.bare("payment_event"))
    all_have_looked = Barrier(4)

    def take_in() -> bool:
        seen = db.session.scalar(sa.select(PaymentEvent.service_id).where(PaymentEvent.service_id == event.id))
        assert seen is None
        all_have_looked.wait()
        with unit_of_work():
            if guarded:
                return events.receive(event, now=PAID)
            insert(PaymentEvent, service_id=event.id, kind=event.kind, object_id=event.object_id)
            return True

    assert Counter(at_once(app, *[take_in] * 4))[True] == kept
    rows = sa.select(sa.func.count()).select_from(table(PaymentEvent))
    assert db.session.scalars(rows).one() == kept


def test_the_door_answers_in_well_under_a_second(app: Flask, hooked: TimedService) -> None:
    sent = told(hooked)
    took = []
    for number in range(100):
        one = altered(sent, id=f"evt_{number}_timed")
        begun = time.perf_counter()
        assert deliver(app, one, secret=SECRET) == [200]
        took.append(time.perf_counter() - begun)
    assert sorted(took)[98] < 1.0
