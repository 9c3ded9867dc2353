"""One placement: its days and its preceptor, why it is held, and letting it go."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.affiliations import queries as sites
from provider.externships import holding, offer_queries, placements
from provider.externships.models import Placement
from provider.externships.place_letters import confirmation
from provider.externships.rules import ReleaseReason
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.staff import stories
from provider.staff.answers import attempt, done
from provider.staff.schemas_externships import ChangePreceptor, ReleasePlacement

door = Door(
    "staff_placements",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/placements",
)
_REASONS = (ReleaseReason.SITE_ASKED, ReleaseReason.COORDINATOR)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(offer_queries.placement(reference))


def _page(placement: Placement, *, release_form: Form | None = None, preceptor_form: Form | None = None) -> str:
    active, facts = placement.state in placements.ACTIVE, confirmation(placement)
    return render_template(
        "staff/externships/placement.html",
        placement=placement,
        facts=facts,
        marks=troubled([placement.preceptor.email]),
        lacking=holding.lacking(placement, at=received_at()) if active else [],
        can_change=active and may(Permission.MANAGE_PLACEMENTS),
        release_form=release_form or _release_form(),
        preceptor_form=preceptor_form or _preceptor_form(placement),
        events=stories.of_record(placement.reference),
    )


def _release_form() -> Form:
    return Form(ReleasePlacement(), choices={"reason": [(one.value, one.sentence) for one in _REASONS]})


def _preceptor_form(placement: Placement) -> Form:
    others: Choices = [
        (one.reference, f"{one.name}, {one.title}" if one.title else one.name)
        for one in offer_queries.supervisors(placement.opening.location.site_id)
        if one.id != placement.preceptor_id
    ]
    return Form(ChangePreceptor(), choices={"contact": others})


@door.post("/<reference>/release")
def release(reference: str) -> ResponseReturnValue:
    form = _release_form().load_form(request.form)
    if form.ok and form.data["reason"] not in {one.value for one in _REASONS}:
        form.add_error("reason", "Choose one of these.")
    attempt(form, lambda: _release(reference, form.data))
    if not form.ok:
        return _page(offer_queries.placement(reference), release_form=form), 422
    sentence = "The placement is released. Student and site get a letter, and the request is ready again."
    return done(sentence, url_for("staff_placements.show", reference=reference))


def _release(reference: str, data: dict[str, Any]) -> None:
    placements.release(
        placement=offer_queries.placement(reference),
        reason=ReleaseReason(data["reason"]),
        words=data["words"],
        actor=actor(),
        at=received_at(),
    )


@door.post("/<reference>/preceptor")
def change_preceptor(reference: str) -> ResponseReturnValue:
    form = _preceptor_form(offer_queries.placement(reference)).load_form(request.form)
    if form.ok and form.data["contact"] not in dict(form.choices["contact"]):
        form.add_error("contact", "Choose one of these.")
    attempt(form, lambda: _change(reference, form.data["contact"]))
    if not form.ok:
        return _page(offer_queries.placement(reference), preceptor_form=form), 422
    sentence = "The preceptor is changed. The student and the new preceptor get a letter."
    return done(sentence, url_for("staff_placements.show", reference=reference))


def _change(reference: str, contact: str) -> None:
    placements.change_preceptor(
        placement=offer_queries.placement(reference),
        preceptor=sites.contact(contact),
        actor=actor(),
        at=received_at(),
    )
