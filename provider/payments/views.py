"""The student's receipts and credit notes, as pages and as PDF."""

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.pdf import render
from provider.payments import queries
from provider.payments.papers import paper

door = Door("payments", __name__, needs=PUBLIC, url_prefix="/my/enrollments")


def _mine(reference: str) -> Enrollment:
    viewer = sessions.signed_in()
    return enrollments.visible(viewer.person_id if viewer else None, sessions.known_browser(), reference)


@door.get("/<reference>/receipts/<receipt>")
def receipt(reference: str, receipt: str) -> ResponseReturnValue:
    enrollment = _mine(reference)
    found = queries.receipt(enrollment.id, receipt)
    return render_template(
        "payments/receipt.html", enrollment=enrollment, receipt=found, paper=paper(found), payment=found.payment
    )


@door.get("/<reference>/receipts/<receipt>.pdf")
def receipt_pdf(reference: str, receipt: str) -> ResponseReturnValue:
    found = queries.receipt(_mine(reference).id, receipt)
    pdf = Response(render("payments/receipt.typ", paper(found).as_data()), mimetype="application/pdf")
    name = found.kind.value.replace("_", "-")
    pdf.headers["Content-Disposition"] = f'attachment; filename="{name}-{found.number}.pdf"'
    return pdf
