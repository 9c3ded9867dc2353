"""Keeping uploaded files, and remembering who read them."""

import datetime as dt
import hashlib

from provider.files.models import File
from provider.files.rules import LARGEST_BYTES, content_type
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError

READ = "file.read"


class FileRefused(DomainError):
    """The upload is not a PDF, JPEG or PNG of at most ten megabytes."""

    status = 422
    code = "file_refused"
    sentence = "Upload a PDF, a JPEG or a PNG of at most 10 megabytes."


def keep(*, data: bytes, about: str | None, actor: Actor, at: dt.datetime) -> File:
    """Store an upload under a name of our own; raises FileRefused."""
    kind = content_type(data)
    if kind is None or not 0 < len(data) <= LARGEST_BYTES:
        raise FileRefused
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
