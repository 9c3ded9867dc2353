"""The one search box of the back office: everything that its reader may see, by kind, or straight to a reference."""

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.doors import Door
from provider.mail.queries import troubled
from provider.search.finding import Found, find, open_sources
from provider.search.rules import beginnings
from provider.staff.listing import filters
from provider.staff.schemas import FindAnything

door = Door("staff_search", __name__, needs=Permission.SEE_STAFF_PAGES, url_prefix="/staff/search")
NO_WORD = "Write at least one letter or digit, such as the beginning of a name."


@door.get("")
def index() -> ResponseReturnValue:
    form, found = filters(FindAnything(), {}), Found()
    if form.ok and form.data["q"]:
        if beginnings(form.data["q"]):
            found = find(form.data["q"], may=may)
        else:
            form.add_error("q", NO_WORD)
    if found.straight is not None:
        return redirect(found.straight, code=303)
    return render_template(
        "staff/search.html",
        form=form,
        groups=found.groups,
        marks=troubled(hit.address for group in found.groups for hit in group.hits),
        sources=open_sources(may),
    ), 200 if form.ok else 422
