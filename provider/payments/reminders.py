"""The clock of unpaid installments: past due, letters, and a hold for staff. Nothing of it charges or ends anything."""

import datetime as dt
from collections.abc import Iterable

from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import INSTALLMENT_LIFECYCLE, OWED_STATES, InstallmentState
from provider.history.actions import move, note
from provider.kernel.actors import Actor
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.mail import queries as mail
from provider.mail.actions import post
from provider.payments import letters, queries
from provider.payments.actions import hold_key
from provider.payments.rules import CLOCK_STATES, Steps, steps
from provider.tasks import queries as tasks
from provider.tasks.actions import finish, raise_task
from provider.tasks.rules import TaskKind, TaskState
from provider.tuition.rules import Reminder

AHEAD = dt.timedelta(days=-Reminder.AHEAD.days)


def enrollments_to_visit(now: dt.datetime) -> list[str]:
    """Return the references of enrollments of which an installment calls for something that was not done yet."""
    rows = queries.unpaid_installments(day_of(now, settings().SCHOOL_ZONE) + AHEAD)
    called = [
        (row, letters.reminder_event(row.enrollment, row.number, todo.reminder) if todo.reminder else None, todo)
        for row in rows
        if (todo := _steps(row.due_on, row.accepted_at, now, scheduled=row.scheduled))
    ]
    posted = mail.posted(letters.INSTALLMENT_REMINDER, [event for _, event, _ in called if event])
    waiting = (
        row.enrollment
        for row, event, todo in called
        if todo.past_due or (todo.hold and not row.held) or (event is not None and event not in posted)
    )
    return list(dict.fromkeys(waiting))


def advance(*, enrollment: Enrollment, actor: Actor, now: dt.datetime) -> None:
    """Bring an enrollment's unpaid installments up to date; done again, it changes nothing."""
    enrollment = queries.hold(enrollment.id)
    if enrollment.state not in CLOCK_STATES:
        return
    todo = {
        installment.number: _steps(
            installment.due_on, enrollment.accepted_at, now, scheduled=installment.state is InstallmentState.SCHEDULED
        )
        for installment in enrollment.installments
        if installment.state in OWED_STATES
    }
    by_number = {installment.number: installment for installment in enrollment.installments}
    for number, called in todo.items():
        if called.past_due:
            late = InstallmentState.PAST_DUE
            move(by_number[number], late, INSTALLMENT_LIFECYCLE, actor=actor, at=now, about=enrollment.reference)
    _remind(enrollment, [(by_number[number], one.reminder) for number, one in todo.items() if one.reminder], now)
    if enrollment.hold_on is None:
        called_late = (by_number[number] for number, one in todo.items() if one.hold)
        held = next((one for one in called_late if not _decided(enrollment, one)), None)
        if held is not None:
            _flag(enrollment, held, actor, now)


def release_hold(*, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    """Take the flag off because staff decided what follows; the same installment does not bring it back.

    The installment stays late. Nothing happens when there is no flag.
    """
    enrollment = queries.hold(enrollment.id)
    if enrollment.hold_on is None:
        return
    enrollment.hold_on = None
    note(enrollment, "enrollment.hold_released", actor=actor, at=at)
    for task in tasks.about(enrollment.reference):
        if task.kind is TaskKind.PAYMENT_HOLD and task.state is TaskState.OPEN:
            finish(task=task, remark="The hold was released.", actor=actor, at=at)


def _decided(enrollment: Enrollment, installment: Installment) -> bool:
    """Say whether a person has dealt with this installment being late; money that came in by itself is no decision."""
    task = tasks.by_key(hold_key(enrollment.reference, installment.number))
    return task is not None and task.done_by is not None


def _steps(due_on: dt.date, accepted_at: dt.datetime, now: dt.datetime, *, scheduled: bool) -> Steps:
    zone = settings().SCHOOL_ZONE
    accepted_on, today = day_of(accepted_at, zone), day_of(now, zone)
    return steps(due_on=due_on, accepted_on=accepted_on, today=today, now=now, zone=zone, scheduled=scheduled)


def _remind(enrollment: Enrollment, called: Iterable[tuple[Installment, Reminder]], now: dt.datetime) -> None:
    events = {
        letters.reminder_event(enrollment.reference, installment.number, reminder): (installment, reminder)
        for installment, reminder in called
    }
    posted = mail.posted(letters.INSTALLMENT_REMINDER, list(events))
    recipient = queries.recipient(enrollment)
    wanted = [called for event, called in events.items() if event not in posted]
    card = queries.kept_card(enrollment.id) if wanted else None
    for installment, reminder in wanted:
        post(letters.installment_reminder(enrollment, installment, reminder, recipient=recipient, card=card), at=now)


def _flag(enrollment: Enrollment, installment: Installment, actor: Actor, now: dt.datetime) -> None:
    """Flag an enrollment for staff, who decide what follows; by itself nothing does."""
    enrollment.hold_on = day_of(now, settings().SCHOOL_ZONE)
    data = {"installment": installment.number, "open_cents": installment.open_cents}
    note(enrollment, "enrollment.hold", actor=actor, at=now, about=enrollment.reference, data=data)
    raise_task(
        kind=TaskKind.PAYMENT_HOLD,
        key=hold_key(enrollment.reference, installment.number),
        about=enrollment.reference,
        sentence=f"Installment {installment.number} of {enrollment.reference} is more than ten days late. "
        "Decide whether to write, to wait or to agree on a withdrawal.",
        at=now,
    )
