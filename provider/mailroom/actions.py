"""What a person decides about a refund that a message seems to ask for; a message decides nothing."""

import datetime as dt

from provider.history import actions as history
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.mailroom.models import RefundDraft
from provider.mailroom.rules import DRAFT_LIFECYCLE, DraftState, draft_task
from provider.payments import queries as payments
from provider.refunds.actions import enter_mailed_request
from provider.refunds.models import Refund
from provider.tasks.actions import finish_by_key


class DraftDecided(DomainError):
    """Somebody judged it before."""

    code = "draft_decided"
    sentence = "Somebody has decided about this message already."


def enter_draft(*, draft: RefundDraft, actor: Actor, at: dt.datetime) -> Refund:
    """Enter the request of a draft: the rule decides on the instant at which its message came in, however late it is.

    Raises DraftDecided, and what entering a mailed request raises.
    """
    enrollment = payments.hold(draft.enrollment_id)
    _check_open(draft)
    refund = enter_mailed_request(
        enrollment=enrollment,
        received_at=draft.received_at,
        evidence=f"Message {draft.message}, kept as it came in: “{draft.words}”",
        actor=actor,
        at=at,
    )
    draft.refund = refund.reference
    _decide(draft, DraftState.ENTERED, enrollment.reference, actor, at)
    return refund


def dismiss_draft(*, draft: RefundDraft, actor: Actor, at: dt.datetime) -> RefundDraft:
    """Remember that a message asked for nothing, or was not the student's; raises DraftDecided."""
    about = payments.hold(draft.enrollment_id).reference
    _check_open(draft)
    _decide(draft, DraftState.DISMISSED, about, actor, at)
    return draft


def _check_open(draft: RefundDraft) -> None:
    if draft.state is not DraftState.OPEN:
        raise DraftDecided


def _decide(draft: RefundDraft, to: DraftState, about: str, actor: Actor, at: dt.datetime) -> None:
    history.move(draft, to, DRAFT_LIFECYCLE, actor=actor, at=at, about=about)
    draft.decided_at, draft.decided_by = at, actor.reference
    db.session.flush()
    finish_by_key(key=draft_task(draft.reference), at=at)
