"""The table of ZIP codes."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Model


class Place(Model):
    """One five-digit ZIP code; coordinates are missing for some military ones."""

    __tablename__ = "place"

    zip: Mapped[str] = mapped_column(sa.String(5), primary_key=True)
    city: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[str] = mapped_column(sa.String(2))
    county: Mapped[str | None] = mapped_column(sa.String(64))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    zone: Mapped[str] = mapped_column(sa.String(64))
