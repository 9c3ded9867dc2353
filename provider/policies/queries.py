"""Reading refund policy versions and state floors."""

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from provider.kernel.database import db, table
from provider.kernel.errors import DomainError, NotFound
from provider.policies import rules
from provider.policies.models import RefundPolicy, StateFloorRow
from provider.policies.rules import NATIONWIDE, Anchor, PolicyVersion, StateFloor, Unit


class NoPolicy(DomainError):
    """The school sells nothing before its refund policy is in force."""

    status = 503
    code = "no_policy"
    sentence = "The school has no refund policy in force yet, so nobody can enroll. Please come back later."


def policy(row: RefundPolicy) -> PolicyVersion:
    """Return a stored version as the rules know it."""
    return PolicyVersion(row.number, row.hours, row.effective_from, row.summary)


def floor(row: StateFloorRow) -> StateFloor:
    """Return a stored floor as the rules know it."""
    return StateFloor(
        state=row.state,
        anchor=Anchor.of(row.anchor),
        amount=row.amount,
        unit=Unit(row.unit) if row.unit else None,
        citation=row.citation,
        source=row.source,
        as_of=row.as_of,
        rule=row.rule,
        keeps_money=row.keeps_money,
        enabled=row.enabled_at is not None,
    )


_POLICIES = table(RefundPolicy).c
_VERSIONS = sa.select(_POLICIES.number, _POLICIES.hours, _POLICIES.effective_from, _POLICIES.summary).order_by(
    _POLICIES.number
)


def versions() -> list[PolicyVersion]:
    """Return every version, oldest first."""
    return [PolicyVersion(*row) for row in db.session.execute(_VERSIONS)]


def in_force(at: dt.datetime) -> PolicyVersion:
    """Return the version in force at an instant; raises NoPolicy before the first of all."""
    found = rules.in_force(versions(), at)
    if found is None:
        raise NoPolicy
    return found


def version(number: int) -> PolicyVersion:
    """Return one version; raises NotFound."""
    row = db.session.scalar(sa.select(RefundPolicy).where(RefundPolicy.number == number))
    if row is None:
        raise NotFound
    return policy(row)


def floors_for(state: str) -> list[StateFloor]:
    """Return the floors that may count for a student of a state, nationwide ones with them; off ones too."""
    return floors_of([state])


def floors_of(states: Collection[str]) -> list[StateFloor]:
    """Return the floors of several states, nationwide ones with them; off ones too."""
    query = sa.select(StateFloorRow).where(StateFloorRow.state.in_({*states, NATIONWIDE}))
    return [floor(row) for row in db.session.scalars(query.order_by(StateFloorRow.id))]


def floor_rows() -> Sequence[StateFloorRow]:
    """Return every floor as stored, by state."""
    return db.session.scalars(sa.select(StateFloorRow).order_by(StateFloorRow.state, StateFloorRow.id)).all()


def floor_row(reference: str, *, lock: bool = False) -> StateFloorRow:
    """Return one floor as stored; raises NotFound."""
    query = sa.select(StateFloorRow).where(StateFloorRow.reference == reference)
    row = db.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound
    return row
