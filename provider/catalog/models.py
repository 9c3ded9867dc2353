"""The stamp of the offer."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Model


class CatalogStamp(Model):
    """One row with a random value, set anew by whatever changes the offer: who saw the value saw the offer."""

    __tablename__ = "catalog_stamp"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(sa.String(32))
