"""The table of signed links as staff read it: a page at a time, however many there are."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from provider.accounts.models import EmailChange, Person, SignedLink
from provider.accounts.rules import LinkState
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import Page, keyset

LOOKED_THROUGH = 2_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to."""

    purpose: str | None = None
    state: LinkState | None = None
    subject: str | None = None

    @property
    def any(self) -> bool:
        """Say whether it is narrowed at all."""
        return bool(self.purpose or self.state or self.subject)


def by_reference(reference: str) -> SignedLink:
    """Return one link; raises NotFound."""
    link = db.session.scalar(sa.select(SignedLink).where(SignedLink.reference == reference))
    if link is None:
        raise NotFound
    return link


def staff_page(
    filters: Filters, *, purposes: Collection[str], now: dt.datetime, before: int | None, after: int | None
) -> Page[SignedLink]:
    """Return a page of links, newest first.

    Those about one record come by the index of purpose and subject. A purpose or a state is looked for among the next
    2,000 links, so that a rare one costs no walk through all of them: such a page may be short, and leads on.
    """
    wanted = _where(filters, now)
    if filters.subject:
        about = SignedLink.purpose.in_(sorted(purposes)), SignedLink.subject_reference == filters.subject
        return keyset(sa.select(SignedLink).where(*about, *wanted), SignedLink.id, before=before, after=after)
    if not wanted:
        return keyset(sa.select(SignedLink), SignedLink.id, before=before, after=after)
    return _searched(wanted, before=before, after=after)


def _where(filters: Filters, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    unused = SignedLink.used_at.is_(None) & SignedLink.revoked_at.is_(None)
    states: dict[LinkState, sa.ColumnElement[bool]] = {
        LinkState.OPEN: unused & (SignedLink.expires_at >= now),
        LinkState.EXPIRED: unused & (SignedLink.expires_at < now),
        LinkState.USED: SignedLink.used_at.is_not(None) & SignedLink.revoked_at.is_(None),
        LinkState.REVOKED: SignedLink.revoked_at.is_not(None),
    }
    wanted = [states[filters.state]] if filters.state else []
    return [*wanted, SignedLink.purpose == filters.purpose] if filters.purpose else wanted


def _searched(wanted: list[sa.ColumnElement[bool]], *, before: int | None, after: int | None) -> Page[SignedLink]:
    """Return those wanted among the next links; where the page is not full, it goes on where it stopped looking."""
    near = sa.select(SignedLink.id)
    if after is not None:
        near = near.where(SignedLink.id > after).order_by(SignedLink.id.asc())
    else:
        near = (near if before is None else near.where(SignedLink.id < before)).order_by(SignedLink.id.desc())
    seen = near.limit(LOOKED_THROUGH).subquery()
    edge = sa.func.min(seen.c.id) if after is None else sa.func.max(seen.c.id)
    looked, last = db.session.execute(sa.select(sa.func.count(seen.c.id), edge)).one()
    within = SignedLink.id >= last if after is None else SignedLink.id <= last
    found = keyset(sa.select(SignedLink).where(within, *wanted), SignedLink.id, before=before, after=after)
    if after is None:
        return Page(found.rows, _or(found.older, last, looked), found.newer)
    return Page(found.rows, found.older if found.rows else after + 1, _or(found.newer, last, looked))


def _or(found: int | None, last: int, looked: int) -> int | None:
    """Return where to go on: after the page's own rows, else where looking stopped, unless all was looked through."""
    return last if found is None and looked == LOOKED_THROUGH else found


@dataclass(frozen=True, slots=True)
class Whom:
    """The person that a link is for."""

    reference: str
    name: str
    is_staff: bool


def people_of(subjects: Collection[str]) -> dict[str, Whom]:
    """Return whom links are for, by what they are about: a person, or a change of a person's address."""
    known = (Person.reference, Person.name, Person.grants.any().label("is_staff"))
    changes = sa.select(EmailChange.reference, *known).join(Person, EmailChange.person_id == Person.id)
    rows = db.session.execute(
        sa.union_all(
            sa.select(Person.reference.label("about"), *known).where(Person.reference.in_(subjects)),
            changes.where(EmailChange.reference.in_(subjects)),
        )
    )
    return {about: Whom(reference, name, bool(is_staff)) for about, reference, name, is_staff in rows}
