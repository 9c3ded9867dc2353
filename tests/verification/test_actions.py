"""Issuing and revoking: a code of its own, one revocation, and both in the history."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.history.models import History, HistoryDetail
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.verification import actions, queries
from provider.verification.actions import RevokedAlready
from provider.verification.rules import IssuedKind, typed_code
from tests.harness.issued import COORDINATOR, FACTS, WHY, issue

ISSUED = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
LATER = ISSUED + dt.timedelta(days=2)
ABOUT = "E-7K2M9Q4T"


def test_a_document_is_issued_with_a_code_of_its_own_and_frozen_facts(app: Flask) -> None:
    with app.app_context():
        references = [issue(ABOUT, at=ISSUED) for _ in range(20)]
        documents = [queries.by_reference(reference) for reference in references]
        assert len({document.code for document in documents}) == 20
        assert all(typed_code(document.code) == document.code for document in documents)
        assert documents[0].facts == [list(fact) for fact in FACTS]
        assert queries.by_code(documents[3].code) is documents[3]
        assert queries.standing_about(ABOUT, IssuedKind.EXTERNSHIP_RECORD) == documents
        told = db.session.execute(
            sa.select(History.event, History.actor_reference, History.data).where(History.about == ABOUT)
        )
        data = {"kind": "externship_record"}
        assert told.all() == [("issued_document.issued", COORDINATOR.reference, data)] * 20


def test_it_is_revoked_once_and_the_reason_is_kept_apart(app: Flask) -> None:
    with app.app_context():
        reference = issue(ABOUT, at=ISSUED)
        with unit_of_work():
            document = queries.by_reference(reference)
            actions.revoke(document, reason=WHY, actor=COORDINATOR, at=LATER)
            with pytest.raises(RevokedAlready):
                actions.revoke(document, reason="Once more", actor=COORDINATOR, at=LATER + dt.timedelta(days=1))
        document = queries.by_reference(reference)
        assert (document.revoked_at, document.revoked_because, document.public_reason) == (LATER, WHY, None)
        assert queries.standing_about(ABOUT, IssuedKind.EXTERNSHIP_RECORD) == []
        (event,) = db.session.scalars(sa.select(History).filter_by(event="issued_document.revoked")).all()
        assert WHY not in str(event.data)
        assert db.session.scalars(sa.select(HistoryDetail.data).filter_by(history_id=event.id)).all() == [
            {"reason": WHY}
        ]


def test_an_unknown_reference_or_code_is_not_there(app: Flask) -> None:
    with app.app_context():
        assert queries.by_code("2" * 16) is None
        with pytest.raises(NotFound):
            queries.by_reference("VD-22222222")
