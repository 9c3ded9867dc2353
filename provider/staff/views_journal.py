"""What the school's bookkeeping takes along: the journal, and the totals of the accounts."""

import datetime as dt

from flask import render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.staff.exports import export
from provider.staff.journal import Balances, Journal
from provider.staff.schemas_history import JOURNAL, TakeJournal

door = Door(
    "staff_journal",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.EXPORT_RECORDS,
    url_prefix="/staff/journal",
)


@door.get("")
def index() -> ResponseReturnValue:
    first = day_of(received_at(), settings().SCHOOL_ZONE).replace(day=1)
    last_month = first - dt.timedelta(days=1)
    values = {"what": JOURNAL, "since": last_month.replace(day=1), "until": last_month}
    return _page(Form(TakeJournal(), values=values))


@door.post("/export")
@confirmed
def take() -> ResponseReturnValue:
    form = Form(TakeJournal()).load_form(request.form)
    if not form.ok:
        return _page(form), 422
    wanted = Journal if form.data["what"] == JOURNAL else Balances
    return export(wanted(form.data), form.data["format"])


def _page(form: Form) -> str:
    return render_template("staff/journal/index.html", form=form, can_take=may(Permission.EXPORT_RECORDS))
