"""What the registries call by name: the link that opens the refund page, and the daily look for late payouts."""

import datetime as dt

from flask import redirect, request
from flask.typing import ResponseReturnValue

from provider.accounts.links import open_link
from provider.accounts.rules import Permission
from provider.enrollments import queries as enrollments
from provider.enrollments.actions import join_by_letter
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.days import day_of, written
from provider.kernel.forms import Form
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.kernel.web import received_at as request_received_at
from provider.payments.rules import REFUND_LINK, RETURN_JOB
from provider.refunds import actions, card_payouts, queries, waiting
from provider.refunds.actions import RefundRunning
from provider.refunds.approval import late_key
from provider.refunds.card_events import EVENTS
from provider.refunds.models import Refund
from provider.refunds.pages import refund_page
from provider.refunds.reconciling import RECONCILE, quarter, reconcile
from provider.refunds.rules import PAY_OUT, SETTLE, Channel
from provider.refunds.schemas import AskRefund
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

LATE_PAYOUTS = "refunds.late_payouts"


class RefundLink:
    """Opens the refund page for whoever holds the letter; only its button asks. It opens until it runs out."""

    label = "Ask for a refund"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return _page(subject, token), 200

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        form = Form(AskRefund()).load_form(request.form)
        if not form.ok:
            return _page(subject, token, form=form), 422
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        try:
            retrying(lambda: _ask(subject, form, holder, received_at))
        except RefundRunning as refusal:
            return _page(subject, token, told=refusal.sentence), refusal.status
        return redirect(f"/links/{token}", code=303)


def _ask(reference: str, form: Form, holder: Actor, received_at: dt.datetime) -> None:
    """Decide the request; whoever holds a letter to the claimed address has proved it by the way."""
    enrollment = enrollments.by_reference(reference, lock=True)
    actions.ask(
        enrollment=enrollment,
        note=form.data["note"],
        channel=Channel.LINK,
        actor=holder,
        received_at=received_at,
        at=clock.now(),
    )
    if enrollment.person_id is None:
        join_by_letter(enrollment=enrollment, actor=holder, at=clock.now())


def _page(reference: str, token: str, *, form: Form | None = None, told: str = "") -> str:
    return refund_page(
        enrollments.by_reference(reference),
        now=request_received_at(),
        action=f"/links/{token}",
        home=None,
        form=form,
        told=told,
    )


def late_payouts(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Put each refund whose money should have arrived before staff, once as due and once as overdue."""
    today = day_of(now, settings().SCHOOL_ZONE)
    with unit_of_work():
        for refund in queries.late_refunds(today):
            _raise(refund, today, now)


def _raise(refund: Refund, today: dt.date, now: dt.datetime) -> None:
    if refund.overdue_on is None:
        return
    overdue = today > refund.overdue_on
    standing = f"was promised until {written(refund.overdue_on)} and is overdue" if overdue else "is due"
    raise_task(
        kind=TaskKind.PAY_OUT,
        key=late_key(refund.reference, overdue=overdue),
        about=refund.enrollment.reference,
        sentence=f"The refund {refund.reference} {standing}. Send it today.",
        due_on=refund.overdue_on,
        at=now,
    )


def _school_day(now: dt.datetime) -> str:
    return day_of(now, settings().SCHOOL_ZONE).isoformat()


MONEY_STORY = Strand(
    "money",
    "Money",
    frozenset({"refund", "payout"}),
    {
        "refund.requested": ("Refund requested", "money"),
        "refund.approved": ("Refund approved", "money"),
        "refund.declined": ("Refund declined", "warn"),
        "refund.settled": ("Refund paid back in full", "money"),
        "refund.opened_again": ("Refund open again: a bank gave money back", "warn"),
        "refund.overridden": ("Exception made: refund approved outside the window", "money"),
        "payout.due": ("Money to be sent back", "money"),
        "payout.sending": ("Money on its way back", "money"),
        "payout.accepted": ("Refund taken by the payment service, on its way to the bank", "money"),
        "payout.sent": ("Money sent back", "money"),
        "payout.sent_another_way": ("Refund sent by {method}, because it could not go to the card", "money"),
        "payout.failed": ("Sending money back failed", "warn"),
    },
    needs=Permission.SEE_MONEY,
)
STORY = Strand(
    "enrollment",
    "Enrollment",
    frozenset({"withdrawal"}),
    {
        "withdrawal.decided": ("Withdrawal decided", "warn"),
        "withdrawal.recorded": ("Withdrawal decided", "warn"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[REFUND_LINK] = RefundLink()
    registry.jobs |= {
        LATE_PAYOUTS: late_payouts,
        PAY_OUT: card_payouts.pay_out,
        RETURN_JOB: card_payouts.return_payment,
        SETTLE: card_payouts.settle_intent,
        RECONCILE: reconcile,
    }
    registry.periodic += [Periodic(LATE_PAYOUTS, _school_day), Periodic(RECONCILE, quarter)]
    registry.payment_events |= EVENTS
    registry.strands += [MONEY_STORY, STORY]
    registry.queues["refunds"] = waiting.QUEUE
