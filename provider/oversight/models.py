"""The table of erasures."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.actors import ActorKind
from provider.kernel.database import Model, Ref, known
from provider.oversight.rules import ErasureBasis


class Erasure(Model):
    """That the data about one person, or one enrollment of nobody's, was erased. No update, no delete (triggers).

    ``about`` is the person, or the enrollment; each enrollment of a person has a row of its own that names the person
    in ``person_reference``. ``kept`` says what stays, and why, as it was told.
    """

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[Ref]
    person_reference: Mapped[Ref | None]
    at: Mapped[dt.datetime]
    basis: Mapped[ErasureBasis]
    kept: Mapped[list[Any]]
    actor_kind: Mapped[ActorKind]
    actor_reference: Mapped[Ref | None]
    request_id: Mapped[str | None] = mapped_column(sa.String(32))

    __table_args__ = (known("basis", ErasureBasis), known("actor_kind", ActorKind), sa.UniqueConstraint("about"))

    @property
    def reference(self) -> str:
        """How history names it: by whom it is about."""
        return self.about
