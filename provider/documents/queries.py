"""Reading what programs and sites require, and how a student's documents stand to it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.documents.models import DocumentRequirement, StudentDocument
from provider.documents.rules import DocumentKind, Standing, standing
from provider.kernel.database import db


@dataclass(frozen=True, slots=True)
class Need:
    """One required document: how it stands, what its asker says of it, and the upload that speaks for it."""

    kind: DocumentKind
    standing: Standing
    remark: str | None = None
    document: StudentDocument | None = None


def standings(
    person_id: int, program_id: int, site_id: int | None, *, through: dt.date, today: dt.date
) -> tuple[Need, ...]:
    """Say how everything stands that a program asks of a person, and a site if one is named, good through a day.

    Two statements; each kind of document stands once, in the order of its name.
    """
    asked: dict[DocumentKind, str | None] = {}
    for one in _requirements(program_id, site_id):
        asked[one.kind] = asked.get(one.kind) or one.remark
    query = sa.select(StudentDocument).where(StudentDocument.person_id == person_id)
    shown = db.session.scalars(query.order_by(StudentDocument.id.desc())).all()
    return tuple(_need(kind, remark, shown, through, today) for kind, remark in asked.items())


def _requirements(program_id: int, site_id: int | None) -> Sequence[DocumentRequirement]:
    asks = sa.or_(DocumentRequirement.site_id.is_(None), DocumentRequirement.site_id == (site_id or 0))
    query = sa.select(DocumentRequirement).where(
        DocumentRequirement.ended_at.is_(None),
        asks,
        sa.or_(DocumentRequirement.program_id == program_id, DocumentRequirement.program_id.is_(None)),
    )
    return db.session.scalars(query.order_by(DocumentRequirement.kind, DocumentRequirement.id)).all()


def _need(
    kind: DocumentKind, remark: str | None, shown: Sequence[StudentDocument], through: dt.date, today: dt.date
) -> Need:
    mine = [one for one in shown if one.kind is kind]
    stands = standing(kind, [one.shown for one in mine], through=through, today=today)
    speaking = (one for one in mine if standing(kind, [one.shown], through=through, today=today) is stands)
    return Need(kind, stands, remark, next(speaking, None))
