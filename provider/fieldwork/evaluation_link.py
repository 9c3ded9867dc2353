"""The link in a preceptor's letter: the page on which a student is evaluated; only its button saves."""

import datetime as dt

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts.links import open_link
from provider.fieldwork import entries, evaluations
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.evaluation_schemas import ratings, schema_of
from provider.fieldwork.evaluations import EvaluationGiven, PlacementEnded
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EvaluationState
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.forms import Form


class EvaluationLink:
    """Opens the evaluation of a student for their preceptor; afterwards it says that it was given."""

    label = "Evaluate a student"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return _page(by_reference(subject), token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        evaluation = by_reference(subject)
        form = Form(schema_of(evaluation.kind)).load_form(request.form)
        if not form.ok:
            return _page(evaluation, token, form), 422
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        try:
            retrying(lambda: _give(subject, form, holder, received_at))
        except (EvaluationGiven, PlacementEnded) as refusal:
            return _page(by_reference(subject), token), refusal.status
        return redirect(f"/links/{token}", code=303)

    def over(self, subject: str, made_at: dt.datetime) -> str | None:
        evaluation = by_reference(subject)
        if not _waits(evaluation):
            return evaluations.given_sentence(evaluation)
        return entries.handed_over(evaluation.placement, made_at)


def _give(reference: str, form: Form, holder: Actor, at: dt.datetime) -> None:
    evaluation = by_reference(reference, lock=True)
    evaluations.give(
        evaluation=evaluation,
        answers=ratings(evaluation.kind, form.data),
        words=form.data["words"],
        signature=form.data["signature"],
        actor=holder,
        at=at,
    )


def _waits(evaluation: Evaluation) -> bool:
    return evaluation.state is EvaluationState.ASKED and evaluations.is_open(evaluation)


def _page(evaluation: Evaluation, token: str, form: Form | None = None) -> str:
    if not _waits(evaluation):
        sentence = evaluations.given_sentence(evaluation)
        return render_template("fieldwork/evaluation_over.html", evaluation=evaluation, sentence=sentence)
    return render_template(
        "fieldwork/evaluate.html",
        evaluation=evaluation,
        placement=evaluation.placement,
        form=form or Form(schema_of(evaluation.kind)),
        token=token,
    )
