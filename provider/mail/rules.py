"""The states of a letter, the mailboxes it leaves from, and what may be sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle


class Mailbox(StrEnum):
    """The mailboxes of the school."""

    ENQUIRIES = "enquiries"
    EXTERNSHIP = "externship"
    COLLEGE_CREDITS = "collegecredits"


class LetterState(StrEnum):
    """Where a letter is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        """The state in words."""
        return {
            "queued": "Waiting",
            "sending": "Being sent",
            "sent": "Sent",
            "failed": "Failed",
            "canceled": "Canceled",
        }[self.value]

    @property
    def tone(self) -> str:
        """How it is colored."""
        return {"sent": "good", "failed": "bad"}.get(self.value, "neutral")


LIFECYCLE: Lifecycle[LetterState] = Lifecycle(
    {
        LetterState.QUEUED: frozenset({LetterState.SENDING, LetterState.CANCELED, LetterState.FAILED}),
        LetterState.SENDING: frozenset({LetterState.QUEUED, LetterState.SENT, LetterState.FAILED}),
        LetterState.FAILED: frozenset({LetterState.QUEUED}),
    }
)

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as a value: which template, to whom, about what; ``event`` makes it unique per recipient.

    ``values`` are plain JSON values (instants as ISO text). A signed link is given by its reference under a key that
    ends in ``_link``; its address is written in only when the mail leaves, so that no stored text opens anything.
    """

    template: str
    recipient: str
    event: str
    about: str | None
    mailbox: Mailbox = Mailbox.ENQUIRIES
    values: Mapping[str, Value] = field(default_factory=dict)


RETRY = dt.timedelta(hours=72)
