"""Reading history."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.history.models import History
from provider.kernel.database import db


def timeline(about: str) -> Sequence[History]:
    """Return everything that happened around one enrollment, oldest first."""
    return db.session.scalars(sa.select(History).where(History.about == about).order_by(History.id)).all()
