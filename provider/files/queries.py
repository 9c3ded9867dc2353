"""Reading uploaded files."""

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from provider.files.models import File
from provider.kernel.database import db
from provider.kernel.errors import NotFound


def with_bytes(reference: str) -> File:
    """Return one file with its bytes; raises NotFound."""
    file = db.session.scalar(sa.select(File).where(File.reference == reference).options(undefer(File.data)))
    if file is None:
        raise NotFound
    return file
