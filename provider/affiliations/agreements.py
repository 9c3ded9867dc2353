"""The way of an affiliation agreement: drafted, sent, signed by both, or signed on paper and recorded."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from provider.affiliations import queries
from provider.affiliations.models import AffiliationAgreement, AgreementLocation, AgreementProgram, Site
from provider.affiliations.rules import AGREEMENT_LIFECYCLE, AGREEMENT_PREFIX, ONE_DAY, AgreementState, Period
from provider.files.models import File
from provider.history.actions import born, difference, move, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert
from provider.kernel.days import day_of, start_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings


class AgreementRefused(DomainError):
    """What was written of an agreement cannot be; the sentence says why."""

    status = 422
    code = "agreement_refused"


class AgreementSigned(DomainError):
    """Somebody wanted to change what was signed."""

    code = "agreement_signed"
    sentence = "This agreement was signed, so its terms stay as they are. End it, or add a renewal."


@dataclass(frozen=True, slots=True)
class Terms:
    """What an agreement says; no locations or programs named means all of them."""

    period: Period
    notice_days: int
    location_ids: tuple[int, ...] = ()
    program_ids: tuple[int, ...] = ()
    school_name: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """Who signed on paper, and on which days."""

    signed_by: str
    signed_on: dt.date
    countersigned_by: str
    countersigned_on: dt.date


def draft(
    site: Site,
    terms: Terms,
    *,
    actor: Actor,
    at: dt.datetime,
    file: File | None = None,
    renews: AffiliationAgreement | None = None,
) -> AffiliationAgreement:
    """Draft an agreement with a site, or the renewal of one; raises AgreementRefused. ``site`` has its locations."""
    _check_terms(site, terms)
    if renews is not None and renews.site_id != site.id:
        raise AgreementRefused("The agreement to renew is one with another site.")
    agreement = AffiliationAgreement(
        reference=references.new(AGREEMENT_PREFIX),
        site_id=site.id,
        renews_id=renews.id if renews else None,
        state=AgreementState.DRAFT,
        created_at=at,
        **_columns(terms),
    )
    agreement.file = file
    db.session.add(agreement)
    db.session.flush()
    _write_scope(agreement, terms)
    data = {"renews": renews.reference} if renews else None
    born(agreement, actor=actor, at=at, about=site.reference, data=data)
    return queries.agreement(agreement.reference)


def change_terms(
    agreement: AffiliationAgreement, terms: Terms, *, file: File | None, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Change a draft, and its file when one is given; raises AgreementSigned and AgreementRefused.

    One that was sent becomes a draft again: the link that went out says so.
    """
    if agreement.state not in {AgreementState.DRAFT, AgreementState.SENT}:
        raise AgreementSigned
    site = queries.site(agreement.site.reference)
    _check_terms(site, terms)
    old, new = _in_words(terms_of(agreement)), _in_words(terms)
    data = difference(old, new)
    if file is not None and (agreement.file is None or file.sha256 != agreement.file.sha256):
        agreement.file = file
        data = data | {"file": file.reference}
    if not data:
        return agreement
    if agreement.state is AgreementState.SENT:
        move(agreement, AgreementState.DRAFT, AGREEMENT_LIFECYCLE, actor=actor, at=at, about=site.reference)
    for name, value in _columns(terms).items():
        setattr(agreement, name, value)
    _write_scope(agreement, terms)
    note(agreement, "affiliation_agreement.changed", actor=actor, at=at, about=site.reference, data=data)
    db.session.flush()
    return agreement


def record_paper(
    agreement: AffiliationAgreement, paper: Paper, *, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Record that both signed a draft elsewhere, with the scanned file; all states are gone through in history.

    Raises AgreementRefused without a file or with days to come. ``agreement`` is locked and has its site and file.
    """
    if agreement.state is not AgreementState.DRAFT:
        AGREEMENT_LIFECYCLE.check(agreement.state, AgreementState.SENT)
    if agreement.file is None:
        raise AgreementRefused("Upload the signed agreement as a PDF first.")
    zone = settings().SCHOOL_ZONE
    latest = max(paper.signed_on, paper.countersigned_on)
    if latest > day_of(at, zone):
        raise AgreementRefused(f"{written(latest)} is still to come. Write the days on which both signed.")
    agreement.document_sha256 = agreement.file.sha256
    agreement.sent_at = at
    agreement.signature, agreement.signed_at = paper.signed_by, start_of(paper.signed_on, zone)
    agreement.countersignature = paper.countersigned_by
    agreement.countersigned_at = start_of(paper.countersigned_on, zone)
    for state in (AgreementState.SENT, AgreementState.SIGNED, AgreementState.IN_FORCE):
        data = {"elsewhere": True}
        move(agreement, state, AGREEMENT_LIFECYCLE, actor=actor, at=at, about=agreement.site.reference, data=data)
    return agreement


def terms_of(agreement: AffiliationAgreement) -> Terms:
    """Return what an agreement says."""
    locations = () if agreement.all_locations else tuple(one.id for one in queries.scope_locations(agreement))
    return Terms(
        Period(agreement.first_on, agreement.last_on),
        agreement.notice_days,
        locations,
        queries.scope_programs(agreement),
        agreement.school_name,
    )


def next_first(agreement: AffiliationAgreement) -> dt.date:
    """Return the first day of a renewal: the one after the last of what it renews."""
    return agreement.until + ONE_DAY


def _check_terms(site: Site, terms: Terms) -> None:
    if terms.period.last_on < terms.period.first_on:
        raise AgreementRefused("The last day lies before the first. Write them the other way round.")
    if not set(terms.location_ids) <= {location.id for location in site.locations}:
        raise AgreementRefused("Choose from the locations of this site.")


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        **asdict(terms.period),
        "notice_days": terms.notice_days,
        "all_locations": not terms.location_ids,
        "all_programs": not terms.program_ids,
        "school_name": terms.school_name or settings().SCHOOL_NAME,
    }


def _write_scope(agreement: AffiliationAgreement, terms: Terms) -> None:
    db.session.execute(sa.delete(AgreementLocation).where(AgreementLocation.agreement_id == agreement.id))
    db.session.execute(sa.delete(AgreementProgram).where(AgreementProgram.agreement_id == agreement.id))
    for location_id in sorted(set(terms.location_ids)):
        insert(AgreementLocation, agreement_id=agreement.id, location_id=location_id)
    for program_id in sorted(set(terms.program_ids)):
        insert(AgreementProgram, agreement_id=agreement.id, program_id=program_id)


def _in_words(terms: Terms) -> dict[str, Any]:
    return _columns(terms) | {"locations": sorted(terms.location_ids), "programs": sorted(terms.program_ids)}
