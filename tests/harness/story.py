"""A small school with each way that money can go: paid, refunded, declined, overridden, taken back, withdrawn, late."""

import datetime as dt
from dataclasses import dataclass

from flask import Flask

from provider.enrollments.queries import by_reference
from provider.jobs.worker import run_due
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import unit_of_work
from provider.payments import queries as paid
from provider.refunds import actions as refunds
from provider.refunds import queries as returned
from provider.refunds.rules import Channel
from tests.harness import disclosed
from tests.harness.money import BURSAR, PAID, agreed, record, reverse

STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
HOUR = dt.timedelta(hours=1)
END = PAID + 30 * HOUR
UPFRONT = 189_900
QUARTER = 52_500
REASON = "The student was in hospital that day."


@dataclass(frozen=True, slots=True)
class Told:
    """The enrollments by what happened to them, and the refunds of some."""

    active: str
    twin: str
    settled: str
    overridden: str
    taken_back: str
    withdrawn: str
    declined_refund: str
    overriding_refund: str
    settled_refund: str


def tell(app: Flask) -> Told:
    """Let everything happen within three days that end at END, and send the letters."""
    with app.app_context():
        start = PAID - 2 * HOUR
        active, twin = agreed("installments", at=start), agreed("installments", at=start)
        record(active, QUARTER + 300)
        record(active, QUARTER, at=PAID + HOUR)
        record(twin, QUARTER)
        settled = agreed(at=start)
        record(settled, UPFRONT + 500)
        settled_refund = ask(settled, PAID + HOUR)
        pay_out(settled_refund, PAID + 2 * HOUR)
        record(settled, 700, at=PAID + 3 * HOUR)  # too late: waits to be returned
        returned_late = record(settled, 800, at=PAID + 3 * HOUR)
        with unit_of_work():
            refunds.return_late_payment(payment=paid.by_reference(returned_late), actor=BURSAR, at=PAID + 4 * HOUR)
        overridden = agreed(at=start)
        record(overridden, UPFRONT)
        declined_refund = ask(overridden, PAID + 25 * HOUR)
        with unit_of_work():
            found = returned.by_reference(declined_refund)
            overriding = refunds.override(refund=found, reason=REASON, actor=BURSAR, at=PAID + 26 * HOUR)
            overriding_refund = overriding.reference
        taken_back = agreed("installments", at=start)
        reverse(record(taken_back, QUARTER), at=PAID + HOUR)
        record(taken_back, QUARTER, at=PAID + 2 * HOUR)
        withdrawn = agreed("installments", at=start)
        record(withdrawn, QUARTER)
        with unit_of_work():
            enrollment = by_reference(withdrawn, lock=True)
            refunds.withdraw(enrollment=enrollment, reason=REASON, waive=True, actor=BURSAR, at=PAID + 26 * HOUR)
        disclosed.tell(active)
        disclosed.note_erasure()
        run_due(END)
    return Told(
        active, twin, settled, overridden, taken_back, withdrawn, declined_refund, overriding_refund, settled_refund
    )


def ask(reference: str, at: dt.datetime) -> str:
    """Ask for the money back by the page; returns the refund's reference."""
    with unit_of_work():
        return refunds.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=at,
            at=at,
        ).reference


def pay_out(refund: str, at: dt.datetime) -> None:
    """Send every payout of a refund."""
    for payout in [one.reference for one in returned.by_reference(refund).payouts]:
        with unit_of_work():
            found = returned.payout(payout)
            refunds.send_payout(payout=found, external_reference=f"wire {payout}", actor=BURSAR, at=at)
