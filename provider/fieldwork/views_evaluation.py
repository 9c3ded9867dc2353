"""The student's page of evaluations: what the preceptor said, and the form about the site."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.fieldwork import evaluations
from provider.fieldwork.evaluating import OVERALL, POINTS, rated
from provider.fieldwork.evaluation_queries import of_student, own
from provider.fieldwork.evaluation_schemas import ratings, schema_of
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EvaluationKind, EvaluationState
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at

door = Door("evaluations", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship/evaluation")


@door.get("")
def show() -> ResponseReturnValue:
    return _signed_out() or _page()


@door.post("")
def give() -> ResponseReturnValue:
    signed_out = _signed_out()
    if signed_out is not None:
        return signed_out
    form = Form(schema_of(EvaluationKind.OF_SITE)).load_form(request.form)
    if form.ok:
        try:
            retrying(lambda: _give(form))
        except NotFound:
            raise
        except DomainError as refusal:
            form.add_error("_schema", refusal.sentence)
    if not form.ok:
        return _page(form), 422
    return redirect(url_for("evaluations.show"), code=303)


def _signed_out() -> ResponseReturnValue | None:
    if sessions.asker().person_id is not None:
        return None
    return redirect(url_for("accounts.sign_in", next=url_for("evaluations.show")), code=303)


def _give(form: Form) -> None:
    evaluations.give(
        evaluation=own(sessions.asker().person_id, form.data["evaluation"], lock=True),
        answers=ratings(EvaluationKind.OF_SITE, form.data),
        words=form.data["words"],
        signature=None,
        actor=actor(),
        at=received_at(),
    )


def lines(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return what was rated and how, in words."""
    points = [(point.key, point.label) for point in POINTS[evaluation.kind]] + [(OVERALL, "Overall")]
    return [(label, rated(evaluation.kind, int(evaluation.answers.get(key, 0)))) for key, label in points]


def _page(form: Form | None = None) -> str:
    person_id = sessions.asker().person_id
    mine = of_student(person_id) if person_id is not None else []
    site = EvaluationKind.OF_SITE
    asked = [
        one for one in mine if one.kind is site and one.state is EvaluationState.ASKED and evaluations.is_open(one)
    ]
    waits = asked[0] if asked else None
    values = {"evaluation": waits.reference} if waits else {}
    return render_template(
        "fieldwork/evaluations.html",
        waits=waits,
        form=form or Form(schema_of(site), values=values),
        given=[one for one in mine if one.state is EvaluationState.DONE],
        lines=lines,
    )
