"""The table of uploaded files."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.files.rules import LARGEST_BYTES
from provider.kernel.database import Model, Ref


class File(Model):
    """One uploaded file with its bytes; its name is ours, not the uploader's."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    about: Mapped[Ref | None]
    content_type: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.Index(None, "about"),
        sa.CheckConstraint(f"size > 0 AND size <= {LARGEST_BYTES}", name="size_allowed"),
    )
