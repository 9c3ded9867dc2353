"""Evaluations: asked for half-way and at the end, reminded, and given once."""

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from provider.accounts.links import make_link, revoke_links
from provider.disclosures.actions import record as disclose
from provider.disclosures.rules import DisclosureKind
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork import evaluation_letters
from provider.fieldwork.evaluating import BY_PRECEPTOR, due_on, is_late, reminders_due
from provider.fieldwork.evaluation_queries import by_reference, of_placement
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EVALUATION_LIFECYCLE, EVALUATION_PREFIX, EvaluationKind, EvaluationState
from provider.fieldwork.weeks import CONSENT
from provider.history.actions import born, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold, rows_changed
from provider.kernel.days import counted, day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

EVALUATION_LINK = "evaluate_student"
LASTS = dt.timedelta(days=90)
_K = EvaluationKind


class EvaluationGiven(DomainError):
    """An evaluation is given once."""

    code = "evaluation_given"
    sentence = "This evaluation was given already. Nothing was changed now. If something in it is wrong, write to us."


class PlacementEnded(DomainError):
    """A placement that is not one to evaluate any more."""

    code = "placement_ended"
    sentence = "This placement has ended, so there is nothing to do. Nothing was saved."


class NotYetThere(DomainError):
    """Nobody can be evaluated who has not begun."""

    status = 422
    code = "placement_not_begun"
    sentence = "This placement does not run. An evaluation can be asked for between its first day and its end."


def is_open(evaluation: Evaluation) -> bool:
    """Say whether an evaluation can still be given: the preceptor's while the placement runs, the site's later too."""
    state = evaluation.placement.state
    if evaluation.kind is _K.OF_SITE:
        return state in {PlacementState.RUNNING, PlacementState.COMPLETED}
    return state is PlacementState.RUNNING


def ask(*, placement: Placement, kind: EvaluationKind, actor: Actor, at: dt.datetime) -> Evaluation:
    """Ask for an evaluation by letter; one that was asked for is asked for again. The caller holds the placement.

    Raises NotYetThere, and EvaluationGiven for one that is there.
    """
    if placement.state is not PlacementState.RUNNING:
        raise NotYetThere
    known = db.session.scalar(sa.select(Evaluation).filter_by(placement_id=placement.id, kind=kind))
    if known is not None:
        return _ask_again(by_reference(known.reference, lock=True), actor=actor, at=at)
    made = hold(
        Evaluation(
            reference=references.new(EVALUATION_PREFIX),
            placement_id=placement.id,
            kind=kind,
            state=EvaluationState.ASKED,
            asked_at=at,
            due_on=due_on(at, settings().SCHOOL_ZONE),
            reminders=0,
            answers={},
        )
    )
    about = placement.enrollment.reference
    born(made, actor=actor, at=at, about=about, data={"kind": kind.label})
    evaluation = by_reference(made.reference, lock=True)
    _write(evaluation, actor=actor, at=at)
    return evaluation


def _ask_again(evaluation: Evaluation, *, actor: Actor, at: dt.datetime) -> Evaluation:
    """Ask anew, as if for the first time: what was late is not late any more."""
    if evaluation.state is EvaluationState.DONE:
        raise EvaluationGiven
    finish_by_key(key=late_key(evaluation), at=at)
    evaluation.asked_at, evaluation.due_on = at, due_on(at, settings().SCHOOL_ZONE)
    evaluation.reminders = 0
    about = evaluation.placement.enrollment.reference
    note(evaluation, "evaluation.asked_again", actor=actor, at=at, about=about, data={"kind": evaluation.kind.label})
    _write(evaluation, actor=actor, at=at)
    return evaluation


def _write(evaluation: Evaluation, *, actor: Actor, at: dt.datetime) -> None:
    """Send the letter; links of earlier ones stay open for the same preceptor, and close for the one before."""
    placement = evaluation.placement
    if evaluation.kind not in BY_PRECEPTOR:
        post(evaluation_letters.of_site(evaluation), at=at)
        return
    preceptor = placement.preceptor
    if evaluation.asked_of not in {None, preceptor.reference}:
        revoke_links(purpose=EVALUATION_LINK, subject=evaluation.reference, at=at)
    evaluation.asked_of = preceptor.reference
    link = make_link(purpose=EVALUATION_LINK, subject=evaluation.reference, at=at, lasts=LASTS)
    expires_on = day_of(at + LASTS, settings().SCHOOL_ZONE)
    post(evaluation_letters.of_student(evaluation, link=link, expires_on=expires_on.isoformat()), at=at)
    disclose(
        kind=DisclosureKind.SITE,
        recipient=f"{preceptor.name}, {placement.opening.location.site.name}"[:200],
        what="Name, program and days of the externship, to be evaluated",
        basis=CONSENT,
        actor=actor,
        at=at,
        about=placement.enrollment.reference,
        consent_at=placement.request.asked_at,
    )


def remind(*, evaluation: Evaluation, at: dt.datetime) -> None:
    """Remind of an evaluation after three and after seven days, and then put it before staff; once each.

    What a preceptor was asked half-way is not asked any more once the final one is, and nothing is of a placement that
    has ended. The caller holds the evaluation.
    """
    if evaluation.state is not EvaluationState.ASKED or not is_open(evaluation) or _is_passed(evaluation):
        return
    due = reminders_due(evaluation.asked_at, at)
    changed = evaluation.kind in BY_PRECEPTOR and evaluation.asked_of != evaluation.placement.preceptor.reference
    if due > evaluation.reminders or changed:
        about = evaluation.placement.enrollment.reference
        if due > evaluation.reminders:
            evaluation.reminders = due
            note(evaluation, "evaluation.reminded", actor=SYSTEM, at=at, about=about)
        _write(evaluation, actor=SYSTEM, at=at)
    if evaluation.kind in BY_PRECEPTOR and is_late(evaluation.asked_at, at):
        _tell_late(evaluation, at)


def follow_preceptor(placement_id: int, actor: Actor, at: dt.datetime) -> None:
    """Ask whoever supervises now for what the preceptor before has not given, with the full time to answer."""
    for known in of_placement(placement_id):
        evaluation = by_reference(known.reference, lock=True)
        waits = evaluation.state is EvaluationState.ASKED and is_open(evaluation) and not _is_passed(evaluation)
        if waits and evaluation.kind in BY_PRECEPTOR:
            _ask_again(evaluation, actor=actor, at=at)


def _is_passed(evaluation: Evaluation) -> bool:
    if evaluation.kind is not _K.MID:
        return False
    final = sa.select(Evaluation.id).filter_by(placement_id=evaluation.placement_id, kind=_K.FINAL)
    return db.session.scalar(final) is not None


def _tell_late(evaluation: Evaluation, at: dt.datetime) -> None:
    placement = evaluation.placement
    days = (at - evaluation.asked_at).days
    raise_task(
        kind=TaskKind.EVALUATION_LATE,
        key=late_key(evaluation),
        about=placement.enrollment.reference,
        sentence=f"{placement.preceptor.name} ({placement.opening.location.site.name}) was asked "
        f"{counted(days, 'day')} ago for the {evaluation.kind.label.lower()} of {placement.enrollment.legal_name} and "
        f"has not answered. Call the site, or ask again on the page of placement {placement.reference}.",
        at=at,
    )


def close_late(placement_id: int, at: dt.datetime) -> None:
    """Close the tasks about evaluations that are late, once the placement is over and nobody can give them any more."""
    for evaluation in of_placement(placement_id):
        finish_by_key(key=late_key(evaluation), at=at)


def late_key(evaluation: Evaluation) -> str:
    """Name the task about an evaluation that is late; asked for anew it may be late anew."""
    return f"evaluation_late:{evaluation.reference}:{evaluation.asked_at:%Y%m%d%H%M%S}"


def give(
    *,
    evaluation: Evaluation,
    answers: Mapping[str, int],
    words: str | None,
    signature: str | None,
    actor: Actor,
    at: dt.datetime,
) -> Evaluation:
    """Keep an evaluation, whole and once; raises EvaluationGiven and PlacementEnded."""
    if not is_open(evaluation):
        raise PlacementEnded
    EVALUATION_LIFECYCLE.check(EvaluationState.ASKED, EvaluationState.DONE)
    taken = rows_changed(
        sa.update(Evaluation)
        .where(Evaluation.id == evaluation.id, Evaluation.state == EvaluationState.ASKED)
        .values(state=EvaluationState.DONE, done_at=at, answers=dict(answers), words=words, signature=signature)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(evaluation, ["state", "done_at", "answers", "words", "signature"])
    if taken != 1:
        raise EvaluationGiven
    about = evaluation.placement.enrollment.reference
    note(
        evaluation,
        "evaluation.done",
        actor=actor,
        at=at,
        about=about,
        old=EvaluationState.ASKED,
        new=EvaluationState.DONE,
        data={"kind": evaluation.kind.label},
        personal={"answers": dict(answers), "words": words, "signature": signature},
    )
    finish_by_key(key=late_key(evaluation), at=at)
    return evaluation


def given_sentence(evaluation: Evaluation) -> str:
    """Say in one sentence why nothing is to be done about an evaluation."""
    if evaluation.done_at is not None:
        return f"This evaluation was given on {written(day_of(evaluation.done_at, settings().SCHOOL_ZONE))}. Thank you."
    placement = evaluation.placement
    ended_at = placement.released_at or placement.completed_at
    on = f" on {written(day_of(ended_at, settings().SCHOOL_ZONE))}" if ended_at else ""
    return f"This placement ended{on}, so there is nothing to do."
