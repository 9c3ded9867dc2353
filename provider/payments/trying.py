"""Trying the payment service: one harmless question, and in words what came of it, for whoever sets the school up."""

import datetime as dt
import enum
from dataclasses import dataclass

from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.settings import settings
from provider.payments import service
from provider.payments.gateway import NotLetIn, ServiceError, Unreachable

HOUR = dt.timedelta(hours=1)


class Answer(enum.StrEnum):
    """What came of it."""

    OFF = "off"
    WORKS = "works"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of asking, and the sentence that says it."""

    answer: Answer
    sentence: str


@dataclass
class _Service:
    """The service as history names it."""

    reference: str = "STRIPE"
    __tablename__: str = "payment_service"


def ask_service(*, now: dt.datetime) -> Trial:
    """Ask for the charges of the last hour and say what came of it. Raises InsideUnit in a unit of work."""
    known = settings()
    if not known.cards_on:
        return Trial(Answer.OFF, "The keys of Stripe are not set, so there is nothing to ask.")
    try:
        found = service.ask(lambda gateway: list(gateway.intents_between(now - HOUR, now)))
    except NotLetIn as error:
        return Trial(
            Answer.REFUSED,
            f"The payment service refuses the keys: {error}. Ask the operator to check STRIPE_SECRET_KEY.",
        )
    except Unreachable as error:
        return Trial(
            Answer.UNREACHABLE,
            f"The payment service did not answer: {error}. Try again in a minute. If it stays so, ask the operator "
            "whether this machine may reach it.",
        )
    except ServiceError as error:
        return Trial(
            Answer.REFUSED,
            f"The payment service answers and refuses the question: {error}. Tell the operator.",
        )
    mode = "live: money moves" if known.live_cards else "for tests: no money moves"
    lately = "no charge" if not found else "1 charge" if len(found) == 1 else f"{len(found)} charges"
    return Trial(Answer.WORKS, f"The payment service answers. The keys are {mode}; the last hour had {lately}.")


def keep(trial: Trial, *, actor: Actor, at: dt.datetime) -> None:
    """Keep in history who asked, and what came of it."""
    note(_Service(), "payment_service.asked", actor=actor, at=at, data={"answer": trial.answer.value})
