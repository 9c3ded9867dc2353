"""The table of issued documents."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Line, Model, Ref, known
from provider.verification.rules import IssuedKind


class IssuedDocument(Model):
    """What the page of a code says: whose it is, what it states, and whether the school still stands by it.

    ``facts`` are pairs of a label and a value, in the order in which they are shown. Why it was revoked is for staff;
    ``public_reason`` is what the page of its code may say of it. One of a kind and subject stands at a time.
    """

    __tablename__ = "issued_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    code: Mapped[str] = mapped_column(sa.String(16))
    kind: Mapped[IssuedKind]
    subject_reference: Mapped[Ref]
    about: Mapped[Ref]
    holder: Mapped[Line]
    title: Mapped[Line]
    facts: Mapped[list[Any]]
    issued_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(sa.Text)
    public_reason: Mapped[Line | None]

    __table_args__ = (
        known("kind", IssuedKind),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revoked_has_reason"),
        sa.Index(None, "about"),
        sa.Index(None, "subject_reference"),
        sa.Index(
            "uq_issued_document_standing",
            "kind",
            "subject_reference",
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )
