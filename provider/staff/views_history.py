"""Everything that was changed: who, when, what, before and after; searched, read a page at a time, and exported."""

from itertools import chain

from flask import render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.registry import registry
from provider.kernel.web import only
from provider.staff import history_words as words
from provider.staff.exports import export as exported
from provider.staff.history_list import Changes
from provider.staff.listing import key

door = Door("staff_history", __name__, needs=Permission.SEE_HISTORY, url_prefix="/staff/history")


@door.get("")
def index() -> ResponseReturnValue:
    listed = Changes(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    prefixes = frozenset(chain.from_iterable(source.prefixes for source in registry().sources.values()))
    shown = render_template("staff/history/index.html", listed=listed, page=page, words=words, prefixes=prefixes)
    return shown, listed.asked.status


@door.post("/export")
@confirmed
def export() -> ResponseReturnValue:
    only(*Changes.schema().fields, "format")
    return exported(Changes(request.form), request.form.get("format", ""))
