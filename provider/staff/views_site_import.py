"""Importing sites from a CSV file: a dry run that shows what becomes of each line, then exactly that."""

import json
from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.affiliations.importing import Fate, Judged, ListChanged, Row, dry_run, import_all
from provider.kernel.database import retrying
from provider.kernel.days import counted
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, only, received_at
from provider.staff import csv_files
from provider.staff.answers import done
from provider.staff.schemas_sites import SitesFile
from provider.staff.views_sites import RIGHTS

door = Door("staff_site_import", __name__, url_prefix="/staff/sites/import", **RIGHTS)
IMPORTED = frozenset({Fate.NEW, Fate.CHANGES})


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
    judged = dry_run(rows, actor=actor(), at=received_at())
    ready = sum(one.fate in IMPORTED for one in judged)
    return render_template("staff/sites/check.html", judged=judged, ready=ready, carried=_carried(judged))


@door.post("/rows")
def create() -> ResponseReturnValue:
    only("rows")
    rows, shown = _read(request.form.get("rows", ""))
    judged: list[Judged] = retrying(lambda: import_all(rows, shown=shown, actor=actor(), at=received_at()))
    number = sum(one.fate in IMPORTED for one in judged)
    left = len(judged) - number
    rest = f" {counted(left, 'line')} left as {'it was' if left == 1 else 'they were'}." if left else ""
    return done(f"{counted(number, 'line')} imported.{rest}", url_for("staff_sites.index"))


def _carried(judged: Sequence[Judged]) -> str:
    """Write what was shown, for the button that imports it."""
    return json.dumps([[*one.shown, dict(one.row.cells)] for one in judged], separators=(",", ":"))


def _read(carried: str) -> tuple[list[Row], list[tuple[int, str, str]]]:
    """Read what the button carries; anything that is not what `_carried` writes was never shown: raises ListChanged."""
    try:
        lines: list[Any] = json.loads(carried)
        rows = [Row(int(line[0]), {str(name): str(value) for name, value in line[3].items()}) for line in lines]
        return rows, [(int(line[0]), str(line[1]), str(line[2])) for line in lines]
    except (ValueError, TypeError, LookupError, AttributeError):
        raise ListChanged from None
