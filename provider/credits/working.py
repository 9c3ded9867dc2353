"""What staff do with a credit request before it is sent: verify it, or ask its student for information."""

import datetime as dt
from collections.abc import Collection

from provider.credits import letters, promise
from provider.credits.models import CreditRequest
from provider.credits.owning import take_unowned
from provider.credits.refusals import AgreementWanted, ChangedMeanwhile, CollegeReplaced, NotTheirMessages
from provider.credits.rules import AT_COLLEGE, LIFECYCLE, CreditState, still_agreed
from provider.history import actions as history
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.lifecycles import IllegalTransition
from provider.mail.actions import post


def verify(*, request: CreditRequest, seen: dt.datetime, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Say that what stands in a request may go to the college; ``seen`` is the consent that was looked at.

    Whoever verifies what is nobody's sees it through from then on.
    Raises ChangedMeanwhile, CollegeReplaced, IllegalTransition.
    """
    if request.consent_at != seen:
        raise ChangedMeanwhile
    if request.college.replaced_by_id is not None:
        raise CollegeReplaced
    step(request, CreditState.VERIFIED, actor, at)
    take_unowned(request, actor, at)
    return request


def ask_information(*, request: CreditRequest, words: str, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Ask the student for what is missing; the clock stands still until the answer.

    Raises IllegalTransition, also for what is at a college: its letter is taken back first (``recalling``).
    """
    if request.state in AT_COLLEGE:
        raise IllegalTransition(request.state, CreditState.NEEDS_INFORMATION)
    request.asked_for, request.answer = words, None
    step(request, CreditState.NEEDS_INFORMATION, actor, at)
    post(letters.information(request, at), at=at)
    return request


def record_answer(
    *, request: CreditRequest, words: str, thread: str | None, threads: Collection[str], actor: Actor, at: dt.datetime
) -> CreditRequest:
    """Keep what a student answered by mail, as somebody read it there; the clock goes on, and it is checked again.

    What the college will be told, and the consent, stay as they are. ``thread`` is the messages it stands in, one of
    ``threads``. Raises IllegalTransition for what waits for no answer, AgreementWanted, NotTheirMessages.
    """
    if request.state is not CreditState.NEEDS_INFORMATION:
        raise IllegalTransition(request.state, CreditState.REQUESTED)
    right = request.college.replaced_by
    if right is not None and not still_agreed(mailbox=request.college.registrar_email, corrected=right.registrar_email):
        raise AgreementWanted
    if thread is not None and thread not in threads:
        raise NotTheirMessages
    request.answer, request.answer_recorded_at, request.answer_thread = words, at, thread
    history.note(
        request,
        "credit_request.answered_by_mail",
        actor=actor,
        at=at,
        about=request.about,
        data={"thread": thread} if thread else {},
        personal={"new": {"answer": words}},
    )
    step(request, CreditState.REQUESTED, actor, at)
    return request


def step(request: CreditRequest, to: CreditState, actor: Actor, at: dt.datetime) -> None:
    """Let a request go a step of its lifecycle, with its clock and its task; raises IllegalTransition."""
    history.move(request, to, LIFECYCLE, actor=actor, at=at, about=request.about)
    db.session.flush()
    promise.keep(request, at=at)
