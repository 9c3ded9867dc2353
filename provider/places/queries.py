"""Looking up ZIP codes."""

from provider.kernel.database import db
from provider.places.models import Place
from provider.places.rules import usual_zone


def zone_of(zip_code: str, state: str) -> str:
    """Return the time zone of a ZIP code, or the usual one of the state when the ZIP is not known."""
    place = db.session.get(Place, zip_code)
    return usual_zone(state) if place is None else place.zone
