"""Reading sites with what belongs to them, openings, and which days of a location agreements cover."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from provider.accounts.models import SignedLink
from provider.affiliations.models import (
    AffiliationAgreement,
    AgreementLocation,
    AgreementProgram,
    Opening,
    Site,
    SiteContact,
    SiteLocation,
    SiteProgram,
)
from provider.affiliations.rules import (
    OFFER_PLACES,
    SIGNED_BY_BOTH,
    AgreementState,
    OpeningState,
    Period,
    SiteState,
    covers,
)
from provider.kernel.database import Model, db, in_unit_of_work, table
from provider.kernel.errors import NotFound
from provider.programs import queries as programs
from provider.programs.models import Program

M = TypeVar("M", bound=Model)
AT_A_TIME = 10_000
_A, _AL, _AP = table(AffiliationAgreement).c, table(AgreementLocation).c, table(AgreementProgram).c
_L = table(SiteLocation).c
_WHOLE_OPENING: tuple[ORMOption, ...] = (
    joinedload(Opening.location, innerjoin=True).joinedload(SiteLocation.site, innerjoin=True),
    joinedload(Opening.program, innerjoin=True).selectinload(Program.versions),
    joinedload(Opening.preceptor, innerjoin=True),
)


def site(reference: str, *, lock: bool = False) -> Site:
    """Return one site with its locations and contacts; raises NotFound."""
    query = sa.select(Site).where(Site.reference == reference)
    query = query.options(selectinload(Site.locations), selectinload(Site.contacts))
    return _one(query, Site, lock=lock)


def location(reference: str, *, lock: bool = False) -> SiteLocation:
    """Return one location with its site; raises NotFound."""
    query = sa.select(SiteLocation).where(SiteLocation.reference == reference)
    query = query.options(joinedload(SiteLocation.site, innerjoin=True))
    return _one(query, SiteLocation, lock=lock)


def contact(reference: str, *, lock: bool = False) -> SiteContact:
    """Return one contact with the site; raises NotFound."""
    query = sa.select(SiteContact).where(SiteContact.reference == reference)
    query = query.options(joinedload(SiteContact.site, innerjoin=True))
    return _one(query, SiteContact, lock=lock)


def agreement(reference: str, *, lock: bool = False) -> AffiliationAgreement:
    """Return one agreement with its site, file and signer; raises NotFound."""
    query = sa.select(AffiliationAgreement).where(AffiliationAgreement.reference == reference)
    query = query.options(
        joinedload(AffiliationAgreement.site, innerjoin=True),
        joinedload(AffiliationAgreement.file),
        joinedload(AffiliationAgreement.signer),
    )
    return _one(query, AffiliationAgreement, lock=lock)


def opening(reference: str, *, lock: bool = False) -> Opening:
    """Return one opening with location, site, program (and its versions) and preceptor; raises NotFound."""
    query = sa.select(Opening).where(Opening.reference == reference).options(*_WHOLE_OPENING)
    return _one(query, Opening, lock=lock)


def openings_by_id(ids: Collection[int]) -> dict[int, Opening]:
    """Return openings by their ids, each as whole as `opening` returns it."""
    found = db.session.scalars(sa.select(Opening).where(Opening.id.in_(ids)).options(*_WHOLE_OPENING)).all()
    return {one.id: one for one in found}


def openings_of(site_id: int, *, most: int | None = None) -> Sequence[Opening]:
    """Return the openings of a site, those that end last first; all, or as many as are asked for."""
    query = sa.select(Opening).join(Opening.location).where(SiteLocation.site_id == site_id)
    query = query.order_by(Opening.last_on.desc(), Opening.id.desc()).limit(most)
    return db.session.scalars(query.options(*_WHOLE_OPENING)).all()


def open_at(location_ids: Collection[int]) -> Sequence[Opening]:
    """Return the open openings at some locations, each held until the end of the unit of work."""
    query = sa.select(Opening).where(Opening.location_id.in_(location_ids), Opening.state == OpeningState.OPEN)
    return db.session.scalars(query.order_by(Opening.id).with_for_update(of=Opening)).all()


def possibly_past(*, on: dt.date) -> Sequence[Opening]:
    """Return the open openings whose last day is over somewhere on a day in UTC, each held; a day on neither side."""
    query = sa.select(Opening).where(Opening.state == OpeningState.OPEN, Opening.last_on <= on)
    query = query.options(joinedload(Opening.location, innerjoin=True).joinedload(SiteLocation.site, innerjoin=True))
    return db.session.scalars(query.order_by(Opening.id).with_for_update(of=Opening)).all()


def agreements_of(site_id: int) -> Sequence[AffiliationAgreement]:
    """Return the agreements with a site, the newest first, each with its file and signer."""
    query = sa.select(AffiliationAgreement).where(AffiliationAgreement.site_id == site_id)
    query = query.options(joinedload(AffiliationAgreement.file), joinedload(AffiliationAgreement.signer))
    return db.session.scalars(query.order_by(AffiliationAgreement.id.desc())).all()


def programs_taken(site_id: int) -> tuple[int, ...]:
    """Return the ids of the programs whose students a site takes."""
    query = sa.select(SiteProgram.program_id).where(SiteProgram.site_id == site_id).order_by(SiteProgram.program_id)
    return tuple(db.session.scalars(query))


def scope_locations(agreement: AffiliationAgreement) -> Sequence[SiteLocation]:
    """Return the locations that an agreement is for."""
    query = sa.select(SiteLocation).where(SiteLocation.site_id == agreement.site_id).order_by(SiteLocation.id)
    if not agreement.all_locations:
        named = sa.select(AgreementLocation.location_id).where(AgreementLocation.agreement_id == agreement.id)
        query = query.where(SiteLocation.id.in_(named))
    return db.session.scalars(query).all()


def scope_programs(agreement: AffiliationAgreement) -> tuple[int, ...]:
    """Return the ids of the programs that an agreement is for; none means all of them."""
    if agreement.all_programs:
        return ()
    query = sa.select(AgreementProgram.program_id).where(AgreementProgram.agreement_id == agreement.id)
    return tuple(db.session.scalars(query.order_by(AgreementProgram.program_id)))


def covered(opening: Opening, period: Period) -> bool:
    """Say whether agreements are in force for an opening's location and program on each day of a period (R17).

    In a unit of work the agreements are held until its end, so that none can be ended meanwhile.
    """
    key = (opening.location_id, opening.program_id)
    return covers(covering([opening.location_id]).get(key, ()), period)


def covering(location_ids: Collection[int] | None = None) -> Mapping[tuple[int, int], tuple[Period, ...]]:
    """Return the days that signed agreements cover, by location and program; of every location when none are named.

    Two statements, and one more for each further ten thousand locations. A pair without any agreement is left out.
    """
    every = tuple(programs.codes())
    found: defaultdict[tuple[int, int], list[Period]] = defaultdict(list)
    for query in _covering(location_ids):
        for location_id, program_id, first_on, last_on, terminated_on in db.session.execute(query):
            period = Period(first_on, terminated_on or last_on)
            for covered_id in every if program_id is None else (program_id,):
                found[location_id, covered_id].append(period)
    return {pair: tuple(periods) for pair, periods in found.items()}


def _covering(location_ids: Collection[int] | None) -> Iterator[sa.Select[Any]]:
    joined = (
        table(SiteLocation)
        .join(table(AffiliationAgreement), _A.site_id == _L.site_id)
        .outerjoin(table(AgreementLocation), sa.and_(_AL.agreement_id == _A.id, _AL.location_id == _L.id))
        .outerjoin(table(AgreementProgram), _AP.agreement_id == _A.id)
    )
    query = (
        sa.select(_L.id, _AP.program_id, _A.first_on, _A.last_on, _A.terminated_on)
        .select_from(joined)
        .where(_A.state.in_(SIGNED_BY_BOTH), _A.countersigned_at.is_not(None))
        .where(sa.or_(_A.all_locations, _AL.location_id.is_not(None)))
        .where(sa.or_(_A.all_programs, _AP.program_id.is_not(None)))
        .order_by(_A.id)
    )
    if in_unit_of_work():
        query = query.with_for_update(read=True, of=table(AffiliationAgreement))
    if location_ids is None:
        yield query
        return
    ids = sorted(set(location_ids))
    for start in range(0, len(ids), AT_A_TIME):
        yield query.where(_L.id.in_(ids[start : start + AT_A_TIME]))


def site_named(name: str) -> Site | None:
    """Return the site of a name, in whatever case, with its locations and contacts as they are now, or None."""
    query = sa.select(Site).where(sa.func.lower(Site.name) == sa.func.lower(name))
    query = query.options(selectinload(Site.locations), selectinload(Site.contacts))
    return db.session.scalar(query.execution_options(populate_existing=True))


def supervises_open(contact_id: int) -> bool:
    """Say whether a contact is the preceptor of an open opening."""
    query = sa.select(Opening.id).where(Opening.preceptor_id == contact_id, Opening.state == OpeningState.OPEN)
    return db.session.scalar(query.limit(1)) is not None


def name_taken(name: str, *, but: int | None = None) -> bool:
    """Say whether another site has this name, in whatever case."""
    query = sa.select(Site.id).where(sa.func.lower(Site.name) == sa.func.lower(name), Site.id != (but or 0))
    return db.session.scalar(query.limit(1)) is not None


def ending_by(day: dt.date, *, lock: bool = False) -> Sequence[AffiliationAgreement]:
    """Return the agreements in force that end until a day, with site and signer, each held if they are to be ended."""
    until = sa.func.coalesce(AffiliationAgreement.terminated_on, AffiliationAgreement.last_on)
    query = sa.select(AffiliationAgreement).where(AffiliationAgreement.state == AgreementState.IN_FORCE, until <= day)
    query = query.options(
        joinedload(AffiliationAgreement.site, innerjoin=True), joinedload(AffiliationAgreement.signer)
    ).order_by(AffiliationAgreement.id)
    return db.session.scalars(query.with_for_update(of=AffiliationAgreement) if lock else query).all()


def signing_contact(site_id: int) -> SiteContact | None:
    """Return who signs for a site and is there, the first who was added; None when nobody does."""
    query = sa.select(SiteContact).where(
        SiteContact.site_id == site_id, SiteContact.signs, SiteContact.left_at.is_(None)
    )
    return db.session.scalar(query.order_by(SiteContact.id).limit(1))


def open_links(contacts: Collection[str], *, now: dt.datetime) -> dict[str, dt.datetime]:
    """Return until when contacts hold an open link to offer places, by their references."""
    query = sa.select(SignedLink.subject_reference, SignedLink.expires_at).where(
        SignedLink.purpose == OFFER_PLACES,
        SignedLink.subject_reference.in_(contacts),
        SignedLink.revoked_at.is_(None),
        SignedLink.expires_at >= now,
    )
    return {reference: expires_at for reference, expires_at in db.session.execute(query)}  # noqa: C416 - rows


def at_sites(references: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return, for contacts and agreements among some references, whom they name and the site they belong to."""
    people = sa.select(SiteContact.reference, SiteContact.name, Site.reference).join(SiteContact.site)
    signed = sa.select(AffiliationAgreement.reference, Site.name, Site.reference).join(AffiliationAgreement.site)
    both = people.where(SiteContact.reference.in_(references)).union_all(
        signed.where(AffiliationAgreement.reference.in_(references))
    )
    return {reference: (name, site) for reference, name, site in db.session.execute(both)}


def takes_students(opening: Opening) -> bool:
    """Say whether an opening, its location and its site are all open."""
    states = (opening.location.state, opening.location.site.state)
    return opening.state is OpeningState.OPEN and all(state is SiteState.OPEN for state in states)


def _one(query: sa.Select[M], model: type[M], *, lock: bool) -> M:
    if lock:
        query = query.with_for_update(of=model).execution_options(populate_existing=True)
    row = db.session.scalar(query)
    if row is None:
        raise NotFound
    return row
