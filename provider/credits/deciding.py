"""What a college says: that the letter arrived, and what it decided; by its link, or as staff wrote it down."""

import datetime as dt

from provider.credits import letters, promise
from provider.credits.ending import undecided_key
from provider.credits.models import CreditRequest
from provider.credits.refusals import NoDecision
from provider.credits.rules import LIFECYCLE, CreditState, Decision, DecisionChannel, why_no_decision
from provider.history import actions as history
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key


def receive(*, request: CreditRequest, channel: DecisionChannel, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Keep that a college has the letter, and tell the student what comes next; raises IllegalTransition."""
    request.received_at = at
    data = {"channel": channel.value}
    history.move(request, CreditState.RECEIVED, LIFECYCLE, actor=actor, at=at, about=request.about, data=data)
    db.session.flush()
    post(letters.received(request), at=at)
    return request


def decide(
    *,
    request: CreditRequest,
    decision: Decision,
    channel: DecisionChannel,
    evidence: str | None = None,
    actor: Actor,
    at: dt.datetime,
) -> CreditRequest:
    """Keep what a college decided, as it says it, and tell the student; raises NoDecision, IllegalTransition.

    ``evidence`` is where staff have it from: the letter, or who called when.
    """
    problem = why_no_decision(decision, recommended=request.credits)
    if problem is not None:
        raise NoDecision(problem)
    request.decided_at, request.decision, request.decision_channel = at, decision.outcome, channel
    request.decision_credits, request.decision_course = decision.credits, decision.course
    request.decision_reason, request.decision_by = decision.reason, decision.by
    request.decision_evidence = evidence
    data = {"channel": channel.value, "credits": decision.credits}
    history.move(request, decision.outcome, LIFECYCLE, actor=actor, at=at, about=request.about, data=data)
    db.session.flush()
    promise.keep(request, at=at)
    finish_by_key(key=undecided_key(request), at=at)
    post(letters.decided(request), at=at)
    return request
