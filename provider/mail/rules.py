"""The states of a letter, the mailboxes it leaves from, what became of an attempt, and when there is another."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle, State, Tone

REFERENCE_PREFIX = "L"
ADDRESS_PREFIX = "AH"
# The letter by which a school tries its mail, and what such letters are about.
TEST = "test_letter"
ABOUT_SCHOOL = "SCHOOL"
LINK = "_link"  # a value under a key with this ending is the reference of a signed link
SHOWN_LINK = "[personal link]"
LONGEST_SUBJECT = 200
ERASED_DOMAIN = "erased.invalid"  # of addresses that were erased; .invalid is nobody's for good (RFC 2606)
# What waits for the mail server waits for it by this name, so that one answer of the server wakes all of it.
SERVER = "mail server"
REPLY_DAYS = 180  # how long the address that a letter is answered to leads to its thread
_NO_ADDRESS = re.compile(r"5\d\d 5\.(1\.(1|2|3|6|10)|2\.1)\b")
SOFT_BOUNCES = 4  # so many in a row are one hard bounce
LONGEST_OUTAGE_WAIT = dt.timedelta(minutes=5)
WAIT_FOR_EARLIER = dt.timedelta(seconds=30)


class Mailbox(StrEnum):
    """The mailboxes of the school."""

    ENQUIRIES = "enquiries"
    EXTERNSHIP = "externship"
    COLLEGE_CREDITS = "collegecredits"


class Manner(StrEnum):
    """Who wrote a letter, which mail programs are told, so that automatic mail is not answered automatically."""

    GENERATED = "generated"
    ACKNOWLEDGMENT = "acknowledgment"  # of what came in: leaves without a return path, so nothing ever bounces back
    PERSONAL = "personal"  # by a member of staff


class AddressState(State):
    """What letters to an address came to."""

    DOUBTFUL = "doubtful"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    WORKS = "works"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return _ADDRESS_LABELS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[AddressState, Tone] = {_A.DOUBTFUL: "warn", _A.BOUNCED: "bad", _A.COMPLAINED: "bad"}
        return tones.get(self, "good")


_A = AddressState
_ADDRESS_LABELS = {
    _A.DOUBTFUL: "Letters were put off",
    _A.BOUNCED: "Letters come back",
    _A.COMPLAINED: "Called our mail spam",
    _A.WORKS: "Works again",
}
ADDRESS_LIFECYCLE: Lifecycle[AddressState] = Lifecycle(
    {
        _A.DOUBTFUL: frozenset({_A.BOUNCED, _A.COMPLAINED, _A.WORKS}),
        _A.BOUNCED: frozenset({_A.COMPLAINED, _A.WORKS}),
        _A.COMPLAINED: frozenset({_A.WORKS}),
        _A.WORKS: frozenset({_A.DOUBTFUL, _A.BOUNCED, _A.COMPLAINED}),
    }
)


ADDRESS_BEGINS = (_A.DOUBTFUL, _A.BOUNCED, _A.COMPLAINED)


def address_after(state: AddressState | None, *, hard: bool, complained: bool, soft_bounces: int) -> AddressState:
    """Return how an address stands after a bounce or a complaint; ``soft_bounces`` counts this one.

    Three letters that were put off are not a refusal; a fourth in a row is. What was refused or complained of stays so
    until somebody says that the address works.
    """
    if complained or state is _A.COMPLAINED:
        return _A.COMPLAINED
    if hard or state is _A.BOUNCED or soft_bounces >= SOFT_BOUNCES:
        return _A.BOUNCED
    return _A.DOUBTFUL


def refuses_address(reply: str) -> bool:
    """Say whether a mail server's answer to a letter is about the address itself, not about the letter or about us.

    RFC 3463, 3.2 and 3.3: no such mailbox, host or shape of an address, moved away, takes no mail, disabled.
    """
    return _NO_ADDRESS.match(reply) is not None


class LetterState(State):
    """Where a letter is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        """The state in words."""
        return {_S.QUEUED: "Waiting", _S.SENDING: "Being sent"}.get(self) or self.value.capitalize()

    @property
    def tone(self) -> Tone:
        """How it is colored."""
        tones: dict[LetterState, Tone] = {_S.SENT: "good", _S.FAILED: "bad"}
        return tones.get(self, "neutral")


_S = LetterState
LIFECYCLE: Lifecycle[LetterState] = Lifecycle(
    {
        _S.QUEUED: frozenset({_S.SENDING, _S.CANCELED, _S.FAILED}),
        _S.SENDING: frozenset({_S.QUEUED, _S.SENT, _S.FAILED}),
        _S.FAILED: frozenset({_S.QUEUED}),
    }
)
ON_ITS_WAY = frozenset({_S.QUEUED, _S.SENDING})


def why_not_resent(state: LetterState) -> str | None:
    """Say why a letter cannot be sent again; None for one that was sent or that failed."""
    if state in {_S.SENT, _S.FAILED}:
        return None
    return "Was canceled, so it is not sent." if state is _S.CANCELED else "Is on its way already."


def why_not_stopped(state: LetterState) -> str | None:
    """Say why a letter cannot be kept from leaving; None while it waits."""
    if LIFECYCLE.can(state, _S.CANCELED):
        return None
    if state is _S.CANCELED:
        return "Is canceled already."
    return {_S.SENDING: "Is being sent at this moment.", _S.FAILED: "Was not delivered, and is not tried again."}.get(
        state, "Has left already."
    )


class Outcome(StrEnum):
    """What became of one attempt to hand a letter to the mail server."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"  # this letter was put off by the server (4xx)
    PERMANENT = "permanent"  # this letter was refused by the server (5xx)
    AMBIGUOUS = "ambiguous"  # the whole letter was handed over and no answer came: it may have been delivered
    UNREACHABLE = "unreachable"  # the server itself is away, slow, not secure enough, or does not know us

    @property
    def answered(self) -> bool:
        """Say whether the server decided about the letter, which shows that it works."""
        return self in {Outcome.ACCEPTED, Outcome.TEMPORARY, Outcome.PERMANENT}


def copy_event(event: str, number: int) -> str:
    """Return the event of the copy with a number of a letter that was sent again, or of one of its copies."""
    return f"{event.partition(':again:')[0]}:again:{number}"


def state_after(outcome: Outcome, *, now: dt.datetime, give_up_at: dt.datetime) -> LetterState:
    """Return where a letter goes after an attempt: sent, failed, or queued again until its hours are over."""
    if outcome is Outcome.ACCEPTED:
        return LetterState.SENT
    if outcome is Outcome.PERMANENT or now >= give_up_at:
        return LetterState.FAILED
    return LetterState.QUEUED


def wait_before_next(outcome: Outcome, wait: dt.timedelta) -> dt.timedelta:
    """Return the pause before another attempt; a server that is away is asked more often, since one asks for all."""
    return wait if outcome.answered else min(wait, LONGEST_OUTAGE_WAIT)


def next_attempt(wait: dt.timedelta, *, now: dt.datetime, give_up_at: dt.datetime) -> dt.datetime:
    """Return when a letter is tried again; the last attempt falls on the instant at which it is given up."""
    return min(now + wait, max(give_up_at, now))


UNATTENDED_AFTER = dt.timedelta(minutes=1)


def seems_unattended(*, due_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether a letter has been due for so long that no worker seems to run; the last instant is not too long."""
    return now - due_at > UNATTENDED_AFTER


Value = str | int | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as a value: which template, to whom, about what; ``event`` makes it unique per recipient.

    ``values`` are plain JSON values (instants as ISO text). A signed link is given by its reference under a key that
    ends in ``_link``; its address is written in only when the mail leaves, so that no stored text opens anything.
    Answers come back to a signed address of the mailbox, unless ``reply_to`` names another. ``in_reply_to`` is the
    Message-ID of the mail that this one answers.
    """

    template: str
    recipient: str
    event: str
    about: str | None
    mailbox: Mailbox = Mailbox.ENQUIRIES
    values: Mapping[str, Value] = field(default_factory=dict)
    reply_to: str | None = None
    manner: Manner = Manner.GENERATED
    in_reply_to: str | None = None
