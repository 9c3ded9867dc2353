"""Answering a thread, and writing a note beside it for colleagues."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from provider.files import actions as files
from provider.files.rules import EXTENSIONS
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import hold
from provider.kernel.errors import DomainError
from provider.mail.actions import post
from provider.threads import letters, queries
from provider.threads.actions import go, told_under
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import (
    ANSWERABLE,
    MESSAGE_PREFIX,
    MOST_FILE_BYTES,
    MOST_FILES,
    Direction,
    ThreadState,
)


class Meanwhile(DomainError):
    """Something came in or went out after the page was drawn that the answer was written on."""

    code = "thread_changed"
    sentence = (
        "Something was added to these messages while you wrote; it stands among them now. Your answer was not sent. "
        "Read what is new, and send your answer if it still fits."
    )


class NotAnswerable(DomainError):
    """A thread that is held, spam, or part of another is not answered as it stands."""

    code = "thread_not_answerable"
    sentence = "These messages cannot be answered as they stand. Reload the page to see why."


class TooManyFiles(DomainError):
    """Mail with many or large files is refused by many servers."""

    status = 422
    code = "too_many_files"
    sentence = f"Send at most {MOST_FILES} files with one answer, together no larger than 10 megabytes."


def answer(
    thread: Thread,
    *,
    text: str,
    seen: str,
    key: str,
    signed: str,
    uploads: Sequence[bytes] = (),
    actor: Actor,
    at: dt.datetime,
) -> ThreadMessage:
    """Send an answer from a thread that is locked; the same form sent twice is one answer.

    ``seen`` is the last message that stood on the page when the answer was written. Raises Meanwhile, NotAnswerable,
    TooManyFiles and what uploads are refused for. Besides the lock, each message is answered by one letter at most:
    the letter's event names it.
    """
    sent = queries.of_submission(thread, key)
    if sent is not None:
        return sent
    if thread.state not in ANSWERABLE:
        raise NotAnswerable
    messages = queries.messages(thread)
    if messages[-1].reference != seen:
        raise Meanwhile
    kept = _kept(thread, uploads, actor, at)
    came = next((one.message_id for one in reversed(messages) if one.direction is Direction.IN), None)
    letter = post(
        letters.answer(thread, event=f"answer:{seen}", text=text, signed=signed, answers=came, files=kept),
        at=at,
        actor=actor,
    )
    written = _add(thread, Direction.OUT, text, actor, at, letter_id=letter.id, attachments=kept, submission_key=key)
    if thread.state is ThreadState.ANSWERED:
        history.note(thread, "thread.answered_again", actor=actor, at=at, about=told_under(thread))
    else:
        go(thread, ThreadState.ANSWERED, actor=actor, at=at)
    thread.last_at = max(thread.last_at, at)
    return written


def _kept(thread: Thread, uploads: Sequence[bytes], actor: Actor, at: dt.datetime) -> list[dict[str, Any]]:
    if len(uploads) > MOST_FILES or sum(len(one) for one in uploads) > MOST_FILE_BYTES:
        raise TooManyFiles
    kept = [files.keep(data=one, about=thread.reference, actor=actor, at=at) for one in uploads]
    return [
        {
            "name": f"{thread.reference}-{number}.{EXTENSIONS[file.content_type]}",
            "kind": file.content_type,
            "size": file.size,
            "file": file.reference,
        }
        for number, file in enumerate(kept, 1)
    ]


def note(thread: Thread, *, text: str, key: str, actor: Actor, at: dt.datetime) -> ThreadMessage:
    """Write something beside a thread for colleagues; it never leaves the house, and the same form is one note."""
    written = queries.of_submission(thread, key)
    if written is not None:
        return written
    history.note(thread, "thread.noted", actor=actor, at=at, about=told_under(thread))
    return _add(thread, Direction.NOTE, text, actor, at, submission_key=key)


def _add(
    thread: Thread,
    way: Direction,
    text: str,
    actor: Actor,
    at: dt.datetime,
    **values: Any,  # noqa: ANN401 - columns
) -> ThreadMessage:
    return hold(
        ThreadMessage(
            reference=references.new(MESSAGE_PREFIX),
            thread_id=thread.id,
            direction=way,
            at=at,
            written_by=actor.reference,
            text=text,
            **{"attachments": [], **values},
        )
    )
