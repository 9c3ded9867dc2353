"""The letter that brings a message to the school's own mailbox."""

import datetime as dt

from provider.kernel.settings import settings
from provider.mail.rules import Letter, Mailbox


def contact_message(*, reference: str, name: str, email: str, topic: str, message: str, at: dt.datetime) -> Letter:
    """A visitor's message, to the enquiries mailbox; an answer to it goes to the visitor."""
    return Letter(
        template="contact_message",
        recipient=settings().mailbox(Mailbox.ENQUIRIES),
        event=reference,
        about=reference,
        mailbox=Mailbox.ENQUIRIES,
        reply_to=email,
        values={
            "reference": reference,
            "name": name,
            "email": email,
            "topic": topic,
            "message": message,
            "received_at": at.isoformat(),
        },
    )
