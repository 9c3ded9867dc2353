"""What staff correct of hours and procedures, always with a reason that history keeps; nothing is taken away."""

import datetime as dt

from provider.externships.models import Placement
from provider.fieldwork import record_queries
from provider.fieldwork.models import HoursEntry, ProcedureEntry
from provider.fieldwork.rules import EntryState
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.errors import DomainError


class NotApproved(DomainError):
    """Only what counts can be made to count less."""

    code = "entry_not_approved"
    status = 422
    sentence = "This entry does not count yet. Its student corrects it, or its preceptor does."


class OnlyLess(DomainError):
    """Nobody but a preceptor makes something count (R19)."""

    code = "entry_only_less"
    status = 422
    sentence = "The school can only lower what was approved. For more, the student enters the rest and sends it."


class RecordStands(DomainError):
    """A record never says more than counts, so it goes before what it says is lowered."""

    code = "record_stands"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The record {reference} says what was approved, and it stands. Revoke it first, then correct this entry "
            "and make a new record."
        )


def lower(
    *, placement: Placement, entry: HoursEntry | ProcedureEntry, counts: int, reason: str, actor: Actor, at: dt.datetime
) -> None:
    """Let an approved entry count for less than its preceptor approved; raises NotApproved, OnlyLess, RecordStands.

    Whoever calls holds the placement, so that no record is made meanwhile.
    """
    record = record_queries.standing(placement.id)
    if record is not None:
        raise RecordStands(record.reference)
    if entry.state is not EntryState.APPROVED:
        raise NotApproved
    hours = isinstance(entry, HoursEntry)
    old = entry.approved_minutes if isinstance(entry, HoursEntry) else entry.approved_number
    if counts >= (old or 0):
        raise OnlyLess
    if isinstance(entry, HoursEntry):
        entry.approved_minutes = counts
    else:
        entry.approved_number = counts
    note(
        entry,
        "hours_entry.lowered" if hours else "procedure_entry.lowered",
        actor=actor,
        at=at,
        about=placement.enrollment.reference,
        data={"old": old, "new": counts},
        personal={"reason": reason},
    )
