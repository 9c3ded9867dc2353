"""Reading issued documents."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.kernel.database import db, in_unit_of_work
from provider.kernel.errors import NotFound
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind


def by_code(code: str) -> IssuedDocument | None:
    """Return the document of a code as it is stored (``rules.typed_code``), or None."""
    return db.session.scalars(sa.select(IssuedDocument).where(IssuedDocument.code == code)).one_or_none()


def by_reference(reference: str) -> IssuedDocument:
    """Return a document, locked inside a unit of work; raises NotFound."""
    query = sa.select(IssuedDocument).where(IssuedDocument.reference == reference)
    found = db.session.scalars(query.with_for_update() if in_unit_of_work() else query).one_or_none()
    if found is None:
        raise NotFound
    return found


def of_subject(subject: str, kind: IssuedKind) -> Sequence[IssuedDocument]:
    """Return the documents of a kind that were issued of a record, the newest first."""
    query = sa.select(IssuedDocument).where(IssuedDocument.subject_reference == subject, IssuedDocument.kind == kind)
    return db.session.scalars(query.order_by(IssuedDocument.id.desc())).all()


def standing_about(about: str, kind: IssuedKind) -> list[IssuedDocument]:
    """Return the documents of a kind that stand about an enrollment, oldest first."""
    query = sa.select(IssuedDocument).where(IssuedDocument.about == about, IssuedDocument.kind == kind)
    return list(db.session.scalars(query.where(IssuedDocument.revoked_at.is_(None)).order_by(IssuedDocument.id)))
