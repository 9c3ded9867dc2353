"""What did not reach its card, or cannot go there any more: tried again, or sent another way."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.payments.rules import PaymentMethod
from provider.refunds import another_way, queries
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_payouts import SendAnotherWay

door = Door(
    "staff_payouts", __name__, needs=Permission.SEE_MONEY, changes=Permission.RECORD_MONEY, url_prefix="/staff/payouts"
)


@door.post("/<reference>/try-again")
@confirmed
def try_again(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: another_way.try_card_again(payout=queries.payout(reference), actor=actor(), at=received_at()),
        "The card is tried again. This page shows what comes of it within minutes.",
        url_for("staff_refunds.show", reference=queries.payout(reference).refund.reference),
    )


@door.get("/<reference>/another-way")
def new(reference: str) -> ResponseReturnValue:
    return _page(reference, Form(SendAnotherWay()))


@door.post("/<reference>/another-way")
@confirmed
def create(reference: str) -> ResponseReturnValue:
    form = Form(SendAnotherWay()).load_form(request.form)
    attempt(form, lambda: _send(reference, form.data))
    if not form.ok:
        return _page(reference, form), 422
    target = url_for("staff_refunds.show", reference=queries.payout(reference).refund.reference)
    return done("The payout is recorded as sent. The student gets a letter.", target)


def _send(reference: str, data: dict[str, Any]) -> None:
    another_way.send_another_way(
        payout=queries.payout(reference),
        method=PaymentMethod(data["method"]),
        external_reference=data["external_reference"],
        reason=data["reason"],
        actor=actor(),
        at=received_at(),
    )


def _page(reference: str, form: Form) -> str:
    payout = queries.payout(reference)
    return render_template(
        "staff/refunds/another_way.html",
        payout=payout,
        left_cents=payout.amount_cents - queries.given_back([payout])[reference],
        refund=payout.refund,
        card=queries.card_name(payout),
        stays=queries.why_not_another_way([payout])[reference],
        form=form,
    )
