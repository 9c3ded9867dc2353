"""Filling the ZIP table."""

from typing import Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from provider.kernel.database import db
from provider.places.models import Place
from provider.places.rules import usual_zone


def load() -> int:
    """Replace the ZIP table by the data of the ``zipcodes`` package; returns the number of rows."""
    import zipcodes  # noqa: PLC0415 - 140 MB once loaded, so only this command ever imports it

    zones = available_timezones()
    rows = [_row(entry, zones) for entry in zipcodes.list_all()]
    db.session.execute(sa.delete(Place))
    db.session.execute(sa.insert(Place), rows)
    return len(rows)


def _row(entry: dict[str, Any], zones: set[str]) -> dict[str, Any]:
    latitude, longitude = float(entry["lat"] or 0), float(entry["long"] or 0)
    located = (latitude, longitude) != (0.0, 0.0)
    zone = entry["timezone"]
    return {
        "zip": entry["zip_code"],
        "city": entry["city"],
        "state": entry["state"],
        "county": entry["county"] or None,
        "latitude": latitude if located else None,
        "longitude": longitude if located else None,
        "zone": zone if zone in zones else usual_zone(entry["state"]),
    }
