"""Placements of a season: one that runs and is evaluated, one with a record, and one whose record was revoked."""

import datetime as dt

import sqlalchemy as sa

from provider.affiliations.rules import Period
from provider.enrollments.models import Enrollment
from provider.externships.models import Placement
from provider.fieldwork import entries, evaluations, records
from provider.fieldwork.days import week_of
from provider.fieldwork.evaluating import OVERALL, SKILLS
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EvaluationKind, ProcedureKind
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.issued import COORDINATOR, TOLD
from tests.harness.placed import PRECEPTOR, Placed, answer, at, do, enter, placed, send

EMAIL = "extern@student.example"
DAY = dt.timedelta(days=1)
SEEN = "She is well liked, and the preceptor has time for her. The clinic would take two students next term."
WHY = "The clinic counts hours by shift; the coordinator compared the sheets."
WORDS = "Draws blood calmly and explains each step.\nCould write times down at once, not at the end of the day."


def tell(now: dt.datetime) -> dict[str, Placed]:
    """Let one be at a site, one be done with a record that stands, and one with a record that was revoked."""
    today = now.date()
    days = Period(today - 30 * DAY, today + 12 * DAY)
    who = placed(email=EMAIL, days=days, enrolled_at=now - 120 * DAY)
    _evaluate(who, EvaluationKind.MID, now - 9 * DAY)
    for kind in (EvaluationKind.FINAL, EvaluationKind.OF_SITE):
        _ask(who, kind, now - DAY)
    with unit_of_work():
        records.note_visit(
            placement=entries.placement(who.placement), visited_on=today - 5 * DAY, by_phone=False, words=SEEN,
            actor=COORDINATOR, at=now - 4 * DAY,
        )  # fmt: skip
    return {"extern": who, "recorded": _recorded("recorded", now), "revoked": _recorded("revoked", now, revoked=True)}


def _recorded(name: str, now: dt.datetime, *, revoked: bool = False) -> Placed:
    """Let somebody be done with an externship."""
    days = Period(now.date() - 60 * DAY, now.date() - 3 * DAY)
    who = placed(email=f"{name}@student.example", days=days, enrolled_at=now - 150 * DAY)
    _worked(who, week_of(now.date() - 14 * DAY))
    _evaluate(who, EvaluationKind.FINAL, now - 3 * DAY)
    with unit_of_work():
        placement = entries.placement(who.placement)
        made = records.complete(
            placement=placement, signature="Dana Dean", reason=WHY, actor=COORDINATOR, at=now - 2 * DAY
        )
        if revoked:
            because = {"reason": "Approved for another student of that name.", "public_reason": TOLD}
            records.revoke(record=made, **because, actor=COORDINATOR, at=now - DAY)
    return who


def _worked(who: Placed, week_on: dt.date) -> None:
    """Let two days of a week and what was done on them be entered, sent and approved."""
    for day, number in ((week_on, 14), (week_on + 3 * DAY, 19)):
        enter(who, day, begins="08:00", ends="16:00", rest=0)
        do(who, day, ProcedureKind.VENIPUNCTURE, number)
    following = week_on + 7 * DAY
    answer(send(who, week_on, when=at(following, "09:00")), when=at(following, "10:00"))


def _evaluate(who: Placed, kind: EvaluationKind, asked_at: dt.datetime) -> None:
    reference = _ask(who, kind, asked_at)
    ratings = {point.key: 3 + number % 3 for number, point in enumerate(SKILLS)}
    with unit_of_work():
        evaluations.give(
            evaluation=by_reference(reference, lock=True),
            answers={**ratings, "judgment": 0, OVERALL: 4},
            words=WORDS,
            signature="Pat Preceptor",
            actor=PRECEPTOR,
            at=asked_at + DAY / 2,
        )


def _ask(who: Placed, kind: EvaluationKind, asked_at: dt.datetime) -> str:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        return evaluations.ask(placement=placement, kind=kind, actor=SYSTEM, at=asked_at).reference


def asked(kind: EvaluationKind) -> str:
    """Return the reference of the first evaluation of a kind, which is of who runs; needs an application context."""
    query = sa.select(Evaluation.reference).where(Evaluation.kind == kind).order_by(Evaluation.id)
    found: str = db.session.scalars(query.limit(1)).one()
    return found


def placement_of(enrollment: str) -> str:
    """Return the reference of the placement of an enrollment; needs an application context."""
    query = sa.select(Placement.reference).join(Enrollment, Enrollment.id == Placement.enrollment_id)
    return db.session.scalars(query.where(Enrollment.reference == enrollment)).one()
