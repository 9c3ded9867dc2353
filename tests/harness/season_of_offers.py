"""Places of a season: one confirmed, one that waits for its student, one for its site, and a request without any."""

import datetime as dt

import sqlalchemy as sa

from provider.affiliations import queries, sites
from provider.affiliations.models import Opening
from provider.affiliations.rules import Period
from provider.affiliations.sites import ContactFacts
from provider.enrollments.models import Enrollment
from provider.enrollments.queries import by_reference
from provider.externships import requests
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.wishes import Wishes
from provider.kernel.database import db, unit_of_work
from tests.harness import papers
from tests.harness.externs import COORDINATOR, WISHES
from tests.harness.places import accept, offer, placed
from tests.harness.sites import supply

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
SECOND = ContactFacts("Noor Second", "noor@teaching.example", "Charge nurse", supervises=True)
EARLY = "The class ends within a month, and a site nearby has a place from then on."


def tell(*, confirmed: str, offered: str, asked: str, looking: str, now: dt.datetime) -> None:
    """Let four enrollments ask for a place and get as far as their names say; needs an application context."""
    first = now.date() + 14 * DAY
    made = supply(
        name="Harbor Teaching Hospital",
        days=Period(first, first + 120 * DAY),
        agreement=Period(first - 200 * DAY, first + 200 * DAY),
        capacity=5,
        bring="Closed shoes and a watch with a second hand",
        at=now - 20 * DAY,
    )
    with unit_of_work():
        sites.add_contact(queries.site(made.site), SECOND, actor=COORDINATOR, at=now - 20 * DAY)
    placed(_ask(confirmed, first, now), made.opening, at=now - 9 * HOUR)
    offer(_ask(offered, first, now), made.opening, at=now - 9 * HOUR)
    accept(offer(_ask(asked, first, now), made.opening, at=now - 9 * HOUR), at=now - 8 * HOUR)
    _ask(looking, first, now)


def _ask(reference: str, first: dt.date, now: dt.datetime) -> str:
    papers.give(by_reference(reference).claimed_email, at=now - 11 * HOUR)
    wanted = Wishes(**{name: getattr(WISHES, name) for name in Wishes.__slots__} | {"earliest_on": first})
    with unit_of_work():
        enrollment = by_reference(reference)
        early = EARLY if enrollment.completed_at is None else None
        made = requests.ask(
            enrollment=enrollment, wanted=wanted, actor=COORDINATOR, at=now - 10 * HOUR, early_reason=early
        )
        return made.reference


def request_of(enrollment: str) -> str:
    """Return the externship request of an enrollment."""
    query = sa.select(ExternshipRequest.reference).join(ExternshipRequest.enrollment)
    return db.session.scalars(query.where(Enrollment.reference == enrollment)).one()


def offer_of(enrollment: str) -> str:
    """Return the newest offer of an enrollment."""
    query = sa.select(Offer.reference).join(Offer.request).join(ExternshipRequest.enrollment)
    query = query.where(Enrollment.reference == enrollment).order_by(Offer.id.desc())
    return db.session.scalars(query.limit(1)).one()


def placement_of(enrollment: str) -> str:
    """Return the placement of an enrollment."""
    query = sa.select(Placement.reference).join(Placement.enrollment)
    return db.session.scalars(query.where(Enrollment.reference == enrollment)).one()


def opening_of(enrollment: str) -> str:
    """Return the opening of an enrollment's newest offer."""
    query = (
        sa.select(Opening.reference)
        .join(Offer, Offer.opening_id == Opening.id)
        .where(Offer.reference == offer_of(enrollment))
    )
    return db.session.scalars(query).one()
