"""Threads of mail: their states, who a sender is believed to be, and which way a message went."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from provider.kernel.days import counted
from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.mail.rules import Mailbox

THREAD_PREFIX, MESSAGE_PREFIX, CANNED_PREFIX = "TH", "TM", "CT"
SEARCH_KIND = "thread"
LONGEST_NAME = 200
LONGEST_SUBJECT = 200
LONGEST_TEXT = 100_000  # what is shown of a message; the mail itself is kept whole
NO_SUBJECT = "(no subject)"
LONGEST_ANSWER = 20_000
LONGEST_KEY = 64
MOST_FILES = 3
MOST_FILE_BYTES = 10 * 1024 * 1024  # of one answer together: servers commonly refuse mail of 25 megabytes


class Standing(State):
    """Who the writer of a message is believed to be (PRODUCT.md R24)."""

    PROVED = "proved"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    STAFF_UNPROVED = "staff_unproved"

    @property
    def label(self) -> str:
        """Return it in words."""
        return _STANDINGS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[Standing, Tone] = {_T.PROVED: "good", _T.CLAIMED: "warn", _T.STAFF_UNPROVED: "bad"}
        return tones.get(self, "neutral")


_T = Standing
_STANDINGS: Mapping[Standing, str] = {
    _T.PROVED: "Proved",
    _T.CLAIMED: "Claims to be",
    _T.UNKNOWN: "Not known to us",
    _T.STAFF_UNPROVED: "Claims to be staff",
}


class Direction(StrEnum):
    """Which way a message went."""

    IN = "in"
    OUT = "out"
    NOTE = "note"  # among staff; never leaves the house


class ThreadState(State):
    """Where a thread stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    SPAM = "spam"
    MERGED = "merged"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {_S.WAITING: "Waits for us", _S.QUARANTINED: "Held"}.get(self) or super().label

    @property
    def for_writer(self) -> str:
        """Return the state as whoever wrote reads it."""
        return {_S.WAITING: "Waits for our answer", _S.ANSWERED: "Answered"}.get(self, "Closed")

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[ThreadState, Tone] = {_S.WAITING: "warn", _S.ANSWERED: "good", _S.QUARANTINED: "bad"}
        return tones.get(self, "neutral")


_S = ThreadState
LIFECYCLE: Lifecycle[ThreadState] = Lifecycle(
    {
        _S.WAITING: frozenset({_S.ANSWERED, _S.CLOSED, _S.SPAM, _S.MERGED, _S.QUARANTINED}),
        _S.ANSWERED: frozenset({_S.WAITING, _S.CLOSED, _S.SPAM, _S.MERGED, _S.QUARANTINED}),
        # Whoever writes again opens it again.
        _S.CLOSED: frozenset({_S.WAITING, _S.ANSWERED, _S.SPAM, _S.MERGED, _S.QUARANTINED}),
        _S.QUARANTINED: frozenset({_S.WAITING, _S.SPAM}),
        _S.SPAM: frozenset({_S.WAITING}),
    }
)
BEGINS = (_S.WAITING, _S.QUARANTINED, _S.CLOSED)


def first_state(standing: Standing, *, automatic: bool) -> ThreadState:
    """Return where a new thread begins: automatic mail waits for nobody, and who claims to be staff is held."""
    if standing is Standing.STAFF_UNPROVED:
        return ThreadState.QUARANTINED
    return ThreadState.CLOSED if automatic else ThreadState.WAITING


def state_after(state: ThreadState, standing: Standing, *, automatic: bool) -> ThreadState:
    """Return where a thread goes when another message comes in."""
    if state in {_S.SPAM, _S.MERGED, _S.QUARANTINED}:
        return state
    if standing is Standing.STAFF_UNPROVED:
        return _S.QUARANTINED
    return state if automatic else _S.WAITING


ANSWERABLE = frozenset({_S.WAITING, _S.ANSWERED, _S.CLOSED})
MERGEABLE = ANSWERABLE


LAST_SHOWN = 10  # messages of a long thread that stand open


def earlier(number: int) -> int:
    """Return how many of a thread's messages, the first ones, are folded together on its page; never one alone."""
    return number - LAST_SHOWN if number > LAST_SHOWN + 1 else 0


class Shown(StrEnum):
    """How much of a message the student of its thread is shown."""

    WHOLE = "whole"
    THAT_IT_CAME = "that_it_came"  # nobody proved it: anybody may have written it under their address
    NOTHING = "nothing"


def shown_to_student(direction: Direction, standing: Standing | None, *, automatic: bool, theirs: bool) -> Shown:
    """Say what of a message its thread's student may read: what they proved to have written, and what went to them.

    ``theirs``: it came from, or went to, their own address. What staff note beside it never leaves the house.
    """
    if direction is Direction.NOTE or automatic or not theirs:
        return Shown.NOTHING
    return Shown.WHOLE if direction is Direction.OUT or standing is Standing.PROVED else Shown.THAT_IT_CAME


READ_BY_STUDENT = frozenset({_S.WAITING, _S.ANSWERED, _S.CLOSED})
# What a thread is about, as its writer reads it, and who answers it as long as no colleague has it.
KINDS: Mapping[Mailbox, str] = {
    Mailbox.ENQUIRIES: "A question",
    Mailbox.EXTERNSHIP: "An externship",
    Mailbox.COLLEGE_CREDITS: "College credit",
}
TEAMS: Mapping[Mailbox, str] = {
    Mailbox.ENQUIRIES: "Whoever of us is free",
    Mailbox.EXTERNSHIP: "A coordinator who is free",
    Mailbox.COLLEGE_CREDITS: "A credit officer who is free",
}
# The page on which a student asks for what mail to a mailbox can only ask about: a mail is no request (decision 43).
ASKED_ON: Mapping[Mailbox, str] = {
    Mailbox.EXTERNSHIP: "externships.index",
    Mailbox.COLLEGE_CREDITS: "credits.index",
}
_HOUR = dt.timedelta(hours=1)
_HOURS_TOLD = 48  # from then on in whole days


def waited(since: dt.datetime, now: dt.datetime) -> str:
    """Say how long somebody has waited for an answer, in whole hours or days that are over."""
    hours = max(now - since, dt.timedelta()) // _HOUR
    if hours < 1:
        return "less than an hour"
    return counted(hours, "hour") if hours < _HOURS_TOLD else counted(hours // 24, "day")


def reply_subject(subject: str) -> str:
    """Return the subject of an answer: mail programs put the two in one conversation by it."""
    return subject if subject[:3].casefold() == "re:" else f"Re: {subject}"


def allows(standing: Standing) -> str:
    """Say in a sentence what may be told to a writer, and why."""
    return _ALLOWS[standing]


_ALLOWS: Mapping[Standing, str] = {
    _T.PROVED: "The writer proved who they are. You may tell what their records say.",
    _T.CLAIMED: (
        "The address is known, but nobody proved that the mail came from its owner: anybody can write any address as "
        "the sender. Tell nothing that stands in the person’s records, not even that there are any."
    ),
    _T.UNKNOWN: (
        "The address belongs to nobody we know. Answer what anybody may know, and tell nothing about any student."
    ),
    _T.STAFF_UNPROVED: (
        "The mail claims to come from a colleague, and nothing proves it. Ask the colleague by another way before you "
        "release it, and do nothing that it asks for."
    ),
}


class Placeholder(StrEnum):
    """What a canned text may leave to be filled in."""

    NAME = "name"
    SCHOOL = "school"
    REFERENCE = "reference"
    PROGRAM = "program"
    MISSING = "missing"

    @property
    def words(self) -> str:
        """Return what is put in its place, as the page of texts tells it."""
        return _PLACEHOLDERS[self]

    @property
    def of_records(self) -> bool:
        """Say whether it tells what a person's records say, which only a proved writer may read."""
        return self in {Placeholder.PROGRAM, Placeholder.MISSING}


_PLACEHOLDERS: Mapping[Placeholder, str] = {
    Placeholder.NAME: "how the writer is called",
    Placeholder.SCHOOL: "the name of the school",
    Placeholder.REFERENCE: "the reference of the messages",
    Placeholder.PROGRAM: "the program of the request beside the messages",
    Placeholder.MISSING: "what is still missing for that request, one a line",
}
# One pair of braces around a name; two pairs are not ours and stay as they are.
_MARK = re.compile(r"(?<!\{)\{\s*([A-Za-z_]{1,40})\s*\}(?!\})")


def placeholders(text: str) -> frozenset[Placeholder]:
    """Return the placeholders of a text."""
    return frozenset(Placeholder(name) for name in _names(text) if name in set(Placeholder))


def unknown_placeholders(text: str) -> list[str]:
    """Return what looks like a placeholder and is none, each once."""
    known = {f"{{{one}}}" for one in Placeholder}
    return list(dict.fromkeys(mark.group() for mark in _MARK.finditer(text) if mark.group() not in known))


def _names(text: str) -> Iterable[str]:
    return (mark.group(1) for mark in _MARK.finditer(text))


def fill(text: str, facts: Mapping[Placeholder, str]) -> str:
    """Put facts in the place of placeholders, once: what a fact says is never looked through again."""

    def put(mark: re.Match[str]) -> str:
        name = mark.group(1)
        return facts.get(Placeholder(name), mark.group()) if name in set(Placeholder) else mark.group()

    return _MARK.sub(put, text)


def one_of_theirs(*, same_address: bool, person: int | None, other: int | None) -> bool:
    """Say whether two threads are one person's mail: the same address, or the same student beside both."""
    return same_address or (person is not None and person == other)
