"""Refunds on their way as the home page lists them: each with the clock of its promise."""

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from provider.kernel.money import dollars
from provider.kernel.promises import NOBODY, Asked, Promise, Queue
from provider.refunds import queries
from provider.refunds.models import Refund

_RUNNING = (
    sa.select(Clock.due_on, Clock.overdue_on, Refund.reference, Refund.amount_cents, Enrollment.legal_name)
    .add_columns(Clock.about)
    .join(Refund, Refund.reference == Clock.subject_reference)
    .join(Enrollment, Enrollment.id == Refund.enrollment_id)
    .where(Clock.state == ClockState.RUNNING, Clock.kind == ClockKind.REFUND_PAYOUT)
    .order_by(Clock.due_on, Clock.id)
)


def rows(asked: Asked) -> list[Promise]:
    """Return the refunds whose money is still to be sent, those due first at the top; they are nobody's own."""
    if asked.owner not in {"", NOBODY}:
        return []
    return [
        Promise(
            label=ClockKind.REFUND_PAYOUT.label,
            text=f"{row.legal_name}, {dollars(row.amount_cents)}",
            href=url_for("staff_refunds.show", reference=row.reference),
            turn_on=row.due_on,
            due_on=row.due_on,
            last_on=row.overdue_on,
            team="Any bursar",
            about=row.about,
        )
        for row in db.session.execute(_RUNNING.limit(asked.most))
    ]


QUEUE = Queue(
    "Refunds to pay out",
    Permission.SEE_MONEY,
    queries.waiting,
    lambda: url_for("staff_refunds.index"),
    rows,
    rank=20,
)
