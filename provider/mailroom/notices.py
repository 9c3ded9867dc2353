"""Notices of machines about our letters: what bounced (RFC 3464) and what was complained of (RFC 5965); pure.

A notice is a report by itself: a person who forwards one to us has written a mail. It proves nothing, anybody can write
one. It counts for the letter whose Message-ID it gives back, or
whose reply address it was sent to: these only who got the letter can know.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from provider.kernel.text import email_address
from provider.mailroom.reading import BROKEN, Reading, clean, decode, payload

REPORT = "multipart/report"  # RFC 6522: what every notice is
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\b")
_IDS = re.compile(r"^message-id:\s*(<[^<>\s]{1,248}>)", re.IGNORECASE | re.MULTILINE)
_MOST_BLOCKS = 50
_LONGEST_SAID = 400


@dataclass(frozen=True, slots=True)
class Failed:
    """What a notice says of one recipient; ``hard`` when it will never arrive."""

    recipient: str | None
    status: str
    said: str
    hard: bool


@dataclass(frozen=True, slots=True)
class Bounce:
    """A notice that letters did not arrive, with the Message-IDs of what it gives back."""

    failed: tuple[Failed, ...]
    message_ids: tuple[str, ...]

    def of(self, recipient: str) -> Failed | None:
        """Return what it says of a letter to this recipient, the worst first; None when it speaks of others."""
        said = [one for one in self.failed if one.recipient in {None, recipient}]
        return min(said, key=lambda one: not one.hard, default=None)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A notice that somebody called a letter unwanted."""

    message_ids: tuple[str, ...]


def bounce(reading: Reading) -> Bounce | None:
    """Return what a delivery report says; None for a mail that is none."""
    blocks = [block for part in _parts(reading, "message/delivery-status") for block in _fields(part)]
    failed = tuple(one for block in blocks[:_MOST_BLOCKS] if (one := _failure(block)) is not None)
    return Bounce(failed, _given_back(reading)) if blocks else None


def complaint(reading: Reading) -> Complaint | None:
    """Return what a feedback report gives back; None for a mail that is none, or that reports something else."""
    blocks = [block for part in _parts(reading, "message/feedback-report") for block in _fields(part)]
    kinds = {str(block.get("Feedback-Type", "")).strip().lower() for block in blocks}
    return Complaint(_given_back(reading)) if "abuse" in kinds else None


def _parts(reading: Reading, *kinds: str) -> Iterator[Message]:
    """Yield the parts of some kinds of a mail that is a report; what stands in the letter it gives back is none."""
    inner = reading.message.get_payload() if reading.message.get_content_type() == REPORT else None
    parts = [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
    try:
        found = [part for part in parts if part.get_content_type() in kinds]
    except BROKEN:
        found = []
    yield from found[:_MOST_BLOCKS]


def _fields(part: Message) -> list[Message]:
    """Return the groups of fields of a report; the parser has taken them apart like mails."""
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _failure(block: Message) -> Failed | None:
    action = str(block.get("Action", "")).strip().lower()
    status = _STATUS.match(str(block.get("Status", "")).strip())
    if action not in {"failed", "delayed"} or status is None or status[1] == "2":
        return None
    named = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "").rpartition(";")[2].strip(" <>")
    said = clean(str(block.get("Diagnostic-Code", "")).partition(";")[2]).split()
    return Failed(
        email_address(named), status[0], " ".join(said)[:_LONGEST_SAID], hard=action == "failed" and status[1] == "5"
    )


def _given_back(reading: Reading) -> tuple[str, ...]:
    """Return the Message-IDs of the letters that a report gives back, whole or by their headers."""
    found: list[str] = []
    for part in _parts(reading, "message/rfc822", "message/rfc822-headers", "text/rfc822-headers"):
        inner = part.get_payload()
        if isinstance(inner, list):
            found += [str(one.get("Message-ID", "")).strip() for one in inner if isinstance(one, Message)]
        else:
            found += _IDS.findall(decode(payload(part), None).replace("\r\n", "\n"))
    return tuple(dict.fromkeys(one for one in found if one))
