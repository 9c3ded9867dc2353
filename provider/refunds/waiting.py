"""Refunds on their way as the home page lists them: each with the clock of its promise."""

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.clocks.rules import ClockKind
from provider.clocks.waiting import lines
from provider.enrollments.models import Enrollment
from provider.kernel.money import dollars
from provider.kernel.promises import Queue
from provider.refunds import queries
from provider.refunds.models import Refund

QUEUE = Queue(
    "Refunds to pay out",
    Permission.SEE_MONEY,
    queries.waiting,
    lambda: url_for("staff_refunds.index"),
    lines(
        ClockKind.REFUND_PAYOUT,
        sa.select(Refund.reference, Refund.amount_cents, Enrollment.legal_name).join(
            Enrollment, Enrollment.id == Refund.enrollment_id
        ),
        text=lambda row: f"{row.legal_name}, {dollars(row.amount_cents)}",
        endpoint="staff_refunds.show",
        team="Any bursar",
    ),
    rank=20,
)
