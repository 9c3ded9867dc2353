"""Sites, openings and externship requests beside the enrollments of `tests.bench.fill`, for the lists of coordinators.

Of every fifty enrollments there is a site with an opening, of every ten somebody asked for an externship; those of the
last weeks look for a place, all others have completed.
"""

import datetime as dt
from collections.abc import Callable

from provider.affiliations.models import Opening, Site, SiteContact, SiteLocation
from provider.externships.models import ExternshipRequest
from provider.kernel.database import Model
from tests.bench.bulk import Bulk

MODELS: tuple[type[Model], ...] = (Site, SiteLocation, SiteContact, Opening, ExternshipRequest)
SITES, ASKED = "n % 50 = 0", "n % 10 = 9"
_NORTH, _EAST = "(25 + n * 7 % 2400 / 100.0)", "(-120 + n * 11 % 5000 / 100.0)"


def write(bulk: Bulk, after: Callable[[int], str], day: Callable[[int], str], *, waiting: str, padded: str) -> None:
    """Write them; ``after`` gives an instant and ``day`` a date so many seconds after the enrollment of a row."""

    def named(prefix: str) -> str:
        return f"'{prefix}-9' || {padded}"

    at = after(30)
    bulk.rows(
        Site, where=SITES, id="n", reference=named("S"), name=f"'Clinic ' || {padded}", kind="'clinic'", state="'open'",
        created_at=at,
    )  # fmt: skip
    bulk.rows(
        SiteLocation, where=SITES, id="n", reference=named("SL"), site_id="n", name="'Main building'",
        street="'1 Main Street'", city="'Springfield'", state_code="'NY'", zip="'10001'", latitude=_NORTH,
        longitude=_EAST, zone="'America/New_York'", state="'open'",
    )  # fmt: skip
    bulk.rows(
        SiteContact, where=SITES, id="n", reference=named("SC"), site_id="n", location_id="n", name="'Pat Preceptor'",
        email="'pat@clinic.example'", supervises="true", signs="true",
    )  # fmt: skip
    lasts = int(dt.timedelta(days=90).total_seconds())
    bulk.rows(
        Opening, where=SITES, id="n", reference=named("OP"), location_id="n",
        program_id="(SELECT min(id) FROM program)", preceptor_id="n", state="'open'", first_on=day(0),
        last_on=day(lasts), weekdays="31", from_minute="480", until_minute="990", capacity="2", taken="n / 50 % 3",
        created_at=at,
    )  # fmt: skip
    bulk.rows(
        ExternshipRequest, where=ASKED, id="n", reference=named("XR"), enrollment_id="n",
        state=f"CASE WHEN {waiting} THEN 'ready' ELSE 'completed' END", asked_at=after(55), zip="'10001'",
        latitude=_NORTH, longitude=_EAST, miles="50", weekdays="31", from_minute="480", until_minute="1020",
        earliest_on=day(0), ended_at=f"CASE WHEN NOT ({waiting}) THEN {after(58)} END",
    )  # fmt: skip
