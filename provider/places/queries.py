"""Looking up ZIP codes."""

import sqlalchemy as sa

from provider.kernel.database import db, table
from provider.places.models import Place
from provider.places.rules import usual_zone

_PLACES = table(Place).c
_ZONE = sa.select(_PLACES.zone).where(_PLACES.zip == sa.bindparam("wanted"))


def zone_of(zip_code: str, state: str) -> str:
    """Return the time zone of a ZIP code, or the usual one of the state when the ZIP is not known."""
    return db.session.scalar(_ZONE, {"wanted": zip_code}) or usual_zone(state)
