"""What a school set for itself, a row for each setting."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Model, Ref, known
from provider.school.rules import REFERENCE, Key


class SchoolSetting(Model):
    """The value that an administrator gave one setting, as text; what the environment says wins over it."""

    __tablename__ = "school_setting"

    key: Mapped[Key] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)
    set_at: Mapped[dt.datetime]
    set_by: Mapped[Ref | None]

    __table_args__ = (known("key", Key),)

    @property
    def reference(self) -> str:
        """How history names it."""
        return REFERENCE
