"""The student's statement of account, as a page and as PDF."""

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.books import statement as statements
from provider.books.statement import PAPER
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.pdf import render
from provider.kernel.web import as_pdf, received_at

door = Door("books", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/enrollments")


@door.get("/<reference>/statement")
def statement(reference: str) -> ResponseReturnValue:
    enrollment = enrollments.own(sessions.asker(), reference)
    return render_template("books/statement.html", statement=statements.read(enrollment, now=received_at()))


@door.get("/<reference>/statement.pdf")
def statement_pdf(reference: str) -> ResponseReturnValue:
    enrollment = enrollments.own(sessions.asker(), reference)
    paper = statements.read(enrollment, now=received_at()).as_data()
    return as_pdf(render(PAPER, paper), f"statement-{enrollment.reference}.pdf")
