"""What staff decide about installments: letting a student off one, and pausing the automatic payments."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.cards import pausing
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.payments import queries as payments
from provider.refunds import waiving
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas import PauseCharges, WaiveInstallment

door = Door(
    "staff_installments",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff/enrollments",
)


@door.get("/<reference>/installments/<number>/waiver")
def ask_waive(reference: str, number: str) -> ResponseReturnValue:
    return _waiver_page(reference, number, Form(WaiveInstallment()))


@door.post("/<reference>/installments/<number>/waiver")
@confirmed
def waive(reference: str, number: str) -> ResponseReturnValue:
    form = Form(WaiveInstallment()).load_form(request.form)
    attempt(form, lambda: _waive(reference, number, form.data["reason"]))
    if not form.ok:
        return _waiver_page(reference, number, form), 422
    return done(f"Installment {number} is waived. The student gets a letter.", _page(reference))


def _waive(reference: str, number: str, reason: str) -> None:
    enrollment = enrollments.by_reference(reference, lock=True)
    waiving.waive(enrollment=enrollment, number=_numbered(number), reason=reason, actor=actor(), at=received_at())


def _numbered(number: str) -> int:
    """Return an installment's number from an address; raises NotFound when it is none."""
    if not (number.isascii() and number.isdigit() and len(number) < 4):
        raise NotFound
    return int(number)


def _waiver_page(reference: str, number: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    return render_template(
        "staff/installments/waive.html",
        enrollment=enrollment,
        installment=waiving.installment(enrollment, _numbered(number)),
        can_waive=waiving.is_waivable(enrollment, _numbered(number)),
        owed=sum(one.open_cents for one in payments.owed(enrollment)),
        charge=waiving.running_charge(enrollment.id),
        form=form,
    )


@door.get("/<reference>/automatic-payments/pause")
def ask_pause(reference: str) -> ResponseReturnValue:
    return _pause_page(reference, Form(PauseCharges()))


@door.post("/<reference>/automatic-payments/pause")
def pause(reference: str) -> ResponseReturnValue:
    form = Form(PauseCharges()).load_form(request.form)
    attempt(form, lambda: _pause(reference, form.data["reason"]))
    if not form.ok:
        return _pause_page(reference, form), 422
    return done("Automatic payments are paused. The student’s page says so.", _page(reference))


def _pause(reference: str, reason: str) -> None:
    enrollment = enrollments.by_reference(reference, lock=True)
    pausing.pause(enrollment=enrollment, reason=reason, actor=actor(), at=received_at())


def _pause_page(reference: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    return render_template("staff/installments/pause.html", enrollment=enrollment, form=form)


@door.post("/<reference>/automatic-payments/release")
def release(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: pausing.release(
            enrollment=enrollments.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "Automatic payments go on. What fell due meanwhile is charged at the next run.",
        _page(reference),
    )


def _page(reference: str) -> str:
    return url_for("staff_enrollments.show", reference=reference)
