"""The student's receipts and credit notes, as pages and as PDF."""

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.pdf import render
from provider.kernel.web import as_pdf
from provider.payments import queries
from provider.payments.papers import paper

door = Door("payments", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/enrollments")


@door.get("/<reference>/receipts/<receipt>")
def receipt(reference: str, receipt: str) -> ResponseReturnValue:
    enrollment = enrollments.own(sessions.asker(), reference)
    found = queries.receipt(enrollment.id, receipt)
    return render_template(
        "payments/receipt.html", enrollment=enrollment, receipt=found, paper=paper(found), payment=found.payment
    )


@door.get("/<reference>/receipts/<receipt>.pdf")
def receipt_pdf(reference: str, receipt: str) -> ResponseReturnValue:
    found = queries.receipt(enrollments.own(sessions.asker(), reference).id, receipt)
    name = found.kind.value.replace("_", "-")
    return as_pdf(render("payments/receipt.typ", paper(found).as_data()), f"{name}-{found.number}.pdf")
