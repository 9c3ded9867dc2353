"""What the payment service told: each event with what came of it, and trying a parked one again."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.cards import event_lists, events
from provider.cards.rules import EventState
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.staff.answers import try_to
from provider.staff.listing import key

door = Door(
    "staff_payment_events",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff/payment-events",
)
VIEWS = {"all": None, "parked": EventState.PARKED, "refused": EventState.REFUSED, "waiting": EventState.RECEIVED}


@door.get("")
def index() -> ResponseReturnValue:
    asked = request.args.get("view", "all")
    view = asked if asked in VIEWS else "all"
    page = event_lists.staff_page(VIEWS[view], before=key("before"), after=key("after"))
    return render_template(
        "staff/payment_events/index.html", page=page, meant=event_lists.meant(page.rows), view=view, parked=_PARKED
    )


_PARKED = EventState.PARKED


@door.post("/<reference>/retry")
def retry(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: events.try_again(reference, actor=actor(), at=received_at()),
        "The event is looked at again. In a minute this page shows what came of it.",
        url_for("staff_payment_events.index", view="parked"),
    )
