"""The student's externship record, as a page and as PDF."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.fieldwork import record_queries
from provider.fieldwork.models import ExternshipRecord
from provider.fieldwork.recording import sheet
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.web import as_pdf

door = Door("externship_record", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship")


def _chosen() -> tuple[ExternshipRecord | None, list[ExternshipRecord]]:
    """Return the record that the address names, else the newest, and all; what is not theirs raises NotFound."""
    person_id = sessions.asker().person_id
    mine = list(record_queries.of_student(person_id)) if person_id is not None else []
    wanted = request.args.get("record")
    if wanted is None:
        return (mine[0] if mine else None), mine
    for record in mine:
        if record.reference == wanted:
            return record, mine
    raise NotFound


@door.get("/record")
def show() -> ResponseReturnValue:
    sessions.viewer()
    record, mine = _chosen()
    paper = sheet(record.content, record_queries.stamp(record)) if record else None
    return render_template("fieldwork/record.html", record=record, paper=paper, mine=mine)


@door.get("/record.pdf")
def show_pdf() -> ResponseReturnValue:
    record, _ = _chosen()
    if record is None:
        raise NotFound
    return as_pdf(record_queries.pdf(record), f"externship-record-{record.reference}.pdf")
