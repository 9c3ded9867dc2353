"""Importing sites from a CSV file: a dry run that shows what becomes of each line, then exactly that."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.affiliations.importing import doing
from provider.kernel import importing
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.importing import Judged
from provider.kernel.web import actor, only, received_at
from provider.staff import csv_files
from provider.staff.answers import done, imported
from provider.staff.schemas_sites import SitesFile
from provider.staff.views_sites import RIGHTS

door = Door("staff_site_import", __name__, url_prefix="/staff/sites/import", **RIGHTS)


@door.get("")
def index() -> ResponseReturnValue:
    return _page(Form(SitesFile()))


def _page(form: Form) -> str:
    return render_template("staff/sites/import.html", form=form)


@door.post("")
def check() -> ResponseReturnValue:
    form = Form(SitesFile()).load_form(request.form, request.files)
    if not form.ok:
        return _page(form), 422
    try:
        rows = csv_files.sites(form.data["csv"])
    except csv_files.Unreadable as refusal:
        form.add_error("csv", refusal.sentence)
        return _page(form), 422
    judged = importing.dry_run(rows, doing(actor=actor(), at=received_at()))
    return render_template(
        "staff/sites/check.html",
        judged=judged,
        ready=importing.number_done(judged),
        carried=importing.carried(judged),
    )


@door.post("/rows")
def create() -> ResponseReturnValue:
    only("rows")
    rows, shown = importing.read(request.form.get("rows", ""))
    judged: list[Judged] = retrying(
        lambda: importing.import_all(rows, doing(actor=actor(), at=received_at()), shown=shown)
    )
    return done(imported(judged), url_for("staff_sites.index"))
