"""Refunds that messages seem to ask for and nobody has decided, as the bursar finds them first of all."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from provider.accounts.rules import Permission
from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from provider.kernel.paging import up_to
from provider.kernel.promises import Queue
from provider.mailroom.models import RefundDraft
from provider.mailroom.rules import DraftState
from provider.policies.rules import Decision
from provider.refunds import queries as refunds
from provider.threads.models import ThreadMessage
from provider.threads.rules import Standing

_OPEN = RefundDraft.state == DraftState.OPEN


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A message that waits to be judged: about whom, by whom, when it came in, and what the rule decides on that."""

    reference: str
    student: str
    sender: str | None
    standing: Standing
    received_at: dt.datetime
    decision: Decision


def open_drafts(limit: int) -> list[DraftLine]:
    """Return the messages that wait, oldest first, in as many statements for one as for all."""
    query = sa.select(RefundDraft, ThreadMessage.sender).join(
        ThreadMessage, ThreadMessage.reference == RefundDraft.message
    )
    query = query.where(_OPEN).order_by(RefundDraft.received_at, RefundDraft.id).limit(limit)
    loaded = joinedload(RefundDraft.enrollment).joinedload(Enrollment.agreement)
    found = db.session.execute(query.options(loaded)).all()
    if not found:
        return []
    decided = refunds.decisions([(draft.enrollment, draft.received_at) for draft, _ in found])
    return [
        DraftLine(draft.reference, draft.enrollment.legal_name, sender, draft.standing, draft.received_at, decision)
        for (draft, sender), decision in zip(found, decided, strict=True)
    ]


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of the messages that wait to be judged."""
    return up_to(sa.select(RefundDraft.id).where(_OPEN))


def money_waiting() -> sa.ScalarSelect[int]:
    """Return the count of everything that waits under Refunds: messages to be judged, and payouts to be sent."""
    return sa.select(waiting() + refunds.waiting()).scalar_subquery()


QUEUE = Queue(
    "Messages that may ask for a refund",
    Permission.SEE_MONEY,
    waiting,
    lambda: url_for("staff_refunds.index"),
    rank=19,
)
