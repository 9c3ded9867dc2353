"""One enrollment as a story: history, money and letters by their instants, in words a person understands."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.history.models import History
from provider.kernel.actors import ActorKind
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState

NOBODY = {
    ActorKind.SYSTEM: "by itself",
    ActorKind.LINK: "by a signed link",
    ActorKind.VISITOR: "the student, not signed in",
    ActorKind.STUDENT: "the student",
    ActorKind.STAFF: "staff",
}
# What happened, in words, and the sign beside it. An event that is not here is shown by its own name.
WORDS: dict[str, tuple[str, str]] = {
    "enrollment.started": ("Agreement accepted", "document"),
    "enrollment.awaiting_payment": ("E-mail address confirmed, payment awaited", "person"),
    "enrollment.joined": ("E-mail address confirmed", "person"),
    "enrollment.active": ("Enrollment active", "event"),
    "enrollment.completed": ("Program completed", "event"),
    "enrollment.canceled": ("Enrollment canceled", "warn"),
    "enrollment.withdrawn": ("Student withdrawn", "warn"),
    "enrollment.refunded": ("Enrollment ended with a refund", "event"),
    "enrollment.hold": ("On hold: an installment is more than ten days late", "warn"),
    "enrollment.hold_released": ("Hold released", "event"),
    "payment.captured": ("Payment recorded", "money"),
    "payment.reversed": ("Payment record reversed", "money"),
    "refund.requested": ("Refund requested", "money"),
    "refund.approved": ("Refund approved", "money"),
    "refund.declined": ("Refund declined", "warn"),
    "refund.settled": ("Refund paid back in full", "money"),
    "refund.overridden": ("Exception made: refund approved outside the window", "money"),
    "payout.due": ("Money to be sent back", "money"),
    "payout.sending": ("Money on its way back", "money"),
    "payout.sent": ("Money sent back", "money"),
    "payout.failed": ("Sending money back failed", "warn"),
    "withdrawal.decided": ("Withdrawal decided", "warn"),
    "withdrawal.recorded": ("Withdrawal decided", "warn"),
    "task.done": ("Task done", "event"),
    "file.read": ("Document read", "document"),
    "disclosure.export": ("List exported", "document"),
    "disclosure.copy_for_person": ("Copy of the record given to the student", "document"),
    "disclosure.site": ("Told to an externship site", "document"),
    "disclosure.college": ("Told to a college", "document"),
    "disclosure.ace": ("Told to the American Council on Education", "document"),
    "installment.paid": ("paid", "money"),
    "installment.past_due": ("past due", "warn"),
    "installment.waived": ("waived", "money"),
    "installment.canceled": ("canceled", "money"),
    "installment.scheduled": ("open again", "money"),
}
MONEY_SUBJECTS = frozenset({"payment", "refund", "payout", "receipt", "installment"})
UNSHOWN_SUBJECTS = frozenset({"letter"})  # letters stand in the story themselves


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story, as the timeline macro draws it."""

    at: dt.datetime
    title: str
    kind: str
    text: str | None = None
    who: str | None = None
    href: str | None = None
    amount_cents: int | None = None
    state: StrEnum | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a money record adds to its events: an amount, a word, where it can be seen."""

    amount_cents: int | None = None
    text: str | None = None
    href: str | None = None


def story(
    history: Sequence[History],
    letters: Iterable[OutboxLetter],
    *,
    names: Mapping[str, str],
    told: Mapping[str, Told],
    letter_href: Mapping[str, str],
    with_money: bool,
) -> list[Event]:
    """Return the story, newest first; who may not see money reads it without payments, refunds and amounts.

    Of events at one instant the later written stands above.
    """
    shown = [
        row
        for row in history
        if row.subject_kind not in UNSHOWN_SUBJECTS and (with_money or row.subject_kind not in MONEY_SUBJECTS)
    ]
    events = [_event(group, names, told) for group in _grouped(shown)]
    events += [_letter(letter, letter_href.get(letter.reference), with_money=with_money) for letter in letters]
    events.sort(key=lambda event: event.at)
    events.reverse()
    return events


def _grouped(rows: Iterable[History]) -> list[list[History]]:
    """Put what happened to several installments at once into one line."""
    groups: list[list[History]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        together = (
            last is not None
            and row.subject_kind == "installment"
            and (last.subject_kind, last.event, last.at) == (row.subject_kind, row.event, row.at)
        )
        if together:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _event(rows: Sequence[History], names: Mapping[str, str], told: Mapping[str, Told]) -> Event:
    row = rows[0]
    title, kind = WORDS.get(row.event, (_plain(row.event), "event"))
    if row.subject_kind == "installment":
        title = f"{_installments(rows)} {title}"
    extra = told.get(row.subject_reference, Told())
    return Event(
        at=row.at,
        title=title,
        kind=kind,
        text=extra.text or _reason(row) or _document(row),
        who=names.get(row.actor_reference or "", NOBODY[row.actor_kind]),
        href=extra.href,
        amount_cents=extra.amount_cents,
    )


def _installments(rows: Sequence[History]) -> str:
    numbers = [row.subject_reference.rpartition("-")[2] for row in rows]
    if len(numbers) == 1:
        return f"Installment {numbers[0]}"
    return f"Installments {', '.join(numbers[:-1])} and {numbers[-1]}"


def _document(row: History) -> str | None:
    return row.subject_reference if row.subject_kind == "file" else None


def _reason(row: History) -> str | None:
    reason = row.data.get("reason")
    return str(reason).replace("_", " ").capitalize() if reason else None


def _plain(event: str) -> str:
    return event.replace(".", " ").replace("_", " ").capitalize()


def _letter(letter: OutboxLetter, href: str | None, *, with_money: bool) -> Event:
    at = letter.sent_at or letter.queued_at
    subject = letter.subject if with_money else None  # subjects name amounts
    return Event(
        at=at,
        title=f"Letter: {subject or _plain(letter.template)}",
        kind="letter",
        text=f"To {letter.recipient}",
        href=href,
        state=None if letter.state is LetterState.SENT else letter.state,
    )
