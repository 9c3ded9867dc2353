"""Everything that changes the refund promise: a new version with a date, a state floor turned on or off."""

import datetime as dt

import sqlalchemy as sa

from provider.history.actions import difference, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import utc
from provider.kernel.errors import DomainError
from provider.policies import queries
from provider.policies.models import RefundPolicy, StateFloorRow
from provider.policies.rules import DEFAULT_HOURS, StateFloor


class PolicyRefused(DomainError):
    """This version of the policy cannot be made; the sentence says why."""

    status = 422
    code = "policy_refused"


class FloorForCounsel(DomainError):
    """This row cannot be turned on; the sentence says why."""

    code = "floor_for_counsel"


class FloorIsOn(DomainError):
    """A row that counts cannot be rewritten."""

    code = "floor_is_on"
    sentence = "This row is turned on. Turn it off before its text is changed."


def add_version(
    *, hours: int, summary: str, effective_from: dt.datetime, actor: Actor, at: dt.datetime
) -> RefundPolicy:
    """Add the next version of the refund policy, in force from its instant on.

    PolicyRefused when the window is shorter than the 24 hours that are promised everywhere, or would reach back: only
    the very first version may begin in the past, and each one begins after the one before it.
    """
    last = db.session.scalar(sa.select(RefundPolicy).order_by(RefundPolicy.number.desc()).limit(1).with_for_update())
    if hours < DEFAULT_HOURS:
        raise PolicyRefused(f"The window is {DEFAULT_HOURS} hours or longer: less was never promised.")
    if last is not None and utc(effective_from) < at:
        raise PolicyRefused("Choose a date that is not in the past: a policy never changes backwards.")
    if last is not None and utc(effective_from) <= last.effective_from:
        raise PolicyRefused(f"Choose a date after the one that version {last.number} begins on.")
    row = RefundPolicy(
        number=last.number + 1 if last else 1,
        hours=hours,
        summary=summary,
        effective_from=utc(effective_from),
        created_at=at,
        created_by=actor.reference,
    )
    db.session.add(row)
    db.session.flush()
    changed = difference(_promised(last) if last is not None else {}, _promised(row))
    note(row, "refund_policy.added", actor=actor, at=at, data={"number": row.number, "hours": hours} | changed)
    return row


def _promised(row: RefundPolicy) -> dict[str, object]:
    return {"hours": row.hours, "summary": row.summary, "effective_from": row.effective_from}


def save_floor(
    *, floor: StateFloor, confidence: str, source_url: str | None, actor: Actor, at: dt.datetime
) -> tuple[StateFloorRow, bool]:
    """Add a row, or bring the one of the same state and citation up to date; returns it and whether it changed.

    It stays off; raises FloorIsOn when the row is turned on and its text would change.
    """
    query = sa.select(StateFloorRow).where(StateFloorRow.state == floor.state, StateFloorRow.citation == floor.citation)
    row = db.session.scalar(query.with_for_update())
    values = _stored(floor) | {"confidence": confidence, "source_url": source_url}
    if row is None:
        row = StateFloorRow(reference=references.new("SF"), state=floor.state, citation=floor.citation, **values)
        db.session.add(row)
        note(row, "state_floor.added", actor=actor, at=at, data={"state": floor.state} | difference({}, values))
        return row, True
    if all(getattr(row, name) == value for name, value in values.items()):
        return row, False
    if row.enabled_at is not None:
        raise FloorIsOn(f"{floor.citation} ({floor.state}) is turned on. Turn it off before its text is changed.")
    changed = difference({name: getattr(row, name) for name in values}, values)
    for name, value in values.items():
        setattr(row, name, value)
    note(row, "state_floor.changed", actor=actor, at=at, data={"state": floor.state} | changed)
    return row, True


def enable_floor(*, row: StateFloorRow, actor: Actor, at: dt.datetime) -> StateFloorRow:
    """Let a row count for the students of its state from now on; raises FloorForCounsel when it cannot."""
    if row.enabled_at is not None:
        return row
    if reasons := queries.floor(row).for_counsel:
        raise FloorForCounsel(" ".join(("This row is for counsel and cannot be turned on.", *reasons)))
    row.enabled_at, row.enabled_by = at, actor.reference
    note(row, "state_floor.enabled", actor=actor, at=at, data={"state": row.state})
    return row


def disable_floor(*, row: StateFloorRow, actor: Actor, at: dt.datetime) -> StateFloorRow:
    """Let a row not count any more; what was decided with it stays decided."""
    if row.enabled_at is None:
        return row
    row.enabled_at = row.enabled_by = None
    note(row, "state_floor.disabled", actor=actor, at=at, data={"state": row.state})
    return row


def _stored(floor: StateFloor) -> dict[str, object]:
    return {
        "rule": floor.rule,
        "anchor": floor.anchor.value,
        "amount": floor.amount,
        "unit": floor.unit.value if floor.unit else None,
        "keeps_money": floor.keeps_money,
        "source": floor.source,
        "as_of": floor.as_of,
    }
