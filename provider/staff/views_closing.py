"""The close of each day: our books beside the payment service's word, and the bursar's word that it is looked at."""

import datetime as dt

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.books import closing
from provider.books.comparing import FINE
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.staff.answers import attempt, done, try_to
from provider.staff.closings import Days, card_of, offline_of, ours_of, rows_of, theirs_of
from provider.staff.listing import key
from provider.staff.schemas import CloseDay

door = Door(
    "staff_closing",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff/closing",
)


@door.get("")
def index() -> ResponseReturnValue:
    listed = Days(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/closing/index.html",
        listed=listed,
        page=page,
        names=people.names({day.closed_by for day in page.rows if day.closed_by}),
        ours_of=ours_of,
        card_of=card_of,
        offline_of=offline_of,
        theirs_of=theirs_of,
        cards_on=settings().cards_on,
    ), listed.asked.status


@door.get("/<day>")
def show(day: str) -> ResponseReturnValue:
    return _day_page(day, Form(CloseDay()))


@door.post("/<day>/close")
def close(day: str) -> ResponseReturnValue:
    form = Form(CloseDay()).load_form(request.form)
    attempt(form, lambda: _close(day, form.data["remark"]))
    if not form.ok:
        return _day_page(day, form), 422
    return done("The day is closed.", url_for("staff_closing.show", day=day))


def _close(day: str, remark: str | None) -> None:
    closing.close(day=_dated(day), remark=remark, actor=actor(), at=received_at())


@door.post("/<day>/compare")
def compare(day: str) -> ResponseReturnValue:
    return try_to(
        lambda: closing.ask(day=_dated(day), actor=actor(), at=received_at()),
        "The day is being compared again. Reload the page in a minute.",
        url_for("staff_closing.show", day=day),
    )


def _dated(day: str) -> dt.date:
    """Return the day of an address; raises NotFound when it is none."""
    try:
        return dt.date.fromisoformat(day)
    except ValueError:
        raise NotFound from None


def _day_page(day: str, form: Form) -> str:
    found = closing.of_day(_dated(day))
    names = people.names({found.closed_by}) if found.closed_by else {}
    return render_template(
        "staff/closing/show.html",
        day=found,
        rows=rows_of(found),
        fine=found.state in FINE,
        closed_by=names.get(found.closed_by or ""),
        can_close=may(Permission.RECORD_MONEY) and found.closed_at is None,
        can_ask=may(Permission.RECORD_MONEY) and settings().cards_on,
        form=form,
    )
