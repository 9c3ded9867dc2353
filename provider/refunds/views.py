"""The student's refund page and its one button."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.enrollments import queries as enrollments
from provider.kernel import clock
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.refunds import actions
from provider.refunds.actions import RefundRunning
from provider.refunds.pages import refund_page
from provider.refunds.rules import Channel
from provider.refunds.schemas import AskRefund

door = Door("refunds", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/enrollments")


@door.get("/<reference>/refund")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference), 200


@door.post("/<reference>/refund")
def create(reference: str) -> ResponseReturnValue:
    form = Form(AskRefund()).load_form(request.form)
    if not form.ok:
        return _page(reference, form=form), 422
    try:
        retrying(lambda: _ask(reference, form))
    except RefundRunning as refusal:
        return _page(reference, told=refusal.sentence), refusal.status
    return redirect(url_for("refunds.show", reference=reference), code=303)


def _ask(reference: str, form: Form) -> None:
    actions.ask(
        enrollment=enrollments.own(sessions.asker(), reference, lock=True),
        note=form.data["note"],
        channel=Channel.PAGE,
        actor=actor(),
        received_at=received_at(),
        at=clock.now(),
    )


def _page(reference: str, *, form: Form | None = None, told: str = "") -> str:
    return refund_page(
        enrollments.own(sessions.asker(), reference),
        now=received_at(),
        action=url_for("refunds.create", reference=reference),
        home=f"/my/enrollments/{reference}",
        form=form,
        told=told,
    )
