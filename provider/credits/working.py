"""What staff do with a credit request before it is sent: verify it, or ask its student for information."""

import datetime as dt

from provider.credits import letters, promise
from provider.credits.models import CreditRequest
from provider.credits.refusals import ChangedMeanwhile
from provider.credits.rules import LIFECYCLE, CreditState
from provider.history import actions as history
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.mail.actions import post


def verify(*, request: CreditRequest, seen: dt.datetime, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Say that what stands in a request may go to the college; ``seen`` is the consent that was looked at.

    Raises ChangedMeanwhile, IllegalTransition.
    """
    if request.consent_at != seen:
        raise ChangedMeanwhile
    step(request, CreditState.VERIFIED, actor, at)
    return request


def ask_information(*, request: CreditRequest, words: str, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Ask the student for what is missing; the clock stands still until the answer. Raises IllegalTransition."""
    request.asked_for, request.answer = words, None
    step(request, CreditState.NEEDS_INFORMATION, actor, at)
    post(letters.information(request, at), at=at)
    return request


def step(request: CreditRequest, to: CreditState, actor: Actor, at: dt.datetime) -> None:
    """Let a request go a step of its lifecycle, with its clock and its task; raises IllegalTransition."""
    history.move(request, to, LIFECYCLE, actor=actor, at=at, about=request.about)
    db.session.flush()
    promise.keep(request, at=at)
