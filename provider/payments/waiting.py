"""Late installments as the home page lists them, until they are a hold and so a task."""

import datetime as dt

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.enrollments import lists
from provider.enrollments.models import PAST_DUE_ROWS, Enrollment, Installment
from provider.kernel.database import db
from provider.kernel.promises import NOBODY, Asked, Promise, Queue
from provider.tuition.rules import HOLD_AFTER_DAYS

_LATE = (
    sa.select(Installment.due_on, Installment.number, Enrollment.reference, Enrollment.legal_name)
    .join(Enrollment, Enrollment.id == Installment.enrollment_id)
    .where(PAST_DUE_ROWS, Enrollment.hold_on.is_(None))
    .order_by(Installment.due_on, Installment.id)
)
_HOLD_AFTER = dt.timedelta(days=HOLD_AFTER_DAYS)
# A hold comes with the first look after its day; a released one was decided by a person, and runs no more.
_A_DAY_MORE = dt.timedelta(days=1)


def rows(asked: Asked) -> list[Promise]:
    """Return the installments that are late but no hold yet, the longest late at the top; they are nobody's own."""
    if asked.owner not in {"", NOBODY}:
        return []
    from_day = asked.today - _HOLD_AFTER - _A_DAY_MORE
    found = db.session.execute(_LATE.where(Installment.due_on >= from_day).limit(asked.most))
    return [
        Promise(
            label="Late installment",
            text=f"{row.legal_name}, installment {row.number}",
            href=url_for("staff_enrollments.show", reference=row.reference),
            turn_on=row.due_on,
            due_on=row.due_on,
            last_on=row.due_on + _HOLD_AFTER,
            team="Anybody of admissions",
            about=row.reference,
        )
        for row in found
    ]


QUEUE = Queue(
    "Installments late",
    Permission.SEE_ENROLLMENTS,
    lists.late,
    lambda: url_for("staff_enrollments.index", state="late"),
    rows,
    tone="bad",
    rank=40,
)
