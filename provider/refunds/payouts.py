"""The way of one payout: taken in hand, on its way, sent, failed; each step posts, remembers and tells what it must.

The caller holds the enrollment.
"""

import datetime as dt

import sqlalchemy as sa

from provider.clocks.actions import end as end_clock
from provider.clocks.actions import resume as resume_clock
from provider.clocks.rules import ClockKind
from provider.enrollments.models import Enrollment
from provider.history.actions import move, note
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Account, Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.gateway import Return, ReturnStatus
from provider.payments.rules import CallKind, cash_account
from provider.refunds import letters, queries
from provider.refunds.approval import late_key
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import (
    LIFECYCLE,
    PAYOUT_LIFECYCLE,
    PayoutState,
    RefundBasis,
    RefundState,
    failure_words,
    is_settled,
    posted_as,
)
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind


class PayoutSent(DomainError):
    """The money was sent before; paying again would pay twice."""

    code = "payout_sent"

    def __init__(self, payout: Payout) -> None:
        super().__init__(
            f"This money was sent already, with reference “{payout.external_reference}”. Do not pay it a second time."
            if payout.external_reference
            else "This money is on its way already. Do not pay it a second time."
        )
        self.reference = payout.reference


def claim(payout: Payout, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    """Take the payout in hand, unless somebody did before; raises PayoutSent."""
    claimed = db.session.execute(
        sa.update(Payout)
        .where(Payout.id == payout.id, Payout.state.in_((PayoutState.DUE, PayoutState.FAILED)))
        .values(state=PayoutState.SENDING, tries=Payout.tries + 1, external_reference=None, failure=None)
        .returning(Payout.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    old = payout.state
    db.session.refresh(payout, ["state", "tries", "external_reference", "failure"])
    if claimed is None:
        raise PayoutSent(payout)
    event = f"payout.{payout.state}"
    note(payout, event, actor=actor, at=at, about=enrollment.reference, old=old, new=payout.state)


def follow(payout: Payout, returned: Return, enrollment: Enrollment, *, at: dt.datetime) -> None:
    """Bring a payout to where the service says that its money is; what is known already changes nothing."""
    failed = returned.status is ReturnStatus.FAILED
    if failed and payout.state not in {PayoutState.SENDING, PayoutState.SENT}:
        return
    if payout.state in {PayoutState.DUE, PayoutState.FAILED}:
        claim(payout, enrollment, SYSTEM, at)
    calls.answered(kind=CallKind.GIVE_BACK, subject=payout.reference, object_id=returned.id, at=at)
    if failed:
        fail(payout, enrollment, code=returned.failure, return_id=returned.id, at=at)
    elif payout.state is PayoutState.SENDING and returned.status is ReturnStatus.SUCCEEDED:
        send(payout, enrollment, sent_as=returned.id, cash=cash_account(payout.method), actor=SYSTEM, at=at)
    elif payout.state is PayoutState.SENDING and payout.external_reference is None:
        payout.external_reference = returned.id
        data = {"return": returned.id}
        note(payout, "payout.accepted", actor=SYSTEM, at=at, about=enrollment.reference, data=data)


def send(
    payout: Payout,
    enrollment: Enrollment,
    *,
    sent_as: str,
    cash: Account,
    actor: Actor,
    at: dt.datetime,
    by_bank_cents: int = 0,
) -> None:
    """Note that a payout in hand was sent; the last one settles its refund and keeps the promise's clock.

    ``by_bank_cents`` of it a bank gave back in a dispute, so that only the rest was sent.
    """
    sent_cents = payout.amount_cents - by_bank_cents
    payout.external_reference, payout.sent_at, payout.sent_by = sent_as, at, actor.reference
    move(payout, PayoutState.SENT, PAYOUT_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    post_ledger(
        kind=PostingKind.PAID_OUT,
        about=enrollment.reference,
        subject=posted_as(payout.reference, payout.tries),
        amounts=Amounts(owed=sent_cents, by_bank=by_bank_cents),
        at=at,
        cash=cash,
    )
    _finish_tasks(payout, at)
    refund = payout.refund
    told_of = refund.basis is not RefundBasis.OUTSIDE or payout.tries > 1
    if told_of:
        _tell_sent(payout, enrollment, sent_cents, disputed=cash is Account.DISPUTED, at=at)
    db.session.flush()
    if is_settled(queries.payout_states(refund.id)):
        _settle(refund, enrollment, actor, at, telling=told_of)


def _tell_sent(payout: Payout, enrollment: Enrollment, cents: int, *, disputed: bool, at: dt.datetime) -> None:
    letter = letters.payout_sent(
        payout,
        enrollment,
        cents=cents,
        recipient=payments.recipient(enrollment),
        event=_event("payout_sent", payout.reference, payout.tries),
        card=queries.card_name(payout),
        disputed=disputed,
    )
    post(letter, at=at)


def _event(template: str, reference: str, number: int) -> str:
    """Name a letter's event: the first of its kind by the record, one of a later try by its number, too."""
    return f"{reference}.{number}" if queries.was_told(template, reference) else reference


def _settle(refund: Refund, enrollment: Enrollment, actor: Actor, at: dt.datetime, *, telling: bool) -> None:
    refund.settled_at = at
    move(refund, RefundState.SETTLED, LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    end_clock(kind=ClockKind.REFUND_PAYOUT, subject=refund.reference, at=at)
    for overdue in (False, True):
        finish_by_key(key=late_key(refund.reference, overdue=overdue), at=at)
    if telling:
        event = _event("refund_settled", refund.reference, queries.tries(refund.id))
        letter = letters.settled(refund, enrollment, recipient=payments.recipient(enrollment), event=event)
        post(letter, at=at)


def fail(
    payout: Payout,
    enrollment: Enrollment,
    *,
    code: str | None,
    return_id: str | None,
    at: dt.datetime,
    cash: Account = Account.CASH_CARD,
) -> None:
    """Note that a payout did not arrive, even days after it seemed sent: staff and student are told at once.

    Its refund is open again, and the clock of the promise goes on with the dates that were promised.
    """
    refund = payout.refund
    if payout.state is PayoutState.SENT:
        post_ledger(
            kind=PostingKind.PAYOUT_FAILED,
            about=enrollment.reference,
            subject=posted_as(payout.reference, payout.tries),
            amounts=Amounts(owed=payout.amount_cents),
            at=at,
            cash=cash,
        )
        payout.sent_at = payout.sent_by = None
    payout.external_reference, payout.failure = None, failure_words(code)
    data = {"return": return_id, "code": code}
    move(payout, PayoutState.FAILED, PAYOUT_LIFECYCLE, actor=SYSTEM, at=at, about=enrollment.reference, data=data)
    _open_again(refund, enrollment, at)
    left_cents = payout.amount_cents - queries.given_back([payout])[payout.reference]
    _put_before_staff(payout, refund, enrollment, left_cents, at)
    letter = letters.payout_failed(
        payout,
        refund,
        enrollment,
        cents=left_cents,
        recipient=payments.recipient(enrollment),
        event=_event("payout_failed", payout.reference, payout.tries),
        card=queries.card_name(payout),
    )
    post(letter, at=at)


def _open_again(refund: Refund, enrollment: Enrollment, at: dt.datetime) -> None:
    if refund.state is not RefundState.SETTLED:
        return
    old, new = refund.state, RefundState.APPROVED
    LIFECYCLE.check(old, new)
    refund.state, refund.settled_at = new, None
    note(refund, "refund.opened_again", actor=SYSTEM, at=at, about=enrollment.reference, old=old, new=new)
    resume_clock(kind=ClockKind.REFUND_PAYOUT, subject=refund.reference)


def failed_key(payout: Payout, tries: int) -> str:
    """Name the task about a try that failed."""
    return f"payout_failed:{posted_as(payout.reference, tries)}"


def hangs_key(payout: Payout) -> str:
    """Name the task about a payout of which the service has said nothing final for a day."""
    return f"payout_hangs:{posted_as(payout.reference, payout.tries)}"


def _put_before_staff(payout: Payout, refund: Refund, enrollment: Enrollment, cents: int, at: dt.datetime) -> None:
    promised = f" The student was promised it until {written(refund.overdue_on)}." if refund.overdue_on else ""
    finish_by_key(key=hangs_key(payout), at=at)
    raise_task(
        kind=TaskKind.PAYOUT_FAILED,
        key=failed_key(payout, payout.tries),
        about=enrollment.reference,
        sentence=f"{dollars(cents)} of the refund {refund.reference} did not reach the card. "
        f"{payout.failure} Open the refund and try the card again, or send the money another way.{promised}",
        due_on=day_of(at, settings().SCHOOL_ZONE),
        at=at,
    )


def _finish_tasks(payout: Payout, at: dt.datetime) -> None:
    """Close what staff were asked to do about this try and the one before it."""
    for key in (hangs_key(payout), failed_key(payout, payout.tries), failed_key(payout, payout.tries - 1)):
        finish_by_key(key=key, at=at)
