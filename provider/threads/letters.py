"""The letter that takes an answer out, and the files that go with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from provider.files.queries import with_bytes
from provider.kernel.registry import Attachment
from provider.mail.rules import Letter, Manner
from provider.threads.models import Thread
from provider.threads.rules import reply_subject

ANSWER = "thread_answer"


def answer(
    thread: Thread, *, event: str, text: str, signed: str, answers: str | None, files: Sequence[Mapping[str, Any]]
) -> Letter:
    """Word what a member of staff wrote, from the mailbox that the thread came in to; its answer comes back there."""
    return Letter(
        template=ANSWER,
        recipient=thread.correspondent,
        event=event,
        about=thread.reference,
        mailbox=thread.mailbox,
        values={
            "subject": reply_subject(thread.subject),
            "message": text,
            "signed": signed,
            "reference": thread.reference,
            "files": [{"file": str(one["file"]), "name": str(one["name"])} for one in files],
        },
        manner=Manner.PERSONAL,
        in_reply_to=answers,
    )


def enclosed(values: Mapping[str, Any]) -> list[Attachment]:
    """Return the files of an answer from what is stored of its letter."""
    found = [(one["name"], with_bytes(one["file"])) for one in values["files"]]
    return [Attachment(name, file.content_type, file.data) for name, file in found]
