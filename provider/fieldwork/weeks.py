"""Weeks on their way to a preceptor: sent on Monday or at once, reminded, and sent anew when the preceptor changes."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from provider.accounts.links import make_link, revoke_links
from provider.disclosures.actions import record as disclose
from provider.disclosures.rules import DisclosureKind
from provider.externships.models import Placement
from provider.fieldwork import entries, letters
from provider.fieldwork.days import is_held, spoken, week_at, week_of
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import BATCH_PREFIX, ENTRY_LIFECYCLE, BatchState, EntryState
from provider.history.actions import born, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

WEEK_LINK = "week_to_approve"
LASTS = dt.timedelta(days=90)
REMIND_AFTER = dt.timedelta(days=3)
TASK_AFTER = dt.timedelta(days=7)
CONSENT = "The student asked for an externship and agreed that the site is told of it."


class NothingToSend(DomainError):
    """A week in which nothing waits to be sent."""

    code = "nothing_to_send"
    status = 422
    sentence = "Nothing of this week waits to be sent. What was sent back has to be corrected first."


class NothingWaits(DomainError):
    """A week that its preceptor has answered needs no second letter."""

    code = "nothing_waits"
    sentence = "This week was answered already, so there is nothing to send again."


def submit(*, placement: Placement, week_on: dt.date, actor: Actor, at: dt.datetime) -> EntryBatch:
    """Send what may be sent of a week to the preceptor, whole; raises NothingToSend. The caller holds the placement."""
    hours, procedures = _sendable(placement, week_on)
    if not hours and not procedures:
        raise NothingToSend
    about = placement.enrollment.reference
    batch = EntryBatch(
        reference=references.new(BATCH_PREFIX),
        placement_id=placement.id,
        contact_id=placement.preceptor_id,
        week_on=week_on,
        number=entries.last_number(placement.id, week_on) + 1,
        state=BatchState.SENT,
        sent_at=at,
        contact=placement.preceptor,
    )
    db.session.add(batch)
    db.session.flush()
    born(batch, actor=actor, at=at, about=about, data={"week": week_on.isoformat(), "number": batch.number})
    sent: list[HoursEntry | ProcedureEntry] = [*hours, *procedures]
    for entry in sent:
        entry.batch_id = batch.id
        move(entry, EntryState.SUBMITTED, ENTRY_LIFECYCLE, actor=actor, at=at, about=about)
    _write(batch, placement, hours, procedures, actor=actor, at=at)
    return batch


def _sendable(placement: Placement, week_on: dt.date) -> tuple[list[HoursEntry], list[ProcedureEntry]]:
    """Return what may be sent of a week; days on which the placement is held stay behind."""
    hours = entries.to_send(placement.id, HoursEntry, week_on)
    procedures = entries.to_send(placement.id, ProcedureEntry, week_on)
    held_on = placement.held_on
    return (
        [one for one in hours if not is_held(one.day_on, held_on)],
        [one for one in procedures if not is_held(one.day_on, held_on)],
    )


def anything_to_send(placement: Placement, week_on: dt.date) -> bool:
    """Say whether anything of a week may be sent."""
    return any(_sendable(placement, week_on))


def send_again(*, batch: EntryBatch, placement: Placement, actor: Actor, at: dt.datetime) -> EntryBatch:
    """Send a week that waits once more, to whoever is the preceptor now; older links close. Raises NothingWaits."""
    if batch.state is not BatchState.SENT:
        raise NothingWaits
    data = {"old": batch.contact.reference, "new": placement.preceptor.reference}
    note(batch, "entry_batch.sent_again", actor=actor, at=at, about=placement.enrollment.reference, data=data)
    batch.contact_id, batch.contact = placement.preceptor_id, placement.preceptor
    batch.sent_at, batch.reminded_at = at, None
    finish_by_key(key=late_key(batch), at=at)
    _write_again(batch, placement, actor=actor, at=at)
    return batch


def _write_again(
    batch: EntryBatch, placement: Placement, *, actor: Actor, at: dt.datetime, reminder: bool = False
) -> None:
    hours, procedures = entries.lines(batch.id, HoursEntry), entries.lines(batch.id, ProcedureEntry)
    _write(batch, placement, hours, procedures, actor=actor, at=at, reminder=reminder)


def _write(
    batch: EntryBatch,
    placement: Placement,
    hours: Sequence[HoursEntry],
    procedures: Sequence[ProcedureEntry],
    *,
    actor: Actor,
    at: dt.datetime,
    reminder: bool = False,
) -> None:
    revoke_links(purpose=WEEK_LINK, subject=batch.reference, at=at)
    link = make_link(purpose=WEEK_LINK, subject=batch.reference, at=at, lasts=LASTS)
    letter = letters.week_to_approve(
        batch,
        placement,
        link=link,
        expires_on=day_of(at + LASTS, settings().SCHOOL_ZONE),
        hours=spoken(sum(one.minutes or 0 for one in hours)),
        procedures=sum(one.number for one in procedures),
        odd=sum(bool(one.exceptions) for one in hours),
        reminder=reminder,
    )
    post(letter, at=at)
    disclose(
        kind=DisclosureKind.SITE,
        recipient=f"{batch.contact.name}, {placement.opening.location.site.name}"[:200],
        what="Name, program, and the hours and procedures of a week at the site",
        basis=CONSENT,
        actor=actor,
        at=at,
        about=placement.enrollment.reference,
        consent_at=placement.request.asked_at,
    )


def remind(*, batch: EntryBatch, placement: Placement, at: dt.datetime) -> None:
    """Remind a preceptor of a week that has waited three days, once; after seven, put it before staff, once."""
    if batch.state is not BatchState.SENT:
        return
    if batch.contact_id != placement.preceptor_id:
        send_again(batch=batch, placement=placement, actor=SYSTEM, at=at)
        return
    if batch.reminded_at is None and at >= batch.sent_at + REMIND_AFTER:
        batch.reminded_at = at
        note(batch, "entry_batch.reminded", actor=SYSTEM, at=at, about=placement.enrollment.reference)
        _write_again(batch, placement, actor=SYSTEM, at=at, reminder=True)
    if at >= batch.sent_at + TASK_AFTER:
        raise_task(
            kind=TaskKind.PRECEPTOR_ASKS,
            key=late_key(batch),
            about=placement.enrollment.reference,
            sentence=f"{batch.contact.name} has not answered the week from {written(batch.week_on)} of "
            f"{placement.enrollment.legal_name}, sent on {written(day_of(batch.sent_at, settings().SCHOOL_ZONE))}. "
            f"Call the site, or send the week again from the entries of placement {placement.reference}.",
            at=at,
        )


def follow_preceptor(placement_id: int, actor: Actor, at: dt.datetime) -> None:
    """Send every week that waits to whoever supervises now; the links of who did before close."""
    placement = entries.placement_by_id(placement_id, lock=True)
    for waiting in entries.waiting_batches(placement_id):
        batch = entries.batch(waiting.reference, lock=True)
        if batch.state is BatchState.SENT:
            send_again(batch=batch, placement=placement, actor=actor, at=at)


def late_key(batch: EntryBatch) -> str:
    """Name the task about a week that waits too long."""
    return f"week_waits:{batch.reference}:{batch.sent_at:%Y%m%d%H%M%S}"


def weeks_due(now: dt.datetime) -> list[tuple[int, dt.date]]:
    """Return the placements with the weeks that are over where the site is and were not sent."""
    due = {
        (one.placement_id, week_of(one.day_on))
        for one in entries.unsent()
        if week_of(one.day_on) < week_at(now, ZoneInfo(one.zone))
    }
    return sorted(due)
