"""Issuing documents with a code, and revoking them."""

import datetime as dt
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold, rows_changed
from provider.kernel.errors import DomainError
from provider.verification.models import IssuedDocument
from provider.verification.rules import CODE_LENGTH, ISSUED_PREFIX, IssuedKind


class RevokedAlready(DomainError):
    """A document that was revoked before."""

    code = "revoked_already"
    sentence = "This document was revoked already. The page of its code says since when."


def issue(
    *,
    kind: IssuedKind,
    subject: str,
    about: str,
    holder: str,
    title: str,
    facts: Sequence[tuple[str, str]],
    actor: Actor,
    at: dt.datetime,
) -> IssuedDocument:
    """Issue a document and return it with the code of its page.

    ``subject`` is the reference of the record it was made of, ``about`` that of the enrollment whose story tells it.
    ``facts`` are frozen with it: whoever has the code reads them, so they hold no address and no telephone number.
    """
    document = hold(
        IssuedDocument(
            reference=references.new(ISSUED_PREFIX),
            code="".join(secrets.choice(references.ALPHABET) for _ in range(CODE_LENGTH)),
            kind=kind,
            subject_reference=subject,
            about=about,
            holder=holder,
            title=title,
            facts=[list(fact) for fact in facts],
            issued_at=at,
        )
    )
    note(document, "issued_document.issued", actor=actor, at=at, about=about, data={"kind": kind.value})
    return document


def revoke(
    document: IssuedDocument, *, reason: str, actor: Actor, at: dt.datetime, public_reason: str | None = None
) -> None:
    """Stop standing by a document; its page says so from now on. Raises RevokedAlready.

    ``reason`` is for staff, ``public_reason`` what everybody with the code may read.
    """
    revoked = rows_changed(
        sa.update(IssuedDocument)
        .where(IssuedDocument.id == document.id, IssuedDocument.revoked_at.is_(None))
        .values(revoked_at=at, revoked_because=reason, public_reason=public_reason)
    )
    if revoked != 1:
        raise RevokedAlready
    db.session.refresh(document)
    note(document, "issued_document.revoked", actor=actor, at=at, about=document.about, personal={"reason": reason})
