"""What a preceptor answers to a week: approve, correct, send back, ask; whole, once, and signed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.externships.models import Placement
from provider.fieldwork import entries, letters
from provider.fieldwork.clocking import check_words
from provider.fieldwork.days import spoken
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import BATCH_LIFECYCLE, ENTRY_LIFECYCLE, BatchState, EntryState
from provider.fieldwork.weeks import late_key
from provider.history.actions import move, note
from provider.kernel.actors import Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind


class AlreadyAnswered(DomainError):
    """A week is answered once; who comes later, from another page, is told so."""

    code = "week_answered"

    def __init__(self, batch: EntryBatch) -> None:
        on = batch.answered_at and written(day_of(batch.answered_at, settings().SCHOOL_ZONE))
        super().__init__(
            f"This week was answered on {on}, signed “{batch.signature}”. Nothing was changed now. If something is "
            "wrong, write to us."
        )


class PageOutdated(DomainError):
    """A page that shows other lines than there are now."""

    code = "week_outdated"
    sentence = "This week has changed since you opened the page. Nothing was saved. Open the link in the letter again."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a preceptor says of one line: how much of it counts, or why it goes back."""

    counts: int
    because: str | None = None


Line = HoursEntry | ProcedureEntry


def answer(
    *,
    batch: EntryBatch,
    placement: Placement,
    verdicts: Mapping[str, Verdict],
    signature: str,
    actor: Actor,
    at: dt.datetime,
) -> EntryBatch:
    """Approve or send back each line of a week, in one transaction; raises AlreadyAnswered and PageOutdated.

    The student gets a letter when something came back or counts otherwise than they wrote.
    """
    check_words(*(verdict.because for verdict in verdicts.values()))
    lines = _lines(batch)
    _take(batch, signature, at)
    if {line.reference for line in lines} != set(verdicts):
        raise PageOutdated
    about = placement.enrollment.reference
    told: list[tuple[dt.date, str, str | None]] = []
    for line in lines:
        verdict = verdicts[line.reference]
        changed = _settle(line, verdict, about=about, actor=actor, at=at)
        if verdict.because is not None or changed is not None:
            told.append((line.day_on, changed or _what(line), verdict.because))
    data = {"back": sum(one.because is not None for one in verdicts.values()), "lines": len(lines)}
    note(
        batch,
        "entry_batch.answered",
        actor=actor,
        at=at,
        about=about,
        old=BatchState.SENT,
        new=BatchState.ANSWERED,
        data=data,
        personal={"signature": signature},
    )
    finish_by_key(key=late_key(batch), at=at)
    if told:
        post(letters.week_returned(batch, placement, lines=told), at=at)
    return batch


def _lines(batch: EntryBatch) -> Sequence[Line]:
    return (*entries.lines(batch.id, HoursEntry), *entries.lines(batch.id, ProcedureEntry))


def _take(batch: EntryBatch, signature: str, at: dt.datetime) -> None:
    """Take the week in hand, unless it was answered; of two who sign at once one wins. Raises AlreadyAnswered."""
    taken = rows_changed(
        sa.update(EntryBatch)
        .where(EntryBatch.id == batch.id, EntryBatch.state == BatchState.SENT)
        .values(state=BatchState.ANSWERED, answered_at=at, signature=signature)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(batch, ["state", "answered_at", "signature"])
    if taken != 1:
        raise AlreadyAnswered(batch)
    BATCH_LIFECYCLE.check(BatchState.SENT, batch.state)


def _settle(line: Line, verdict: Verdict, *, about: str, actor: Actor, at: dt.datetime) -> str | None:
    """Let a line count, or send it back; return what it counts as when that is not what was entered."""
    if verdict.because is not None:
        line.returned_because = verdict.because
        personal = {"reason": verdict.because}
        move(line, EntryState.RETURNED, ENTRY_LIFECYCLE, actor=actor, at=at, about=about, personal=personal)
        return None
    entered = line.minutes if isinstance(line, HoursEntry) else line.number
    if isinstance(line, HoursEntry):
        line.approved_minutes = verdict.counts
    else:
        line.approved_number = verdict.counts
    changed = verdict.counts != entered
    data = {"old": entered, "new": verdict.counts} if changed else None
    move(line, EntryState.APPROVED, ENTRY_LIFECYCLE, actor=actor, at=at, about=about, data=data)
    return f"{_what(line)}, approved as {_amount(line, verdict.counts)}" if changed else None


def _what(line: Line) -> str:
    if isinstance(line, HoursEntry):
        return _amount(line, line.minutes or 0)
    return f"{line.kind.label}: {line.number}"


def _amount(line: Line, counts: int) -> str:
    return spoken(counts) if isinstance(line, HoursEntry) else str(counts)


def ask(*, batch: EntryBatch, placement: Placement, question: str, actor: Actor, at: dt.datetime) -> None:
    """Put a preceptor's question before staff; the week goes on waiting. Raises AlreadyAnswered and LooksPersonal.

    The same question sent twice is one.
    """
    check_words(question)
    if batch.state is not BatchState.SENT:
        raise AlreadyAnswered(batch)
    if batch.question == question:
        return
    batch.question = question
    about = placement.enrollment.reference
    note(batch, "entry_batch.asked", actor=actor, at=at, about=about, personal={"question": question})
    raise_task(
        kind=TaskKind.PRECEPTOR_ASKS,
        key=f"preceptor_asks:{batch.reference}:{at:%Y%m%d%H%M%S%f}",
        about=about,
        sentence=f"{batch.contact.name} asks about the week from {written(batch.week_on)} (placement "
        f"{placement.reference}): {question}"[:1000],
        at=at,
    )
