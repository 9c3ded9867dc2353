"""Keeping uploaded files, and remembering who read them."""

import datetime as dt
import hashlib

from provider.files.models import File
from provider.files.rules import Fault, content_type, fault
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError

READ = "file.read"


class FileRefused(DomainError):
    """The upload is not a whole PDF, JPEG or PNG of at most ten megabytes; the sentence says what is wrong with it."""

    status = 422
    code = "file_refused"
    sentence = Fault.KIND.sentence


def keep(*, data: bytes, about: str | None, actor: Actor, at: dt.datetime) -> File:
    """Store an upload under a name of our own; raises FileRefused."""
    wrong, kind = fault(data), content_type(data)
    if wrong is not None or kind is None:
        raise FileRefused((wrong or Fault.KIND).sentence)
    file = File(
        reference=references.new("F"),
        about=about,
        content_type=kind,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        created_at=at,
        created_by=actor.reference,
    )
    db.session.add(file)
    return file


def read(file: File, *, actor: Actor, at: dt.datetime) -> None:
    """Remember that somebody was given a person's document; where this cannot be stored, it is not given out."""
    note(file, READ, actor=actor, at=at, about=file.about, data={"file": file.reference})
