"""What happened to a student as a story: history and letters by their instants, in words a person understands."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from provider.history.models import History
from provider.history.queries import Told as Remembered
from provider.kernel.actors import ActorKind
from provider.kernel.days import written
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState

NOBODY = {
    ActorKind.SYSTEM: "by itself",
    ActorKind.LINK: "by a signed link",
    ActorKind.VISITOR: "the student, not signed in",
    ActorKind.STUDENT: "the student",
    ActorKind.STAFF: "staff",
}
Words = Mapping[str, tuple[str, str]]
TEXT_GONE = "The text was erased."
_KEPT = re.compile(r"\{(\w+)\}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story, as the timeline macro draws it; ``about`` says which enrollment, where there are more."""

    at: dt.datetime
    title: str
    kind: str
    text: str | None = None
    who: str | None = None
    href: str | None = None
    amount_cents: int | None = None
    state: StrEnum | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a record adds to its events: an amount, a word, where it can be seen."""

    amount_cents: int | None = None
    text: str | None = None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """What a story is told with: the words of events, names of people, what records add, and which enrollments.

    An event without words is told by its own name. Where ``abouts`` is given, each line says whose it is.
    """

    words: Words
    names: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    letter_href: Mapping[str, str] = field(default_factory=dict)
    abouts: Mapping[str, str] = field(default_factory=dict)
    with_money: bool = False


def story(history: Iterable[Remembered], letters: Iterable[OutboxLetter], telling: Telling) -> list[Event]:
    """Return the story, newest first; of events at one instant the later written stands above.

    History comes oldest first. Who may not see money reads no subject of a letter, since it may name an amount.
    """
    events = [_event(group, telling) for group in _grouped(history)]
    events += [_letter(letter, telling) for letter in letters]
    events.sort(key=lambda event: event.at)
    events.reverse()
    return events


def left_at(letter: OutboxLetter) -> dt.datetime:
    """Return the instant at which a letter stands in the story."""
    return letter.sent_at or letter.queued_at


def _grouped(rows: Iterable[Remembered]) -> list[list[Remembered]]:
    """Put what happened to several installments at once into one line."""
    groups: list[list[Remembered]] = []
    for told in rows:
        row, last = told.row, groups[-1][-1].row if groups else None
        together = (
            last is not None
            and row.subject_kind == "installment"
            and (last.subject_kind, last.event, last.at) == (row.subject_kind, row.event, row.at)
            and last.about == row.about
        )
        if together:
            groups[-1].append(told)
        else:
            groups.append([told])
    return groups


def _event(group: Sequence[Remembered], telling: Telling) -> Event:
    row = group[0].row
    title, kind = telling.words.get(row.event, (_plain(row.event), "event"))
    if row.subject_kind == "installment":
        title = f"{_installments([told.row for told in group])} {title}"
    extra = telling.told.get(row.subject_reference, Told())
    return Event(
        at=row.at,
        title=_filled(title, row, telling.names),
        kind=kind,
        text=group[0].personal.get("reason") or extra.text or _note(group[0]) or _reason(group[0]) or _document(row),
        who=telling.names.get(row.actor_reference or "", NOBODY[row.actor_kind]),
        href=extra.href,
        amount_cents=extra.amount_cents,
        about=telling.abouts.get(row.about or ""),
    )


def _filled(title: str, row: History, names: Mapping[str, str]) -> str:
    """Put what the event kept into its title: people by their names, dates as they are read."""

    def kept(match: re.Match[str]) -> str:
        value = str(row.data.get(match[1]) or "any day")
        if _DAY.fullmatch(value):
            return written(dt.date.fromisoformat(value))
        return names.get(value, value.replace("_", " "))

    return _KEPT.sub(kept, title)


def _note(told: Remembered) -> str | None:
    if told.row.subject_kind != "note":
        return None
    return str(told.personal.get("text") or TEXT_GONE)


def _document(row: History) -> str | None:
    return row.subject_reference if row.subject_kind == "file" else None


def _installments(rows: Sequence[History]) -> str:
    numbers = [row.subject_reference.rpartition("-")[2] for row in rows]
    if len(numbers) == 1:
        return f"Installment {numbers[0]}"
    return f"Installments {', '.join(numbers[:-1])} and {numbers[-1]}"


def _reason(told: Remembered) -> str | None:
    """Return why it was done: as somebody wrote it, or what the rule that did it calls it."""
    written_reason, rule = told.personal.get("reason"), str(told.row.data.get("reason") or "")
    return str(written_reason) if written_reason else (rule[:1].upper() + rule[1:].replace("_", " ")) or None


def _plain(event: str) -> str:
    return event.replace(".", " ").replace("_", " ").capitalize()


def _letter(letter: OutboxLetter, telling: Telling) -> Event:
    subject = letter.subject if telling.with_money else None
    return Event(
        at=left_at(letter),
        title=f"Letter: {subject or _plain(letter.template)}",
        kind="letter",
        text=f"To {letter.recipient}",
        href=telling.letter_href.get(letter.reference),
        state=None if letter.state is LetterState.SENT else letter.state,
        about=telling.abouts.get(letter.about or ""),
    )
