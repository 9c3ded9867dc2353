"""What a registrar answers by the link in our letter: that it arrived, and the decision; each once."""

import datetime as dt

from provider.credits import deciding, queries
from provider.credits.models import CreditRequest
from provider.credits.rules import AT_COLLEGE, CreditState, Decision, DecisionChannel
from provider.kernel.actors import Actor
from provider.kernel.days import counted, day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings

CLOSED = (
    "This request was closed on {day}, so there is nothing left to answer. If you have decided all the same, answer "
    "our letter."
)
EXPIRED = (
    "This link does not work any more, but your answer is still awaited. Answer our letter, or write to {mailbox} and "
    "name {reference}."
)


TAKEN_BACK = (
    "The school has taken this letter back, so there is nothing to answer and nothing to keep. If it was meant for you "
    "and no newer letter has come, write to {mailbox} and name {reference}."
)


class AnsweredAlready(DomainError):
    """The college has said so before, or the request is over; the sentence says what stands."""

    code = "credit_answered_already"


def receive(*, reference: str, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Take the word that the letter is there; raises AnsweredAlready for a second click and for what is over."""
    request = _waiting(reference)
    if request.state is not CreditState.SENT:
        raise AnsweredAlready(standing(request))
    return deciding.receive(request=request, channel=DecisionChannel.LINK, actor=actor, at=at)


def decide(*, reference: str, decision: Decision, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Take a decision, which stands; raises NoDecision for words that are none, AnsweredAlready as above."""
    request = _waiting(reference)
    return deciding.decide(request=request, decision=decision, channel=DecisionChannel.LINK, actor=actor, at=at)


def _waiting(reference: str) -> CreditRequest:
    request = queries.by_reference(reference, lock=True)
    if request.state not in AT_COLLEGE:
        raise AnsweredAlready(standing(request))
    return request


def standing(request: CreditRequest) -> str:
    """Say to a college how a request stands: what it told us, or that nothing is left to answer."""
    if request.decision is not None and request.decided_at is not None:
        return f"You decided on {_day(request.decided_at)}: {decided(request)}. The student has it by letter."
    if request.ended_at is not None:
        return CLOSED.format(day=_day(request.ended_at))
    if request.received_at is not None:
        return f"You told us on {_day(request.received_at)} that you have our letter. We wait for your decision."
    return EXPIRED.format(mailbox=settings().mailbox("collegecredits"), reference=request.reference)


def over(request: CreditRequest, made_at: dt.datetime) -> str:
    """Say to whom a link does not open any more what became of the request, or how to answer all the same.

    Who has the link of a letter that was taken back, made at an instant before the one that stands, reads nothing else.
    """
    if request.sent_at is None or made_at < request.sent_at or queries.taken_back(request):
        return TAKEN_BACK.format(mailbox=settings().mailbox("collegecredits"), reference=request.reference)
    if request.state in AT_COLLEGE:
        return EXPIRED.format(mailbox=settings().mailbox("collegecredits"), reference=request.reference)
    return standing(request)


def decided(request: CreditRequest) -> str:
    """Write a decision in a line, as the college made it."""
    if request.decision is None:
        return ""
    if request.decision is CreditState.DENIED:
        return "no credit"
    return f"{counted(request.decision_credits or 0, 'credit')}, counted as “{request.decision_course}”"


def _day(at: dt.datetime) -> str:
    return written(day_of(at, settings().SCHOOL_ZONE))
