"""Money that goes back: who may ask for it by mail, payouts with their clocks, requests, exceptions, withdrawals."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.clocks.rules import Standing, standing
from provider.enrollments import queries as enrollments
from provider.externships.ending import running_place
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.mailroom.draft_lists import open_drafts
from provider.mailroom.queries import draft_entered_as, open_draft
from provider.payments import queries as payments
from provider.payments.rules import PaymentMethod
from provider.payments.service import connected
from provider.policies.rules import Refusal
from provider.refunds import actions, queries
from provider.refunds.lists import RefundLine
from provider.refunds.models import Payout, Refund
from provider.refunds.payout_lists import PayoutLine
from provider.refunds.rules import PayoutState, RefundState
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key
from provider.staff.lists import Payouts, Refunds
from provider.staff.schemas import EnterRefundRequest, OverrideRefund, SendPayout, Withdraw, with_placement
from provider.staff.thread_pages import beside

door = Door(
    "staff_refunds",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff",
)
overrides = Door(
    "staff_overrides",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.OVERRIDE_REFUNDS,
    url_prefix="/staff/refunds",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payout that waits to be sent, with how its promise stands today."""

    payout: Payout
    standing: Standing | None


def waiting(limit: int) -> list[Waiting]:
    """Return the payouts that wait, those due first at the top."""
    return [Waiting(payout, clock_of(payout.refund)) for payout in queries.payouts_waiting(limit)]


def clock_of(refund: Refund | RefundLine) -> Standing | None:
    """Say how the promise of a refund stands today in the school's zone."""
    return _standing(refund.due_on, refund.overdue_on) if refund.state is RefundState.APPROVED else None


def _clock_of_payout(payout: PayoutLine) -> Standing | None:
    """Say how the promise stands that a payout belongs to, as long as it was not sent."""
    return None if payout.state is PayoutState.SENT else _standing(payout.due_on, payout.overdue_on)


def _standing(due_on: dt.date | None, overdue_on: dt.date | None) -> Standing | None:
    if due_on is None or overdue_on is None:
        return None
    return standing(due_on=due_on, overdue_on=overdue_on, today=day_of(received_at(), settings().SCHOOL_ZONE))


@door.get("/refunds")
def index() -> ResponseReturnValue:
    listed = Refunds(request.args)
    drafts = [] if request.args else open_drafts(50)
    return render_template(
        "staff/refunds/index.html",
        listed=listed,
        page=listed.page(before=key("before"), after=key("after")),
        drafts=drafts,
        marks=troubled([one.sender for one in drafts]),
        waiting=[] if request.args else waiting(50),
        clock_of=clock_of,
    ), listed.asked.status


@door.get("/payouts")
def payouts() -> ResponseReturnValue:
    listed = Payouts(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/refunds/payouts.html", listed=listed, page=page, clock_of=_clock_of_payout
    ), listed.asked.status


@door.get("/refunds/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _refund_page(queries.by_reference(reference))


def _refund_page(refund: Refund, override_form: Form | None = None, payout_form: Form | None = None) -> str:
    declined_late = refund.state is RefundState.DECLINED and refund.decision.get("refusal") == Refusal.OUTSIDE_WINDOW
    asked = {refund.decided_by, *(payout.sent_by for payout in refund.payouts)}
    refusal = refund.decision.get("refusal")
    return render_template(
        "staff/refunds/show.html",
        refund=refund,
        cards=queries.cards_of({one.payment_id for one in refund.payouts if one.payment.method is PaymentMethod.CARD}),
        clock=clock_of(refund),
        refusal=Refusal(refusal) if refusal else None,
        can_override=declined_late and may(Permission.OVERRIDE_REFUNDS),
        can_pay_out=may(Permission.RECORD_MONEY),
        override_form=override_form or (_override_form(refund) if declined_late else Form(OverrideRefund())),
        payout_form=payout_form or Form(SendPayout()),
        stays=queries.why_not_another_way(refund.payouts),
        given_back=queries.given_back(refund.payouts),
        service_on=connected(),
        names=people.names({one for one in asked if one}),
        draft=draft_entered_as(refund),
        beside=beside(
            refund.enrollment.reference,
            person_id=refund.enrollment.person_id,
            emails={refund.enrollment.claimed_email},
        ),
    )


@door.get("/enrollments/<reference>/refunds/new")
def new(reference: str) -> ResponseReturnValue:
    return _request_page(reference, Form(EnterRefundRequest(settings().SCHOOL_ZONE)))


@door.post("/enrollments/<reference>/refunds/new")
@confirmed
def create(reference: str) -> ResponseReturnValue:
    form = Form(EnterRefundRequest(settings().SCHOOL_ZONE)).load_form(request.form)
    refund = attempt(form, lambda: _ask(reference, form.data))
    if refund is None:
        return _request_page(reference, form), 422
    sentence = f"The request is decided: {refund[1].label.lower()}. The student gets a letter."
    return done(sentence, url_for("staff_refunds.show", reference=refund[0]))


def _ask(reference: str, data: dict[str, Any]) -> tuple[str, RefundState]:
    refund = actions.enter_mailed_request(
        enrollment=enrollments.by_reference(reference, lock=True),
        received_at=data["received_at"],
        evidence=data["evidence"],
        note=data["note"],
        actor=actor(),
        at=received_at(),
    )
    return refund.reference, refund.state


def _request_page(reference: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    outlook = queries.outlook(enrollment, received_at())
    return render_template(
        "staff/refunds/new.html",
        enrollment=enrollment,
        form=form,
        window=outlook.window,
        draft=open_draft(enrollment.id),
    )


@door.post("/payouts/<reference>")
@confirmed
def send_payout(reference: str) -> ResponseReturnValue:
    form = Form(SendPayout()).load_form(request.form)
    attempt(form, lambda: _send(reference, form.data["external_reference"]))
    payout = queries.payout(reference)
    if not form.ok:
        return _refund_page(queries.by_reference(payout.refund.reference), payout_form=form), 422
    target = url_for("staff_refunds.show", reference=payout.refund.reference)
    return done("The payout is recorded as sent. The student gets a letter.", target)


def _send(reference: str, external_reference: str) -> None:
    actions.send_payout(
        payout=queries.payout(reference), external_reference=external_reference, actor=actor(), at=received_at()
    )


@door.post("/payments/<reference>/return")
@confirmed
def return_payment(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.return_late_payment(payment=payments.by_reference(reference), actor=actor(), at=received_at()),
        "The payment goes back. Send the money, and enter its reference under Refunds.",
        url_for("staff_payments.show", reference=reference),
    )


@overrides.post("/<reference>/override")
@confirmed
def override(reference: str) -> ResponseReturnValue:
    form = _override_form(queries.by_reference(reference)).load_form(request.form)
    attempt(form, lambda: _override(reference, form.data))
    if not form.ok:
        return _refund_page(queries.by_reference(reference), override_form=form), 422
    return done(
        "The exception is approved. The student gets a letter.",
        url_for("staff_enrollments.show", reference=queries.by_reference(reference).enrollment.reference),
    )


def _override_form(refund: Refund) -> Form:
    return Form(with_placement(OverrideRefund, running_place(refund.enrollment_id)))


def _override(reference: str, data: dict[str, Any]) -> None:
    actions.override(
        refund=queries.by_reference(reference),
        reason=data["reason"],
        placement_ends=data.get("placement_ends", False),
        actor=actor(),
        at=received_at(),
    )


@door.get("/enrollments/<reference>/withdrawal")
def ask_withdraw(reference: str) -> ResponseReturnValue:
    return _withdrawal_page(reference, _withdrawal_form(reference))


@door.post("/enrollments/<reference>/withdrawal")
@confirmed
def withdraw(reference: str) -> ResponseReturnValue:
    form = _withdrawal_form(reference).load_form(request.form)
    attempt(form, lambda: _withdraw(reference, form.data))
    if not form.ok:
        return _withdrawal_page(reference, form), 422
    return done("The student is withdrawn and gets a letter.", url_for("staff_enrollments.show", reference=reference))


def _withdrawal_form(reference: str) -> Form:
    return Form(with_placement(Withdraw, running_place(enrollments.by_reference(reference).id)))


def _withdraw(reference: str, data: dict[str, Any]) -> None:
    actions.withdraw(
        enrollment=enrollments.by_reference(reference, lock=True),
        reason=data["reason"],
        waive=data["unpaid"] == "waive",
        placement_ends=data.get("placement_ends", False),
        actor=actor(),
        at=received_at(),
    )


def _withdrawal_page(reference: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    outlook = queries.outlook(enrollment, received_at())
    owed = sum(one.open_cents for one in payments.owed(enrollment))
    return render_template("staff/refunds/withdraw.html", enrollment=enrollment, form=form, outlook=outlook, owed=owed)
