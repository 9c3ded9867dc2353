"""Taking a visitor's message: a letter to the school's mailbox, and a task for staff."""

import datetime as dt
import hashlib

from provider.accounts.throttles import count_try
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.site import letters
from provider.site.rules import Topic
from provider.tasks.actions import raise_task
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind

HOUR = dt.timedelta(hours=1)


def send_message(*, name: str, email: str, topic: Topic, message: str, client: str, at: dt.datetime) -> Task:
    """Pass a message on to the school; the same words sent again on the same day are one message.

    Raises TooMany when this client has sent as many in this hour as the settings allow.
    """
    count_try(key=f"message:{client}", limit=settings().MESSAGES_PER_HOUR, window=HOUR, at=at)
    said = "\n".join((f"{at:%Y-%m-%d}", name, email, topic, message))
    task = raise_task(
        kind=TaskKind.ANSWER_MESSAGE,
        key=f"message:{hashlib.sha256(said.encode()).hexdigest()}",
        sentence=f"{topic.label}: answer {name} ({email}). The message lies in the enquiries mailbox.",
        at=at,
    )
    if task.created_at == at:
        letter = letters.contact_message(
            reference=task.reference, name=name, email=email, topic=topic.label, message=message, at=at
        )
        post(letter, at=at)
    return task
