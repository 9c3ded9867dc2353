"""Word from the payment service: stored once as it comes in, and applied by a job as far as our own rows agree."""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from provider.cards.models import PaymentEvent
from provider.cards.rules import EVENT_PREFIX, UNSETTLED, EventState
from provider.history.actions import note
from provider.jobs.actions import enqueue_once
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert_unless, retrying
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.registry import Payload, registry
from provider.kernel.settings import settings
from provider.payments.gateway import Event, Unknown
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

ONCE = "once"  # what a job is told that does not come back by itself
EVENT = "cards.event"
KEPT_TRYING = dt.timedelta(days=3)
_FIRST_PAUSE, _LONGEST_PAUSE = dt.timedelta(minutes=1), dt.timedelta(hours=6)
_LONGEST_CURRENCY = 8

Outcome = tuple[str, str]


class NotParked(DomainError):
    """Only what waits for something unknown can be tried again; the rest has had its end."""

    code = "not_parked"
    sentence = "This event does not wait any more. Reload the page to see what came of it."


def receive(event: Event, *, now: dt.datetime) -> bool:
    """Store an event with the job that applies it, in the caller's unit of work; say whether it is new.

    One of another account or of the other mode is stored as refused and put before staff, once for each cause.
    """
    cause = _foreign(event)
    state, remark = _first(event, cause)
    asked = insert_unless(PaymentEvent).values(
        service_id=event.id,
        kind=event.kind,
        object_id=event.object_id,
        intent_id=event.intent_id,
        our_reference=event.reference,
        customer_id=event.customer_id,
        amount_cents=event.amount_cents,
        currency=None if event.currency is None else event.currency[:_LONGEST_CURRENCY],
        live=event.live,
        account=event.account,
        created_at=event.created_at,
        received_at=now,
        state=state,
        settled_at=None if state is EventState.RECEIVED else now,
        remark=remark,
    )
    stored = asked.on_conflict_do_nothing(index_elements=["service_id"]).returning(PaymentEvent.id)
    if db.session.execute(stored).first() is None:
        return False
    if cause is not None:
        _tell_foreign(cause, event, now)
    if state is EventState.RECEIVED:
        enqueue_once(kind=EVENT, key=f"{EVENT}:{event.id}", payload={"event": event.id}, at=now)
    return True


def _foreign(event: Event) -> tuple[str, str] | None:
    """Return why an event is none of ours, as a key and in words; None when it is."""
    if event.account is not None:
        return f"account:{event.account}", f"It is about another account of the payment service, {event.account}."
    if event.live != settings().live_cards:
        there, here = ("live", "test") if event.live else ("test", "live")
        return f"mode:{there}", f"It is about {there} payments, and the keys that are set here are {here} ones."
    return None


def _first(event: Event, cause: tuple[str, str] | None) -> tuple[EventState, str | None]:
    if cause is not None:
        return EventState.REFUSED, cause[1]
    if event.kind not in registry().payment_events:
        return EventState.IGNORED, "Nothing here depends on events of this kind."
    return EventState.RECEIVED, None


def _tell_foreign(cause: tuple[str, str], event: Event, at: dt.datetime) -> None:
    key, words = cause
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"event_refused:{key}",
        sentence=f"The payment service sent the event {event.id}, which was refused. {words} Correct the webhook "
        "endpoints in its settings. More events of this cause are refused without another task.",
        at=at,
    )


def stored(service_id: str) -> PaymentEvent:
    """Return one event by the service's name for it; raises NotFound."""
    return _one(sa.select(PaymentEvent).where(PaymentEvent.service_id == service_id))


def _one(query: "sa.Select[PaymentEvent]") -> PaymentEvent:
    found = db.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def settle(service_id: str, *, now: dt.datetime) -> EventState:
    """Ask the service for what an event is about, and apply that and mark the event in one transaction.

    Opens its own units of work. What has been settled stays as it is. Raises Unreachable: ask again.
    """
    event = stored(service_id)
    if event.state not in UNSETTLED:
        return event.state
    handler = registry().payment_events.get(event.kind)
    if handler is None:
        return _mark(service_id, lambda _: (EventState.IGNORED, "Nothing here depends on events of this kind."), now)
    object_id = event.object_id
    try:
        found = handler.fetch(object_id)
    except Unknown:
        return _mark(service_id, lambda _: (EventState.PARKED, f"The service itself does not know {object_id}."), now)
    return _mark(service_id, lambda event: handler.apply(found, event=event, now=now), now)


def _mark(service_id: str, outcome: Callable[[PaymentEvent], Outcome], now: dt.datetime) -> EventState:
    return retrying(lambda: _marked(service_id, outcome, now))


def _marked(service_id: str, outcome: Callable[[PaymentEvent], Outcome], now: dt.datetime) -> EventState:
    event = _one(sa.select(PaymentEvent).where(PaymentEvent.service_id == service_id).with_for_update())
    if event.state in UNSETTLED:
        state, remark = outcome(event)
        event.state, event.settled_at, event.remark = EventState(state), now, remark
        if event.state is EventState.PARKED and next_try(event.received_at, now) is None:
            _tell_unknown(event, now)
    return event.state


def try_again(reference: str, *, actor: Actor, at: dt.datetime) -> None:
    """Have a parked event looked at once more, because somebody knows why it should fit now. Raises NotParked."""
    event = _one(sa.select(PaymentEvent).where(PaymentEvent.id == _number(reference)).with_for_update())
    if event.state is not EventState.PARKED:
        raise NotParked
    payload: Payload = {"event": event.service_id, ONCE: 1}
    enqueue_once(kind=EVENT, key=f"{EVENT}:{event.service_id}:{at:%Y-%m-%dT%H:%M:%S}", payload=payload, at=at)
    note(event, "payment_event.tried_again", actor=actor, at=at)


def _number(reference: str) -> int:
    """Return the id in a reference; raises NotFound for what is none."""
    prefix, _, digits = reference.partition("-")
    if prefix != EVENT_PREFIX or not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise NotFound
    return int(digits)


def next_try(received_at: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """Return when a parked event is tried again: soon at first, every six hours later; None after three days.

    It may have overtaken our own commit, or tell of what reconciliation brings back after a restore.
    """
    last = received_at + KEPT_TRYING
    if now >= last:
        return None
    return min(now + min(max(now - received_at, _FIRST_PAUSE), _LONGEST_PAUSE), last)


def _tell_unknown(event: PaymentEvent, at: dt.datetime) -> None:
    """Put what nobody here knows before staff: one task a day, for another system may share the account."""
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"events_unknown:{day_of(at, settings().SCHOOL_ZONE)}",
        sentence=f"For three days the payment service has told of something that is not known here: "
        f"{event.intent_id or event.object_id}. Look it up there, and under “Payment events” for more of them.",
        at=at,
    )
