"""The pause of automatic charges: staff say that the schedule takes nothing for now, and take that word back."""

import datetime as dt

from provider.cards import queries
from provider.cards.models import ChargePause
from provider.cards.rules import PAUSE_PREFIX
from provider.enrollments.models import Enrollment
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.payments import queries as payments
from provider.payments.actions import ReasonRefused
from provider.payments.rules import CLOCK_STATES
from provider.policies.rules import reason_problem


class NothingToPause(DomainError):
    """No installment of the enrollment waits to be charged."""

    code = "nothing_to_pause"
    sentence = "No installment of this enrollment is still to be paid, so there is nothing to pause."


class PausedAlready(DomainError):
    """A colleague, or another click, was first."""

    code = "paused_already"
    sentence = "Automatic payments are paused already. Reload the page to see since when and why."


class NotPaused(DomainError):
    """There is no pause to take back."""

    code = "not_paused"
    sentence = "Automatic payments are not paused. Reload the page to see how it stands."


def pause(*, enrollment: Enrollment, reason: str, actor: Actor, at: dt.datetime) -> ChargePause:
    """Let the schedule charge nothing until released; what is due stays due, and the student may pay all the same.

    A charge that runs already is not stopped. Raises ReasonRefused, NothingToPause, PausedAlready.
    """
    problem = reason_problem(reason)
    if problem is not None:
        raise ReasonRefused(problem)
    enrollment = payments.hold(enrollment.id)
    if enrollment.state not in CLOCK_STATES or not payments.owed(enrollment):
        raise NothingToPause
    if queries.paused(enrollment.id) is not None:
        raise PausedAlready
    begun = ChargePause(
        reference=references.new(PAUSE_PREFIX),
        enrollment_id=enrollment.id,
        reason=reason,
        paused_at=at,
        paused_by=actor.reference,
    )
    db.session.add(begun)
    about = enrollment.reference
    note(begun, "charge_pause.begun", actor=actor, at=at, about=about, personal={"reason": reason})
    return begun


def release(*, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> ChargePause:
    """Let the schedule charge again: what fell due meanwhile is charged at the next run. Raises NotPaused."""
    enrollment = payments.hold(enrollment.id)
    running = queries.paused(enrollment.id)
    if running is None:
        raise NotPaused
    running.released_at, running.released_by = at, actor.reference
    note(running, "charge_pause.released", actor=actor, at=at, about=enrollment.reference)
    return running
