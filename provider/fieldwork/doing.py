"""Procedures as their student enters them: what was done how often on a day, and nothing of whom.

The caller holds the placement, as with hours.
"""

import datetime as dt
from dataclasses import dataclass

from provider.externships.models import Placement
from provider.fieldwork import entries
from provider.fieldwork.clocking import FUTURE, OPEN_STATES, Settled, TimeRefused, check_open, check_words
from provider.fieldwork.models import ProcedureEntry
from provider.fieldwork.rules import PROCEDURE_PREFIX, EntryState, ProcedureKind
from provider.history.actions import born, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import day_of


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody says they did on a day."""

    day_on: dt.date
    kind: ProcedureKind
    number: int
    remark: str | None


def enter(
    *, placement: Placement, client_key: str, done: Done, actor: Actor, received_at: dt.datetime
) -> ProcedureEntry:
    """Keep what was done on a day; raises NotRunning, Held, TimeRefused and LooksPersonal."""
    known = entries.by_key(placement, ProcedureEntry, client_key)
    if known is not None:
        return known
    _check(placement, done, received_at)
    entry = ProcedureEntry(
        reference=references.new(PROCEDURE_PREFIX),
        placement_id=placement.id,
        state=EntryState.ENTERED,
        client_key=client_key,
        day_on=done.day_on,
        kind=done.kind,
        number=done.number,
        remark=done.remark,
        entered_at=received_at,
    )
    db.session.add(entry)
    born(entry, actor=actor, at=received_at, about=placement.enrollment.reference, data=_told(entry))
    return entry


def correct(
    *, placement: Placement, entry: ProcedureEntry, done: Done, actor: Actor, at: dt.datetime, reason: str | None = None
) -> ProcedureEntry:
    """Change what is not with the preceptor, nor approved; raises Settled, Held, TimeRefused and LooksPersonal."""
    if entry.state not in OPEN_STATES:
        raise Settled
    _check(placement, done, at)
    old, was = _told(entry), entry.remark
    entry.day_on, entry.kind, entry.number, entry.remark = done.day_on, done.kind, done.number, done.remark
    entry.returned_because = None
    personal = {name: value for name, value in {"remark": was, "reason": reason}.items() if value}
    note(
        entry,
        "procedure_entry.corrected",
        actor=actor,
        at=at,
        about=placement.enrollment.reference,
        data={"old": old, "new": _told(entry)},
        personal=personal,
    )
    return entry


def remove(*, placement: Placement, entry: ProcedureEntry, actor: Actor, at: dt.datetime) -> None:
    """Take away what nobody was sent yet; raises Settled once a preceptor has seen it."""
    if entry.state is not EntryState.ENTERED:
        raise Settled
    about = placement.enrollment.reference
    note(entry, "procedure_entry.removed", actor=actor, at=at, about=about, data=_told(entry))
    db.session.delete(entry)


def _check(placement: Placement, done: Done, now: dt.datetime) -> None:
    check_open(placement, done.day_on)
    check_words(done.remark)
    if done.day_on > day_of(now, entries.agreed(placement).zone):
        raise TimeRefused(FUTURE)


def _told(entry: ProcedureEntry) -> dict[str, object]:
    return {"day": entry.day_on.isoformat(), "kind": entry.kind.value, "number": entry.number}
