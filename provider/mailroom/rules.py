"""The states of a mail that came in, what it is judged as, whose mailbox an address is, and how much is taken."""

import datetime as dt
from collections.abc import Collection, Mapping
from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.mail.rules import Mailbox
from provider.tasks.rules import TaskKind
from provider.threads.rules import Standing

MAIL_PREFIX = "IM"
DRAFT_PREFIX = "RD"
RECEIVED = "mail_received"  # the letter that says a mail came in
FILE = "mailroom.file"  # the job that files one mail
PORT_TAKEN = 69  # what the mailroom ends with when its port is taken: nothing else has to end with it (sysexits.h)
MEGABYTE = 1_000_000
LONGEST_LINE = 65_536  # of a mail; the 998 of RFC 5322 are not kept by many
LONGEST_ADDRESS = 320
FILED_WITHIN = dt.timedelta(hours=1)
PROVE = "prove_mail"  # the purpose of a link by which somebody shows that a mail was theirs
PROVE_DAYS = 14
ACKNOWLEDGED_EVERY = dt.timedelta(hours=24)
# All in all, whoever writes: an answering machine with ever new addresses stops here.
ACKNOWLEDGMENTS_PER_HOUR = 200


class MailState(State):
    """Where a mail stands."""

    STORED = "stored"
    FILED = "filed"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[MailState, Tone] = {_S.FILED: "good", _S.QUARANTINED: "bad"}
        return tones.get(self, "neutral")


_S = MailState
LIFECYCLE: Lifecycle[MailState] = Lifecycle({_S.STORED: frozenset({_S.FILED, _S.QUARANTINED, _S.IGNORED})})


class Judged(StrEnum):
    """What a mail was judged as: written by a person, or by which kind of machine."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    OWN = "own"  # one of our own addresses is said to have written it
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class DraftState(State):
    """Where a refund that a mail seems to ask for stands."""

    OPEN = "open"
    ENTERED = "entered"
    DISMISSED = "dismissed"


DRAFT_LIFECYCLE: Lifecycle[DraftState] = Lifecycle(
    {DraftState.OPEN: frozenset({DraftState.ENTERED, DraftState.DISMISSED})}
)


def believed_for(standing: Standing, *, theirs: bool) -> Standing:
    """Return how far a writer is believed to be the student of an enrollment: who proved to be somebody else is not.

    ``theirs``: the enrollment belongs to who they are believed to be, or nobody proved it and it names their address.
    """
    return standing if theirs or standing is Standing.STAFF_UNPROVED else Standing.UNKNOWN


def draft_task(draft: str) -> str:
    """Return the key of the task that puts a draft, by its reference, before the bursar."""
    return f"{TaskKind.REFUND_BY_MAIL}:{draft}"


def mailbox_of(address: str, domains: Collection[str]) -> Mailbox | None:
    """Return whose mail an address takes, with or without a plus part; None for one that is not ours."""
    local, _, domain = address.rpartition("@")
    name = local.partition("+")[0].lower()
    if domain.lower() not in domains:
        return None
    return next((mailbox for mailbox in Mailbox if mailbox.value == name), None)


def recipients_by_mailbox(addresses: Collection[str], domains: Collection[str]) -> Mapping[Mailbox, str]:
    """Return the mailboxes that a mail goes to, each with the address it was sent to; one with a plus part tells more.

    Two addresses of one mailbox are one delivery.
    """
    found: dict[Mailbox, str] = {}
    for address in addresses:
        mailbox = mailbox_of(address, domains)
        if mailbox is not None and (mailbox not in found or "+" not in found[mailbox]):
            found[mailbox] = address
    return found
