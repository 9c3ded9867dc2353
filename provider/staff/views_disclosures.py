"""What was told about people, to whom, and on which consent."""

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.disclosures import queries
from provider.disclosures.rules import DisclosureKind
from provider.kernel.doors import Door
from provider.mail.queries import troubled
from provider.oversight import personal
from provider.staff.listing import filters, key
from provider.staff.schemas import FindDisclosures

door = Door("staff_disclosures", __name__, needs=Permission.SEE_PERSONAL_DATA, url_prefix="/staff/disclosures")


@door.get("")
def index() -> ResponseReturnValue:
    kinds = [(kind.value, kind.label) for kind in DisclosureKind]
    form = filters(FindDisclosures(), {"kind": [("", "All"), *kinds]})
    asked, kind = form.data.get("kind"), None
    if asked in set(DisclosureKind):
        kind = DisclosureKind(asked)
    who = form.data.get("who", "")
    meant = personal.found(who) if who else None
    references = None if not who else meant.references if meant else ()
    page = queries.page(kind=kind, references=references, before=key("before"), after=key("after"))
    actors = {row.actor_reference for row in page.rows if row.actor_reference}
    return render_template(
        "staff/disclosures/index.html",
        form=form,
        page=page,
        marks=troubled(row.recipient for row in page.rows),
        names=people.names(actors) if actors else {},
        nobody=bool(who) and meant is None,
        kept={name: value for name, value in (("who", who), ("kind", asked)) if value},
    )
