"""Reading disclosures: those about a person, and all of them for staff."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from provider.disclosures.models import Disclosure
from provider.disclosures.rules import DisclosureKind
from provider.kernel.database import db
from provider.kernel.paging import PAGE, Page, keyset


def about(references: Collection[str]) -> Sequence[Disclosure]:
    """Return what was told about a person, given the person's own reference and those of the enrollments."""
    query = sa.select(Disclosure).where(Disclosure.about.in_(references))
    return db.session.scalars(query.order_by(Disclosure.id)).all()


def page(
    *,
    kind: DisclosureKind | None = None,
    references: Collection[str] | None = None,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> Page[Disclosure]:
    """Return a page of disclosures, newest first; of one kind, and about some references, if asked for."""
    query = sa.select(Disclosure)
    if kind is not None:
        query = query.where(Disclosure.kind == kind)
    if references is not None:
        query = query.where(Disclosure.about.in_(references))
    return keyset(query, Disclosure.id, before=before, after=after, size=size)
