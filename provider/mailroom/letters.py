"""The letter that says a mail came in."""

import datetime as dt

from provider.mail.rules import Letter, Mailbox, Manner
from provider.mailroom.rules import PROVE_DAYS, RECEIVED


def received(
    *, recipient: str, thread: str, mailbox: Mailbox, at: dt.datetime, answers: str | None, prove_link: str | None
) -> Letter:
    """Word that a mail came in and that a person reads it; nothing of what was written, and nothing that we know.

    ``prove_link`` is for who uses a known address and did not show that it is theirs.
    """
    return Letter(
        template=RECEIVED,
        recipient=recipient,
        event=thread,
        about=thread,
        mailbox=mailbox,
        values={"received_at": at.isoformat(), "prove_link": prove_link, "days": PROVE_DAYS},
        manner=Manner.ACKNOWLEDGMENT,
        in_reply_to=answers,
    )
