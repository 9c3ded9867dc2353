"""Documents that a school issued, without the records they belong to, and the codes of those there are."""

import datetime as dt

import sqlalchemy as sa

from provider.kernel import references
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.verification import actions
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind, written_code

COORDINATOR = Actor(ActorKind.STAFF, "P-22222222")
FACTS = (
    ("Program", "Certified Clinical Medical Assistant"),
    ("Site", "Hudson Valley Family Clinic, Kingston, NY"),
    ("Days", "September 7, 2026 to October 16, 2026"),
    ("Hours approved", "162 h 30 min of 160 required"),
    ("Venipunctures approved", "31"),
)
WHY = "Two weeks were approved for another student of that name."
TOLD = "A corrected record was issued."


def issue(about: str, *, at: dt.datetime, holder: str = "محمد العلي") -> str:
    """Issue a record and return its reference."""
    with unit_of_work():
        return actions.issue(
            kind=IssuedKind.EXTERNSHIP_RECORD,
            subject=references.new("ER"),
            about=about,
            holder=holder,
            title="Externship record",
            facts=FACTS,
            actor=COORDINATOR,
            at=at,
        ).reference


def code(*, revoked: bool = False) -> str:
    """Return the code of a document, as it stands on paper."""
    column = IssuedDocument.revoked_at
    query = sa.select(IssuedDocument.code).where(column.is_not(None) if revoked else column.is_(None))
    found: str = db.session.scalars(query.order_by(IssuedDocument.id).limit(1)).one()
    return written_code(found)
