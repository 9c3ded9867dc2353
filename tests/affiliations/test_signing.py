import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations import agreements, queries, signing
from provider.affiliations.agreements import AgreementRefused, AgreementSigned, Paper, Terms
from provider.affiliations.models import AffiliationAgreement
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, SIGN_AGREEMENT, Period
from provider.files.actions import keep
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.tasks.models import Task
from tests.harness.sites import COORDINATOR, PDF, Supply, supply
from tests.harness.stories import token_for
from tests.harness.visitor import Page, Visitor

DAY = dt.timedelta(days=1)
OTHER_PDF = PDF + b"% Another page.\n"


def drafted(made: Supply, *, file: bytes | None = PDF) -> str:
    """Draft an agreement that begins today."""
    today = clock.now().date()
    with unit_of_work():
        kept = keep(data=file, about=made.site, actor=COORDINATOR, at=clock.now()) if file else None
        terms = Terms(Period(today, today + 365 * DAY), 30)
        site = queries.site(made.site)
        return agreements.draft(site, terms, file=kept, actor=COORDINATOR, at=clock.now()).reference


def send(made: Supply, reference: str) -> None:
    with unit_of_work():
        signing.send(
            queries.agreement(reference, lock=True),
            signer=queries.contact(made.contact),
            countersigner_name="Dana Dean",
            countersigner_email="dana@example.org",
            actor=COORDINATOR,
            at=clock.now(),
        )


def stored(reference: str) -> AffiliationAgreement:
    db.session.rollback()
    return queries.agreement(reference)


def states(reference: str) -> list[str]:
    query = sa.select(History.new_state).where(History.subject_reference == reference, History.new_state.is_not(None))
    return [str(state) for state in db.session.scalars(query.order_by(History.id))]


def letters() -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(OutboxLetter.template, OutboxLetter.recipient).order_by(OutboxLetter.id))
    return [(template, recipient) for template, recipient in rows]


def open_and_sign(app: Flask, purpose: str, reference: str, name: str, status: int = 303) -> Page:
    visitor = Visitor(app)
    visitor.get(f"/links/{token_for(app, purpose, reference)}")
    return visitor.submit({"signature": name, "read": "true"}, status)


def test_both_sign_by_link_and_both_are_told(app: Flask) -> None:
    with app.app_context():
        made = supply(agreement=None)
        reference = drafted(made)
        send(made, reference)
        signer = queries.contact(made.contact)
        name, email = signer.name, signer.email
    refused = open_and_sign(app, SIGN_AGREEMENT, reference, "Somebody Else", 422)
    assert f"Type the name of who signs: {name}." in refused.text
    with app.app_context():
        assert stored(reference).state == "sent"
    open_and_sign(app, SIGN_AGREEMENT, reference, name.upper())
    with app.app_context():
        assert not queries.covering([made.location_id])
        task = db.session.scalars(sa.select(Task).where(Task.key == f"countersign:{reference}")).one()
        assert (task.state, task.about) == ("open", made.site)
    open_and_sign(app, COUNTERSIGN_AGREEMENT, reference, "Dana Dean")
    with app.app_context():
        agreement = stored(reference)
        assert agreement.document_sha256 == agreement.file.sha256  # type: ignore[union-attr]
        assert states(reference) == ["draft", "sent", "signed", "in_force"]
        assert queries.covering([made.location_id])[made.location_id, made.program_id] == (agreement.period,)
        assert letters() == [
            ("agreement_sign", email),
            ("agreement_countersign", "dana@example.org"),
            ("agreement_in_force", "dana@example.org"),
            ("agreement_in_force", email),
        ]
        db.session.rollback()
        assert db.session.scalars(sa.select(Task.state).where(Task.key == f"countersign:{reference}")).one() == "done"
    again = Visitor(app).get(f"/links/{token_for(app, SIGN_AGREEMENT, reference)}")
    assert "Both have signed." in again.text
    assert again.all("main form") == []


def test_a_changed_file_is_signed_by_a_new_link_only(app: Flask) -> None:
    with app.app_context():
        made = supply(agreement=None)
        reference = drafted(made)
        send(made, reference)
        name = queries.contact(made.contact).name
        old = token_for(app, SIGN_AGREEMENT, reference)
    visitor = Visitor(app)
    visitor.get(f"/links/{old}")
    with app.app_context(), unit_of_work():
        at = clock.now()
        agreement = queries.agreement(reference, lock=True)
        file = keep(data=OTHER_PDF, about=made.site, actor=COORDINATOR, at=at)
        agreements.change_terms(agreement, agreements.terms_of(agreement), file=file, actor=COORDINATOR, at=at)
        signing.send_again(agreement, actor=COORDINATOR, at=at)
    answer = visitor.submit({"signature": name, "read": "true"}, 422)
    assert "this link is outdated and signs nothing" in answer.text
    assert "outdated" in Visitor(app).get(f"/links/{old}").text
    with app.app_context():
        assert stored(reference).state == "sent"
        assert states(reference) == ["draft", "sent", "draft", "sent"]
    open_and_sign(app, SIGN_AGREEMENT, reference, name)
    with app.app_context():
        assert stored(reference).state == "signed"
        terms = agreements.terms_of(stored(reference))
        with pytest.raises(AgreementSigned), unit_of_work():
            agreements.change_terms(
                queries.agreement(reference, lock=True), terms, file=None, actor=COORDINATOR, at=clock.now()
            )


def test_what_was_signed_on_paper_goes_through_every_state(app: Flask) -> None:
    with app.app_context():
        made = supply(agreement=None)
        bare, whole = drafted(made, file=None), drafted(made)
        today = clock.now().date()
        paper = Paper("Pat", today - 9 * DAY, "Dana", today - 8 * DAY)
        with pytest.raises(AgreementRefused, match="Upload the signed agreement"), unit_of_work():
            agreements.record_paper(queries.agreement(bare, lock=True), paper, actor=COORDINATOR, at=clock.now())
        ahead = Paper("Pat", today, "Dana", today + 2 * DAY)
        with pytest.raises(AgreementRefused, match="is still to come"), unit_of_work():
            agreements.record_paper(queries.agreement(whole, lock=True), ahead, actor=COORDINATOR, at=clock.now())
        with unit_of_work():
            agreements.record_paper(queries.agreement(whole, lock=True), paper, actor=COORDINATOR, at=clock.now())
        assert states(whole) == ["draft", "sent", "signed", "in_force"]
        assert (stored(whole).signature, stored(whole).countersignature) == ("Pat", "Dana")
