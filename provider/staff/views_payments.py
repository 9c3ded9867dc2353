"""Money that came in: the list of payments, recording one, and taking back one that was recorded in error."""

import datetime as dt
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.cards import queries as cards
from provider.enrollments import queries as enrollments
from provider.files.actions import keep
from provider.kernel import clock
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.inputs import wall
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.payments import actions, queries
from provider.payments.actions import AlreadyRecorded
from provider.payments.rules import PaymentMethod, PaymentState
from provider.staff.answers import attempt, done
from provider.staff.listing import key
from provider.staff.lists import AWAITED, Awaited, Payments
from provider.staff.schemas import RecordPayment, ReversePayment

door = Door(
    "staff_payments",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff",
)
RECORDED = "The payment is recorded. The student gets a receipt."


@door.get("/payments")
def index() -> ResponseReturnValue:
    awaited = request.args.get("view") == AWAITED
    listed: Awaited | Payments = Awaited(request.args) if awaited else Payments(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template("staff/payments/index.html", listed=listed, page=page), listed.asked.status


@door.get("/payments/<reference>")
def show(reference: str) -> ResponseReturnValue:
    payment = queries.by_reference(reference)
    names = people.names({payment.recorded_by}) if payment.recorded_by else {}
    captured = payment.state is PaymentState.CAPTURED and not payment.refunded_cents
    by_hand = payment.method is not PaymentMethod.CARD
    return render_template(
        "staff/payments/show.html",
        payment=payment,
        recorded_by=names.get(payment.recorded_by or ""),
        disputes=cards.disputes_of(payment.id) if payment.method is PaymentMethod.CARD else [],
        can_reverse=captured and by_hand and may(Permission.RECORD_MONEY),
        can_return=captured and by_hand and payment.for_return and may(Permission.RECORD_MONEY),
        returns_itself=captured and not by_hand and payment.for_return,
    )


@door.get("/enrollments/<reference>/payments/new")
def new(reference: str) -> ResponseReturnValue:
    enrollment = enrollments.by_reference(reference)
    owed = next((one for one in enrollment.installments if one.open_cents), None)
    values = {
        "method": PaymentMethod.BANK_TRANSFER,
        "amount": dollars(owed.open_cents) if owed else "",
        "received_at": wall(received_at(), settings().SCHOOL_ZONE),
    }
    return _payment_page(reference, Form(RecordPayment(settings().SCHOOL_ZONE), values=values))


@door.post("/enrollments/<reference>/payments/new")
def create(reference: str) -> ResponseReturnValue:
    form = Form(RecordPayment(settings().SCHOOL_ZONE)).load_form(request.form, request.files)
    target = url_for("staff_enrollments.show", reference=reference)
    try:
        attempt(form, lambda: _record(reference, form.data), telling=(AlreadyRecorded,))
    except AlreadyRecorded as refusal:
        if _sent_twice(refusal.reference, form.data):
            return done(RECORDED, target)
        form.add_error("_schema", refusal.sentence)
    if not form.ok:
        return _payment_page(reference, form), 422
    return done(RECORDED, target)


def _record(reference: str, data: dict[str, Any]) -> None:
    enrollment = enrollments.by_reference(reference, lock=True)
    at, content = clock.now(), data["proof_file"]  # the purchase is the instant of recording, never an earlier one
    proof = keep(data=content, about=reference, actor=actor(), at=at) if content else None
    actions.record(
        enrollment=enrollment,
        method=PaymentMethod(data["method"]),
        amount_cents=data["amount"],
        external_reference=data["external_reference"],
        received_at=min(data["received_at"], at) if _this_minute(data["received_at"], at) else data["received_at"],
        proof_file=proof,
        proof_note=data["proof_note"],
        actor=actor(),
        at=at,
    )


def _this_minute(given: dt.datetime, at: dt.datetime) -> bool:
    """Say whether a time typed to the minute is the present one, which clocks at two desks show differently."""
    return abs(given - at) < dt.timedelta(minutes=2)


def _sent_twice(recorded: str, data: dict[str, Any]) -> bool:
    """Say whether the payment found is what this same person recorded by this same form: a double click, or Back."""
    payment = queries.by_reference(recorded)
    same_person = payment.recorded_by == actor().reference
    return same_person and payment.amount_cents == data["amount"] and payment.proof_note == data["proof_note"]


def _payment_page(reference: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    return render_template("staff/payments/new.html", enrollment=enrollment, form=form)


@door.get("/payments/<reference>/reverse")
def ask_reverse(reference: str) -> ResponseReturnValue:
    return _reverse_page(reference, Form(ReversePayment()))


@door.post("/payments/<reference>/reverse")
def reverse(reference: str) -> ResponseReturnValue:
    form = Form(ReversePayment()).load_form(request.form)
    attempt(form, lambda: _reverse(reference, form.data["reason"]))
    if not form.ok:
        return _reverse_page(reference, form), 422
    return done(
        "The payment’s record is reversed. The student gets a credit note.",
        url_for("staff_payments.show", reference=reference),
    )


def _reverse(reference: str, reason: str) -> None:
    actions.reverse(payment=queries.by_reference(reference), reason=reason, actor=actor(), at=received_at())


def _reverse_page(reference: str, form: Form) -> str:
    return render_template("staff/payments/reverse.html", payment=queries.by_reference(reference), form=form)
