"""The link in a letter to a registrar: the page that says what is asked, and whose buttons answer."""

import datetime as dt

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from provider.accounts.links import open_link
from provider.credits import queries, registrar_answers
from provider.credits.decision_schemas import DecideByLink, decided
from provider.credits.models import CreditRequest
from provider.credits.refusals import NoDecision
from provider.credits.registrar import said
from provider.credits.registrar_papers import facts
from provider.credits.rules import AT_COLLEGE, CreditState
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import only


class AnswerLink:
    """Opens a credit request for the registrar who was written to; only its buttons answer, each once."""

    label = "Answer for a college about credit"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return _page(queries.by_reference(subject), token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        step = request.form.get("step", "")
        if step == "received":
            only("step")
            retrying(lambda: _receive(subject, token, holder, received_at))
        elif step == "decide":
            form = _decide(subject, token, holder, received_at)
            if not form.ok:
                return _page(queries.by_reference(subject), token, form), 422
        else:
            raise NotFound
        return redirect(url_for("accounts.link", token=token), code=303)

    def over(self, subject: str, made_at: dt.datetime) -> str | None:
        return registrar_answers.over(queries.by_reference(subject), made_at)


def _receive(reference: str, token: str, holder: Actor, at: dt.datetime) -> None:
    _hold(reference, token, at)
    registrar_answers.receive(reference=reference, actor=holder, at=at)


def _hold(reference: str, token: str, at: dt.datetime) -> CreditRequest:
    """Lock a request for whose link is open once it is locked: the letter may have been taken back meanwhile."""
    found = queries.by_reference(reference, lock=True)
    open_link(token, now=at)
    return found


def _decide(reference: str, token: str, holder: Actor, at: dt.datetime) -> Form:
    """Take a decision as it was sent; the form says what is wrong with it."""
    typed = MultiDict((name, value) for name, value in request.form.items(multi=True) if name != "step")
    form = Form(DecideByLink()).load_form(typed)

    def decide() -> None:
        decision = decided(form.data, recommended=_hold(reference, token, at).credits)
        registrar_answers.decide(reference=reference, decision=decision, actor=holder, at=at)

    if form.ok:
        try:
            retrying(decide)
        except NoDecision as refusal:
            form.add_error(refusal.field, refusal.sentence)
    return form


def _page(found: CreditRequest, token: str, form: Form | None = None) -> str:
    waits = found.state in AT_COLLEGE
    return render_template(
        "credits/registrar.html",
        reference=found.reference,
        college=found.college.name,
        facts=facts(said(found)) if waits else [],
        waits=waits,
        unread=found.state is CreditState.SENT,
        sentence=None if found.state is CreditState.SENT else registrar_answers.standing(found),
        recommended=found.credits,
        form=form or Form(DecideByLink()),
        action=url_for("accounts.decide", token=token),
    )
