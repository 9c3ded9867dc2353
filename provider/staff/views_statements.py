"""The statement of account of an enrollment, as its student reads it."""

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.books import statement as statements
from provider.books.statement import PAPER
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.pdf import render
from provider.kernel.web import as_pdf, received_at

door = Door("staff_statements", __name__, needs=Permission.SEE_MONEY, url_prefix="/staff/enrollments")


@door.get("/<reference>/statement")
def show(reference: str) -> ResponseReturnValue:
    statement = statements.read(enrollments.by_reference(reference), now=received_at())
    return render_template("staff/enrollments/statement.html", statement=statement)


@door.get("/<reference>/statement.pdf")
def pdf(reference: str) -> ResponseReturnValue:
    statement = statements.read(enrollments.by_reference(reference), now=received_at())
    return as_pdf(render(PAPER, statement.as_data()), f"statement-{statement.enrollment.reference}.pdf")
