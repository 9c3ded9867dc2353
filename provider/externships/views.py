"""The student's pages of an externship: asking, how it stands, changing the wishes, withdrawing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.externships import ending, offer_pages, pages, queries, requests
from provider.externships.models import ExternshipRequest
from provider.externships.place_schemas import DeclineOffer
from provider.externships.requests import AskedAlready
from provider.externships.schemas import AskForPlace, Wish, filled_in
from provider.externships.wishes import WishRefused, of
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Choices, Form
from provider.kernel.web import actor, only, received_at

door = Door("externships", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship")


def _own(reference: str) -> Enrollment:
    """Return an enrollment to its student; an externship needs an account, so a browser alone finds nothing."""
    found = enrollments.own(sessions.asker(), reference)
    if found.person_id is None:
        raise NotFound
    return found


def _own_request(reference: str) -> ExternshipRequest:
    found = queries.open_of(_own(reference).id)
    if found is None:
        raise NotFound
    return found


@door.get("")
def index() -> ResponseReturnValue:
    person_id = sessions.asker().person_id
    if person_id is None:
        return redirect(url_for("accounts.sign_in", next=url_for("externships.index")), code=303)
    asked = queries.newest_of_each([one.id for one in enrollments.of_person(person_id)])
    mine = [one for one in enrollments.of_person(person_id) if pages.worth_showing(one) or one.id in asked]
    if len(mine) == 1:
        return redirect(url_for("externships.show", reference=mine[0].reference), code=303)
    return render_template("externships/index.html", enrollments=mine, asked=asked)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(_own(reference))


@door.post("/<reference>")
def create(reference: str) -> ResponseReturnValue:
    enrollment = _own(reference)
    form = Form(AskForPlace(), choices=_choices(enrollment)).load_form(request.form)
    if form.ok:
        try:
            retrying(lambda: _ask(reference, form))
        except AskedAlready as refusal:
            flash(refusal.sentence, "info")
            return redirect(url_for("externships.show", reference=reference), code=303)
        except WishRefused as refusal:
            form.add_error(_field(refusal), refusal.sentence)
    if not form.ok:
        return _page(_own(reference), form), 422
    flash("Your request is in. We have written to you what happens next.")
    return redirect(url_for("externships.show", reference=reference), code=303)


def _ask(reference: str, form: Form) -> None:
    requests.ask(enrollment=_own(reference), wanted=pages.wanted(form.data), actor=actor(), at=received_at())


@door.get("/<reference>/wishes")
def edit(reference: str) -> ResponseReturnValue:
    found = _own_request(reference)
    form = Form(Wish(), choices=_choices(found.enrollment, found.zip), values=filled_in(pages.as_mapping(of(found))))
    return _wishes_page(found, form)


@door.post("/<reference>/wishes")
def update(reference: str) -> ResponseReturnValue:
    found = _own_request(reference)
    form = Form(Wish(), choices=_choices(found.enrollment)).load_form(request.form)
    if form.ok:
        try:
            retrying(lambda: _change(reference, form))
        except WishRefused as refusal:
            form.add_error(_field(refusal), refusal.sentence)
    if not form.ok:
        return _wishes_page(_own_request(reference), form), 422
    flash("Your wishes are changed. From now on we look by the new ones.")
    return redirect(url_for("externships.show", reference=reference), code=303)


def _change(reference: str, form: Form) -> None:
    requests.change(request=_own_request(reference), wanted=pages.wanted(form.data), actor=actor(), at=received_at())


@door.get("/<reference>/withdrawal")
def ask_withdraw(reference: str) -> ResponseReturnValue:
    found = _own_request(reference)
    return render_template(
        "externships/withdraw.html", shown=pages.shown(found.enrollment, now=received_at()), now=received_at()
    )


@door.post("/<reference>/withdrawal")
def withdraw(reference: str) -> ResponseReturnValue:
    _own_request(reference)
    only()
    retrying(lambda: ending.withdraw(request=_own_request(reference), actor=actor(), at=received_at()))
    flash("Your request is withdrawn. You can ask again at any time.")
    return redirect(url_for("externships.show", reference=reference), code=303)


def _choices(enrollment: Enrollment, zip_code: str | None = None) -> dict[str, Choices]:
    return pages.place_choices(enrollment, zip_code or request.form.get("zip", "").strip() or enrollment.zip)


def _field(refusal: WishRefused) -> str:
    return "place_1" if refusal.field == "locations" else refusal.field


def _page(enrollment: Enrollment, form: Form | None = None) -> str:
    shown = pages.shown(enrollment, now=received_at())
    if form is None and shown.refusal is None and not shown.open:
        first = pages.first_answers(enrollment, now=received_at())
        form = Form(AskForPlace(), choices=_choices(enrollment, enrollment.zip), values=first)
    return render_template(
        "externships/show.html",
        shown=shown,
        wished=pages.told_wishes(shown.request) if shown.request else [],
        form=form,
        offered=offer_pages.shown(shown.offer) if shown.offer else None,
        declining=Form(DeclineOffer()),
        now=received_at(),
    )


def _wishes_page(found: ExternshipRequest, form: Form) -> str:
    return render_template(
        "externships/wishes.html",
        enrollment=found.enrollment,
        located=found.point is not None,
        fixed=not pages.may_change(found),
        form=form,
    )
