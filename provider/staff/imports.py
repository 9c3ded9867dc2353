"""Importing a list from a CSV file: a dry run that shows what becomes of each line, then exactly that."""

from collections.abc import Callable, Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue

from provider.kernel import importing
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.importing import Do, Judged, Row
from provider.kernel.web import only
from provider.staff import csv_files
from provider.staff.answers import done, imported
from provider.staff.schemas import CsvFile


def stand_on(
    door: Door,
    *,
    pages: str,
    rows: Callable[[bytes], Sequence[Row]],
    doing: Callable[[], Do],
    target: Callable[[], str],
) -> None:
    """Let a door lead to the file's form, to the dry run of its rows, and through the import on to ``target``."""

    def page(form: Form) -> str:
        return render_template(f"{pages}/import.html", form=form)

    @door.get("")
    def index() -> ResponseReturnValue:
        return page(Form(CsvFile()))

    @door.post("")
    def check() -> ResponseReturnValue:
        form = Form(CsvFile()).load_form(request.form, request.files)
        if not form.ok:
            return page(form), 422
        try:
            read = rows(form.data["csv"])
        except csv_files.Unreadable as refusal:
            form.add_error("csv", refusal.sentence)
            return page(form), 422
        judged = importing.dry_run(read, doing())
        ready, carried = importing.number_done(judged), importing.carried(judged)
        return render_template(f"{pages}/check.html", judged=judged, ready=ready, carried=carried)

    @door.post("/rows")
    def create() -> ResponseReturnValue:
        only("rows")
        read, shown = importing.read(request.form.get("rows", ""))
        judged: list[Judged] = retrying(lambda: importing.import_all(read, doing(), shown=shown))
        return done(imported(judged), target())
