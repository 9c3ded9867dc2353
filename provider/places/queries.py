"""Looking up ZIP codes."""

from collections.abc import Collection

import sqlalchemy as sa

from provider.kernel.database import db, table
from provider.places.models import Place
from provider.places.rules import usual_zone

_PLACES = table(Place).c
_ZONE = sa.select(_PLACES.zone).where(_PLACES.zip == sa.bindparam("wanted"))


def place(zip_code: str) -> Place | None:
    """Return what is known of a ZIP code; None when it is not."""
    return db.session.get(Place, zip_code)


def places(zip_codes: Collection[str]) -> dict[str, Place]:
    """Return what is known of several ZIP codes, in one statement."""
    found = db.session.scalars(sa.select(Place).where(Place.zip.in_(zip_codes))).all() if zip_codes else ()
    return {one.zip: one for one in found}


def zone_of(zip_code: str, state: str) -> str:
    """Return the time zone of a ZIP code, or the usual one of the state when the ZIP is not known."""
    return db.session.scalar(_ZONE, {"wanted": zip_code}) or usual_zone(state)
