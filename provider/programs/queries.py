"""Reading programs, credentials and the questions people ask."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.programs.models import Credential, FaqItem, Program, ProgramVersion, Recommendation
from provider.programs.rules import Content


def programs() -> Sequence[Program]:
    """Return every program, on sale or not, in the order of the page, each with its versions, newest first."""
    query = sa.select(Program).options(selectinload(Program.versions)).order_by(Program.position, Program.id)
    return db.session.scalars(query).all()


_PROGRAMS = table(Program).c
_CODES = sa.select(_PROGRAMS.id, _PROGRAMS.code).order_by(_PROGRAMS.position, _PROGRAMS.id)


def codes() -> dict[int, str]:
    """Return the code of every program by its id, on sale or not, in the order of the page."""
    return {program_id: code for program_id, code in db.session.execute(_CODES)}  # noqa: C416 - rows are no pairs


def program(reference: str, *, lock: bool = False) -> Program:
    """Return one program with its versions, newest first; raises NotFound."""
    query = sa.select(Program).where(Program.reference == reference).options(selectinload(Program.versions))
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def taken(*, slug: str, code: str) -> bool:
    """Say whether a program has this address or this code, in whatever case."""
    either = sa.or_(Program.slug == slug, sa.func.lower(Program.code) == code.lower())
    return db.session.scalar(sa.select(Program.id).where(either).limit(1)) is not None


def last_position() -> int:
    """Return the place of the last program on the page; 0 when there is none."""
    return db.session.scalar(sa.select(sa.func.max(Program.position))) or 0


def latest(program_id: int) -> ProgramVersion:
    """Return the version of a program that is in force; raises NotFound."""
    query = sa.select(ProgramVersion).where(ProgramVersion.program_id == program_id)
    found = db.session.scalar(query.order_by(ProgramVersion.number.desc()).limit(1))
    if found is None:
        raise NotFound
    return found


def hours_of(program_id: int) -> int:
    """Return how many hours an externship in a program takes, as its version in force says; 0 when it says nothing."""
    return content(latest(program_id)).externship_hours or 0


def content(version: ProgramVersion) -> Content:
    """Return what a version says."""
    return Content.from_json(version.content)


def credentials() -> Sequence[Credential]:
    """Return every credential with its blueprints and recommendations, newest first."""
    loaded = (selectinload(Credential.blueprints), selectinload(Credential.recommendations))
    return db.session.scalars(sa.select(Credential).options(*loaded).order_by(Credential.id)).all()


def credential_by_code(code: str) -> Credential:
    """Return one credential; raises NotFound."""
    found = db.session.scalar(sa.select(Credential).where(Credential.code == code))
    if found is None:
        raise NotFound
    return found


def recommendations() -> Sequence[Recommendation]:
    """Return every recommendation with its credential, by credential, the newest first."""
    query = sa.select(Recommendation).options(joinedload(Recommendation.credential))
    return db.session.scalars(query.order_by(Recommendation.credential_id, Recommendation.valid_from.desc())).all()


def recommendation(reference: str, *, lock: bool = False) -> Recommendation:
    """Return one recommendation with its credential; raises NotFound."""
    query = sa.select(Recommendation).where(Recommendation.reference == reference)
    query = query.options(joinedload(Recommendation.credential))
    found = db.session.scalar(query.with_for_update(of=Recommendation) if lock else query)
    if found is None:
        raise NotFound
    return found


def recommendation_on(credential_id: int, day: dt.date) -> Recommendation | None:
    """Return the recommendation that held on a day; None when none did. Of two the one that began later counts."""
    query = sa.select(Recommendation).where(
        Recommendation.credential_id == credential_id,
        Recommendation.valid_from <= day,
        sa.or_(Recommendation.valid_to.is_(None), Recommendation.valid_to >= day),
    )
    return db.session.scalars(query.order_by(Recommendation.valid_from.desc()).limit(1)).first()


def faq() -> Sequence[FaqItem]:
    """Return the questions in the order of the page."""
    return db.session.scalars(sa.select(FaqItem).order_by(FaqItem.position, FaqItem.id)).all()


def faq_by_slug(slug: str) -> FaqItem | None:
    """Return one question, or None."""
    return db.session.scalar(sa.select(FaqItem).where(FaqItem.slug == slug))
