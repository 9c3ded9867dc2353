"""Addresses that answers come back to: one for each letter and recipient, signed, for half a year.

``externship+7k2m9q4tvjx.mzq2…@example.org`` names a letter, the day it ends on and a keyed hash of both and the
recipient; whoever guesses or changes one gets nowhere. Letters of either case: some servers fold them.
"""

import datetime as dt
import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass

from provider.kernel.settings import settings
from provider.mail.rules import REFERENCE_PREFIX, REPLY_DAYS, Mailbox

_EPOCH = dt.date(2020, 1, 1)
_SHAPE = re.compile(r"([a-z]+)\+([2-9a-hjkmnp-tv-z]{8})([0-9a-f]{4})([a-z2-7]{16})\Z")


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """What a reply address says, signed or not: only ``is_ours`` tells whether it is to be believed."""

    letter: str
    ends_on: dt.date
    mailbox: Mailbox
    signature: str

    def is_ours(self, recipient: str, *, now: dt.datetime) -> bool:
        """Say whether we made it for this recipient of the letter and it has not run out; its last day counts."""
        signature = _signature(self.letter, self.ends_on, recipient)
        return now.astimezone(dt.UTC).date() <= self.ends_on and hmac.compare_digest(self.signature, signature)


def reply_address(*, letter: str, recipient: str, mailbox: Mailbox, queued_at: dt.datetime) -> str:
    """Return where an answer of this recipient to this letter comes back to."""
    ends_on = queued_at.astimezone(dt.UTC).date() + dt.timedelta(days=REPLY_DAYS)
    token = f"{letter.partition('-')[2].lower()}{(ends_on - _EPOCH).days:04x}{_signature(letter, ends_on, recipient)}"
    return settings().mailbox(f"{mailbox}+{token}")


def read_address(address: str) -> ReplyAddress | None:
    """Return what a reply address says, or None for any other address."""
    local, _, domain = address.lower().rpartition("@")
    found = _SHAPE.match(local)
    if found is None or domain != settings().MAIL_DOMAIN.lower() or found[1] not in set(Mailbox):
        return None
    letter = f"{REFERENCE_PREFIX}-{found[2].upper()}"
    return ReplyAddress(letter, _EPOCH + dt.timedelta(days=int(found[3], 16)), Mailbox(found[1]), found[4])


def _signature(letter: str, ends_on: dt.date, recipient: str) -> str:
    key = hashlib.sha256(f"reply addresses:{settings().SECRET_KEY}".encode()).digest()
    said = f"{letter}:{ends_on.isoformat()}:{recipient.lower()}".encode()
    return b32encode(hmac.digest(key, said, "sha256")[:10]).decode().lower()
