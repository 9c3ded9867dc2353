"""Certificates of completion in the back office: which there were, one issued anew, and the one that stands revoked."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import certificate_papers, certificates, queries
from provider.enrollments.rules import EnrollmentState
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, as_pdf, only, received_at
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_records import RevokeRecord
from provider.verification.rules import written_code

door = Door(
    "staff_certificates",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.CHANGE_ENROLLMENTS,
    url_prefix="/staff/enrollments",
)


@door.get("/<reference>/certificate")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference, Form(RevokeRecord()))


@door.get("/<reference>/certificate.pdf")
def show_pdf(reference: str) -> ResponseReturnValue:
    for newest in certificate_papers.of_enrollment(queries.by_reference(reference).reference):
        return as_pdf(certificate_papers.pdf(newest), certificate_papers.name_of(newest))
    raise NotFound


@door.post("/<reference>/certificate")
def issue(reference: str) -> ResponseReturnValue:
    only()
    return try_to(
        lambda: certificates.issue_anew(
            enrollment=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "The certificate is issued. The student gets it by letter.",
        _here(reference),
    )


@door.post("/<reference>/certificate/revocation")
@confirmed
def revoke(reference: str) -> ResponseReturnValue:
    form = Form(RevokeRecord()).load_form(request.form)
    attempt(form, lambda: _revoke(reference, form.data))
    if not form.ok:
        return _page(reference, form), 422
    return done("The certificate is revoked. The page of its code says so from now on.", _here(reference))


def _revoke(reference: str, data: dict[str, Any]) -> None:
    enrollment = queries.by_reference(reference, lock=True)
    certificates.revoke(enrollment=enrollment, **data, actor=actor(), at=received_at())


def _here(reference: str) -> str:
    return url_for("staff_certificates.show", reference=reference)


def _page(reference: str, form: Form) -> str:
    enrollment = queries.by_reference(reference)
    found = certificate_papers.of_enrollment(enrollment.reference)
    standing = next((one for one in found if one.revoked_at is None), None)
    completed = enrollment.completed_at is not None and enrollment.state is not EnrollmentState.REFUNDED
    return render_template(
        "staff/enrollments/certificate.html",
        enrollment=enrollment,
        certificates=found,
        standing=standing,
        written_code=written_code,
        can_issue=may(Permission.CHANGE_ENROLLMENTS) and completed and standing is None,
        can_revoke=may(Permission.CHANGE_ENROLLMENTS) and standing is not None,
        form=form,
    )
