"""Posting letters into the outbox, in the transaction of what caused them."""

import datetime as dt

from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.database import db
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from provider.mail.rules import Letter

SEND = "mail.send"


def post(letter: Letter, *, at: dt.datetime) -> OutboxLetter:
    """Store a letter and the job that sends it; it leaves only if the transaction commits."""
    reference = references.new("L")
    row = OutboxLetter(
        reference=reference,
        event=letter.event,
        template=letter.template,
        mailbox=letter.mailbox,
        recipient=letter.recipient,
        about=letter.about,
        values=dict(letter.values),
        message_id=f"<{reference.lower()}@{settings().MAIL_DOMAIN}>",
        queued_at=at,
        give_up_at=at + dt.timedelta(hours=settings().MAIL_RETRY_HOURS),
    )
    db.session.add(row)
    enqueue(kind=SEND, key=f"{SEND}:{reference}", payload={"letter": reference}, at=at)
    return row
