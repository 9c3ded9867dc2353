"""The statement of account of an enrollment, as its student reads it."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.books import statement as statements
from provider.books.statement import PAPER
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.pdf import render
from provider.kernel.web import received_at

door = Door("staff_statements", __name__, needs=Permission.SEE_MONEY, url_prefix="/staff/enrollments")


@door.get("/<reference>/statement")
def show(reference: str) -> ResponseReturnValue:
    statement = statements.read(enrollments.by_reference(reference), now=received_at())
    return render_template("staff/enrollments/statement.html", statement=statement)


@door.get("/<reference>/statement.pdf")
def pdf(reference: str) -> ResponseReturnValue:
    statement = statements.read(enrollments.by_reference(reference), now=received_at())
    paper = Response(render(PAPER, statement.as_data()), mimetype="application/pdf")
    paper.headers["Content-Disposition"] = f'attachment; filename="statement-{statement.enrollment.reference}.pdf"'
    return paper
