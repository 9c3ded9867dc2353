"""Recommendations of credit as staff edit them: begun, set right while nobody uses one, ended, and confirmed."""

import datetime as dt
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from provider.history.actions import difference, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold
from provider.kernel.days import counted, written
from provider.kernel.errors import DomainError
from provider.kernel.registry import registry
from provider.programs.models import Credential, Recommendation
from provider.programs.rules import RECOMMENDATION_PREFIX, in_words, overlap

ONE_DAY = dt.timedelta(days=1)


class RecommendationRefused(DomainError):
    """What was written of a recommendation cannot be; the sentence says why and what to do."""

    status = 422
    code = "recommendation_refused"


class RecommendationUsed(DomainError):
    """A number that a credit request was sent on is not rewritten."""

    code = "recommendation_used"
    sentence = (
        "A credit request rests on this recommendation, so it is not rewritten. End it, and begin a new one on the day "
        "after."
    )


class AlreadyConfirmed(DomainError):
    """A recommendation was confirmed before."""

    code = "already_confirmed"
    sentence = "This recommendation is confirmed already."


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a recommendation says, and from which day until which it holds; both days are its own."""

    credits: int
    level: str | None
    subject: str | None
    source: str
    valid_from: dt.date
    valid_to: dt.date | None
    sample: bool


SAID = frozenset({"credits", "level", "subject", "source"})


def used_on(recommendation: Recommendation) -> dt.date | None:
    """Return the last day of a pass for which a credit request rests on it; None while nobody uses it."""
    asked = registry().recommendation_used
    return asked(recommendation.id) if asked is not None else None


def begin(*, credential: Credential, advice: Advice, actor: Actor, at: dt.datetime) -> Recommendation:
    """Begin a recommendation, unconfirmed; raises RecommendationRefused where another one holds on one of its days."""
    _hold(credential.id)
    _check(credential, advice, None)
    values = asdict(advice)
    made = hold(Recommendation(reference=references.new(RECOMMENDATION_PREFIX), credential_id=credential.id, **values))
    data = {"credential": credential.code} | difference({}, values)
    note(made, "recommendation.begun", actor=actor, at=at, data=data)
    return made


def change(*, recommendation: Recommendation, advice: Advice, actor: Actor, at: dt.datetime) -> Recommendation:
    """Set a recommendation right that nobody uses; other words than the ones that were confirmed are unconfirmed.

    Raises RecommendationUsed, RecommendationRefused.
    """
    _hold(recommendation.credential_id)
    if used_on(recommendation) is not None:
        raise RecommendationUsed
    _check(recommendation.credential, advice, recommendation)
    values = asdict(advice)
    before = {name: getattr(recommendation, name) for name in values}
    if before == values:
        return recommendation
    for name, value in values.items():
        setattr(recommendation, name, value)
    if any(before[name] != values[name] for name in SAID):
        recommendation.confirmed_by = recommendation.confirmed_on = None
    note(recommendation, "recommendation.changed", actor=actor, at=at, data=difference(before, values))
    return recommendation


def end(*, recommendation: Recommendation, last_on: dt.date, actor: Actor, at: dt.datetime) -> Recommendation:
    """Say on which day a recommendation holds for the last time; other words are never touched by it.

    Raises RecommendationRefused before its first day, before a pass that a request rests on, or where the one after it
    has begun.
    """
    _hold(recommendation.credential_id)
    last_pass = used_on(recommendation)
    if last_pass is not None and last_on < last_pass:
        raise RecommendationRefused(
            f"A credit request rests on it for an exam passed on {written(last_pass)}. Choose that day or a later one."
        )
    said = {name: getattr(recommendation, name) for name in Advice.__slots__}
    _check(recommendation.credential, Advice(**said | {"valid_to": last_on}), recommendation)
    before = recommendation.valid_to
    recommendation.valid_to = last_on
    if changed := difference({"valid_to": before}, {"valid_to": last_on}):
        note(recommendation, "recommendation.ended", actor=actor, at=at, data=changed)
    return recommendation


def confirm(*, recommendation: Recommendation, name: str, on: dt.date, actor: Actor, at: dt.datetime) -> Recommendation:
    """Remember that a person saw ACE's own record of this number, with name and date, once; then it is no sample."""
    if recommendation.confirmed_on is not None:
        raise AlreadyConfirmed
    recommendation.confirmed_by, recommendation.confirmed_on = name, on
    recommendation.sample = False
    note(recommendation, "recommendation.confirmed", actor=actor, at=at, data={"on": on.isoformat()})
    return recommendation


def _hold(credential_id: int) -> None:
    """Let whoever edits recommendations of the same credential at the same time wait."""
    db.session.scalar(sa.select(Credential.id).where(Credential.id == credential_id).with_for_update())


def _check(credential: Credential, advice: Advice, own: Recommendation | None) -> None:
    if advice.valid_to is not None and advice.valid_to < advice.valid_from:
        raise RecommendationRefused("The last day lies before the first one. Check both.")
    query = sa.select(Recommendation).where(Recommendation.credential_id == credential.id)
    for other in db.session.scalars(query.order_by(Recommendation.valid_from)):
        if own is not None and other.id == own.id:
            continue
        if overlap((advice.valid_from, advice.valid_to), (other.valid_from, other.valid_to)):
            raise RecommendationRefused(_in_the_way(credential.code, other, advice.valid_from))


def _in_the_way(code: str, other: Recommendation, valid_from: dt.date) -> str:
    number = counted(other.credits, "credit")
    holds = in_words(other.valid_from, other.valid_to)
    told = f"For {code} a recommendation of {number} holds {holds}, and there is one on a day at most."
    if other.valid_from < valid_from:
        return f"{told} End that one on {written(valid_from - ONE_DAY)} at the latest, or choose a later first day."
    return f"{told} Let this one end on {written(other.valid_from - ONE_DAY)} at the latest."
