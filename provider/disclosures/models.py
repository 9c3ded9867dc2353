"""The table of disclosures."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.disclosures.rules import OUTSIDE, DisclosureKind
from provider.kernel.actors import ActorKind
from provider.kernel.database import Line, Model, Ref, known

_OUTSIDE = ", ".join(f"'{kind.value}'" for kind in sorted(OUTSIDE))


class Disclosure(Model):
    """One telling of something about a person, or about the people of a list. No update, no delete (triggers).

    ``about`` is a person or an enrollment, nothing for a list. ``what`` names the fields, or the list with its filter;
    it holds no personal value, since nothing here can be blanked.
    """

    __tablename__ = "disclosure"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    at: Mapped[dt.datetime]
    kind: Mapped[DisclosureKind]
    recipient: Mapped[Line]
    about: Mapped[Ref | None]
    what: Mapped[str] = mapped_column(sa.Text)
    row_count: Mapped[int]
    basis: Mapped[str] = mapped_column(sa.Text)
    consent_at: Mapped[dt.datetime | None]
    actor_kind: Mapped[ActorKind]
    actor_reference: Mapped[Ref | None]
    request_id: Mapped[str | None] = mapped_column(sa.String(32))

    __table_args__ = (
        known("kind", DisclosureKind),
        known("actor_kind", ActorKind),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("row_count >= 0", name="row_count_not_negative"),
        sa.CheckConstraint("kind = 'export' OR about IS NOT NULL", name="told_about_somebody"),
        sa.CheckConstraint(f"kind NOT IN ({_OUTSIDE}) OR consent_at IS NOT NULL", name="outside_with_consent"),
        sa.Index(None, "about", "id"),
        sa.Index(None, "kind", "id"),
    )
