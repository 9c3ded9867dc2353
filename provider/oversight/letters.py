"""Letters about people's data."""

import datetime as dt

from provider.mail.rules import Letter
from provider.oversight.personal import Subject
from provider.tasks.models import Task


def erasure_asked(subject: Subject, task: Task, *, due_on: dt.date) -> Letter:
    """Word that a request to be erased arrived, and by when it is answered."""
    return Letter(
        template="erasure_asked",
        recipient=subject.email,
        event=task.reference,
        about=subject.reference,
        values={"name": subject.name, "due_on": due_on.isoformat(), "data_path": "/my/account-data"},
    )


def erasure_done(subject: Subject, kept: list[str], *, at: dt.datetime) -> Letter:
    """The last letter: what was erased, and what stays and why.

    It is about nobody: whoever it names is nobody any more, and its address goes once it has left.
    """
    return Letter(
        template="erasure_done",
        recipient=subject.email,
        event=f"{subject.reference}:erased",
        about=None,
        values={
            "name": subject.name,
            "reference": subject.reference,
            "erased_at": at.isoformat(),
            "zone": subject.zone,
            "kept": [*kept],
        },
    )
