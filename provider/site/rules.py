"""What public pages promise about externships, how "guaranteed" is written, and what people write to us about."""

import enum
import re
from dataclasses import dataclass

from provider.mail.rules import Mailbox

CONDITIONS = "externship-conditions"
_WORD = re.compile(r"\bguarantee(?:d|s)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Promise:
    """The numbers of the guarantee as the school has set them: what pages promise is what the clock counts."""

    days: int
    miles: int
    lapse_days: int
    reminder_days: tuple[int, ...]
    conditions: str = CONDITIONS


def pieces(text: str) -> list[tuple[str, bool]]:
    """Split a text into pieces, and say of each whether it speaks of the guarantee and so links to its conditions."""
    found: list[tuple[str, bool]] = []
    end = 0
    for match in _WORD.finditer(text):
        found += [(text[end : match.start()], False), (match.group(), True)]
        end = match.end()
    return [(piece, linked) for piece, linked in [*found, (text[end:], False)] if piece]


class Topic(enum.StrEnum):
    """What a message is about."""

    PROGRAM = "program"
    PAYING = "paying"
    REFUND = "refund"
    EXTERNSHIP = "externship"
    CREDIT = "credit"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Name the topic in sentence case."""
        return {
            "program": "A program",
            "paying": "Paying",
            "refund": "A refund",
            "externship": "An externship",
            "credit": "College credit",
            "other": "Something else",
        }[self.value]

    @property
    def mailbox(self) -> Mailbox:
        """Whose colleagues answer."""
        return {Topic.EXTERNSHIP: Mailbox.EXTERNSHIP, Topic.CREDIT: Mailbox.COLLEGE_CREDITS}.get(
            self, Mailbox.ENQUIRIES
        )
