"""A placement of a season that runs: evaluated half-way, and asked for both evaluations of its end."""

import datetime as dt

import sqlalchemy as sa

from provider.affiliations.rules import Period
from provider.fieldwork import entries, evaluations
from provider.fieldwork.evaluating import OVERALL, SKILLS
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.models import Evaluation
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.placed import PRECEPTOR, Placed, placed

EMAIL = "extern@student.example"
DAY = dt.timedelta(days=1)
WORDS = "Draws blood calmly and explains each step.\nCould write times down at once, not at the end of the day."


def tell(now: dt.datetime) -> Placed:
    """Let somebody be at a site; needs an application context."""
    today = now.date()
    who = placed(email=EMAIL, days=Period(today - 30 * DAY, today + 12 * DAY))
    mid = _ask(who, EvaluationKind.MID, now - 9 * DAY)
    with unit_of_work():
        evaluations.give(
            evaluation=by_reference(mid, lock=True),
            answers={**{point.key: 3 + number % 3 for number, point in enumerate(SKILLS)}, "judgment": 0, OVERALL: 4},
            words=WORDS,
            signature="Pat Preceptor",
            actor=PRECEPTOR,
            at=now - 8 * DAY,
        )
    for kind in (EvaluationKind.FINAL, EvaluationKind.OF_SITE):
        _ask(who, kind, now - DAY)
    return who


def _ask(who: Placed, kind: EvaluationKind, at: dt.datetime) -> str:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        return evaluations.ask(placement=placement, kind=kind, actor=SYSTEM, at=at).reference


def asked(kind: EvaluationKind) -> str:
    """Return the reference of the newest evaluation of a kind; needs an application context."""
    query = sa.select(Evaluation.reference).where(Evaluation.kind == kind).order_by(Evaluation.id.desc())
    found: str = db.session.scalars(query.limit(1)).one()
    return found
