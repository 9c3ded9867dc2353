"""Asking the payment service for whatever an event should have said: charges and disputes that differ there."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.cards import charging, disputes, queries
from provider.cards.charge_events import charge_of
from provider.cards.charging import FOLLOW
from provider.cards.models import CardCustomer, Charge, Dispute
from provider.cards.pausing import NothingToPause, PausedAlready, pause
from provider.cards.rules import CHARGE_PREFIX, ChargeState, DisputeState, EventState
from provider.enrollments.models import Enrollment
from provider.jobs import queries as jobs
from provider.jobs.actions import enqueue_once
from provider.jobs.models import Job
from provider.jobs.rules import JobState
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, retrying, unit_of_work
from provider.kernel.money import dollars
from provider.kernel.registry import Payload
from provider.payments.gateway import Dispute as ToldDispute
from provider.payments.gateway import Intent, IntentStatus
from provider.payments.service import ask, connected
from provider.tasks import queries as tasks
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

RECONCILE = "cards.reconcile"
SETTLE_CHARGE = "cards.settle_charge"
SETTLE_DISPUTE = "cards.settle_dispute"
OVERLAP = dt.timedelta(hours=1)
FIRST_LOOK = dt.timedelta(days=1)
FORGOTTEN_AFTER = dt.timedelta(minutes=5)
RECENTLY = dt.timedelta(days=1)
_AT_ONCE = 200
_OURS = re.compile(rf"{CHARGE_PREFIX}-\w{{8}}\Z")
# In which states ours says the same as the service's; one that waits or is processed there is followed by its own job.
_SAME = {
    IntentStatus.SUCCEEDED: frozenset({ChargeState.CAPTURED}),
    IntentStatus.FAILED: frozenset({ChargeState.FAILED, ChargeState.CANCELED}),
    IntentStatus.CANCELED: frozenset({ChargeState.FAILED, ChargeState.CANCELED}),
}
_MONEY = frozenset({IntentStatus.SUCCEEDED, IntentStatus.PROCESSING})


@dataclass(frozen=True, slots=True)
class Differences:
    """What stands otherwise at the service: charges and disputes by its names, and charges that are not known here."""

    charges: tuple[str, ...]
    disputes: tuple[str, ...]
    unknown: tuple[Intent, ...]


def since_last(now: dt.datetime) -> dt.datetime:
    """Return from when to look: an hour before the last look, however long ago that was; at first, a day back."""
    return (jobs.last_done(RECONCILE) or now - FIRST_LOOK) - OVERLAP


def look(since: dt.datetime, *, now: dt.datetime) -> Differences:
    """List once what the service has of a time, and compare it with our rows. Raises Unreachable."""
    intents = ask(lambda gateway: list(gateway.intents_between(since, now + OVERLAP)))
    told = ask(lambda gateway: list(gateway.disputes_between(since, now + OVERLAP)))
    charges, unknown = _compared(intents)
    return Differences(charges, _other_disputes(told), unknown)


def _compared(intents: Sequence[Intent]) -> tuple[tuple[str, ...], tuple[Intent, ...]]:
    other: list[str] = []
    unknown: list[Intent] = []
    for some in (intents[n : n + _AT_ONCE] for n in range(0, len(intents), _AT_ONCE)):
        by_intent, by_reference = _known(some)
        for intent in some:
            state = by_intent.get(intent.id) or by_reference.get(intent.reference or "")
            if state is None and intent.status in _MONEY and _OURS.match(intent.reference or ""):
                unknown.append(intent)
            elif state is not None and (intent.id not in by_intent or state not in _SAME.get(intent.status, {state})):
                other.append(intent.id)
    return tuple(other), tuple(unknown)


def _known(intents: Iterable[Intent]) -> tuple[dict[str, ChargeState], dict[str, ChargeState]]:
    """Return how our charges stand that these mean, by the service's name and by ours."""
    names = [intent.id for intent in intents]
    ours = [intent.reference for intent in intents if intent.reference]
    query = sa.select(Charge.intent_id, Charge.reference, Charge.state)
    rows = db.session.execute(query.where(sa.or_(Charge.intent_id.in_(names), Charge.reference.in_(ours)))).all()
    return {name: state for name, _, state in rows if name}, {reference: state for _, reference, state in rows}


def _other_disputes(told: Sequence[ToldDispute]) -> tuple[str, ...]:
    """Return the disputes about our payments that are not known here as they are there."""
    other = []
    for one in told:
        known = queries.dispute(one.id)
        if known is None and queries.payment_of_intent(one.intent_id or "") is None:
            continue
        if known is None or known.state.value != one.status.value:
            other.append(one.id)
    return tuple(other)


def watched(now: dt.datetime) -> Sequence[str]:
    """Return the disputes that a bank may have decided, or decided otherwise: open ones, and those ended lately."""
    query = sa.select(Dispute.service_id).where(
        sa.or_(Dispute.state == DisputeState.OPEN, Dispute.ended_at > now - RECENTLY)
    )
    return db.session.scalars(query.order_by(Dispute.id)).all()


def reconcile(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Have everything that differs settled, each by a job of its own, and charges followed that nobody follows.

    A missed day is made up: it looks from an hour before its last look. Raises Unreachable.
    """
    _follow_forgotten(now)
    if not connected():
        return
    found = look(since_last(now), now=now)
    hour = f"{now:%Y-%m-%dT%H}"
    _enqueue(SETTLE_CHARGE, "intent", found.charges, quarter(now), now)
    _enqueue(SETTLE_DISPUTE, "dispute", found.disputes, quarter(now), now)
    _enqueue(SETTLE_DISPUTE, "dispute", watched(now), hour, now)
    for intent in found.unknown:
        put_before_staff(intent, now=now)


def quarter(now: dt.datetime) -> str:
    """Name the quarter of an hour, so that each has one look."""
    return f"{now:%Y-%m-%dT%H}:{now.minute // 15}"


def _enqueue(kind: str, name: str, things: Sequence[str], period: str, now: dt.datetime) -> None:
    for some in (things[n : n + _AT_ONCE] for n in range(0, len(things), _AT_ONCE)):
        with unit_of_work():
            for one in some:
                enqueue_once(kind=kind, key=f"{kind}:{one}:{period}", payload={name: one}, at=now)


def forgotten(now: dt.datetime) -> list[str]:
    """Return the charges that have been processed for five minutes and that no job follows."""
    started = sa.select(Charge.reference).where(
        Charge.state == ChargeState.STARTED, Charge.started_at <= now - FORGOTTEN_AFTER
    )
    running = db.session.scalars(started.order_by(Charge.id)).all()
    if not running:
        return []
    queued = db.session.scalars(sa.select(Job.key).where(Job.kind == FOLLOW, Job.state == JobState.QUEUED))
    followed = {key.split(":")[1] for key in queued}
    return [reference for reference in running if reference not in followed]


def _follow_forgotten(now: dt.datetime) -> None:
    """Have charges followed whose job was given up; once a day, for it may be given up again."""
    for reference in forgotten(now):
        with unit_of_work():
            key = f"{FOLLOW}:{reference}:{now:%Y-%m-%d}"
            enqueue_once(kind=FOLLOW, key=key, payload={"charge": reference}, at=now)


def settle_charge(intent_id: str, *, now: dt.datetime) -> str | None:
    """Bring our charge up to how the service has it now; return what came of it, None when it is not ours."""
    intent = ask(lambda gateway: gateway.intent(intent_id))
    return retrying(lambda: _settled(intent, now))


def _settled(intent: Intent, now: dt.datetime) -> str | None:
    charge = charge_of(intent)
    return None if charge is None else charging.settle(charge.reference, intent, at=now)[1]


def settle_dispute(dispute_id: str, *, now: dt.datetime) -> str | None:
    """Bring our dispute up to how the service has it now; return what came of it, None when it is not ours."""
    told = ask(lambda gateway: gateway.dispute(dispute_id))
    state, remark = retrying(lambda: disputes.settle(told, at=now))
    return None if state is EventState.PARKED else remark


def put_before_staff(intent: Intent, *, now: dt.datetime) -> str:
    """Tell staff of money that was taken under our name and that our records have lost, as after a restored backup.

    Until they have looked, the schedule charges nothing of that enrollment: it may have been paid already.
    """
    return retrying(lambda: _put_before_staff(intent, now))


def _put_before_staff(intent: Intent, now: dt.datetime) -> str:
    key = f"intent_unknown:{intent.id}"
    known = tasks.by_key(key)
    if known is not None:
        return known.sentence
    enrollment = db.session.scalar(
        sa.select(Enrollment)
        .join(CardCustomer, CardCustomer.enrollment_id == Enrollment.id)
        .where(CardCustomer.customer_id == (intent.customer_id or ""))
    )
    whose = f"the enrollment {enrollment.reference}" if enrollment else f"the customer {intent.customer_id}"
    sentence = (
        f"The payment service took {dollars(intent.amount_cents)} for {whose} as {intent.reference} ({intent.id}), and "
        "no record here says so; a restored backup loses what came after it. Look it up there. Give it back there, or "
        "keep it and ask whoever runs the machine. Automatic payments of this enrollment are paused until you let them "
        "go on."
    )
    about = enrollment.reference if enrollment else None
    raise_task(kind=TaskKind.CHECK_CARD_PAYMENT, key=key, about=about, sentence=sentence, at=now)
    if enrollment is not None:
        try:
            pause(enrollment=enrollment, reason=f"Lost record of a payment: {intent.id}.", actor=SYSTEM, at=now)
        except (NothingToPause, PausedAlready):
            return sentence
    return sentence


def repair(since: dt.datetime, *, now: dt.datetime) -> Iterator[str]:
    """Settle at once whatever differs from the service since an instant; yield a sentence for each.

    Raises Unreachable and Refused; what was done until then is done.
    """
    found = look(since, now=now)
    for name in found.charges:
        yield from _said(settle_charge(name, now=now))
    for reference in forgotten(now):
        yield f"{reference} is {charging.follow(reference, now=now).label.lower()}"
    for name in dict.fromkeys((*found.disputes, *watched(now))):
        yield from _said(settle_dispute(name, now=now))
    for intent in found.unknown:
        yield put_before_staff(intent, now=now)


def _said(remark: str | None) -> Iterator[str]:
    if remark is not None:
        yield remark
