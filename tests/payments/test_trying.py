from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel.database import db
from provider.payments.gateway import Refused
from tests.harness.cards import TimedService
from tests.harness.money import PAID
from tests.harness.season import Season
from tests.harness.service_words import Fault
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
LIVE = {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}


@pytest.fixture
def service(school: Flask, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    made = TimedService(PAID)
    monkeypatch.setitem(school.extensions, "payment_service", made)
    return made


def keys(school: Flask, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    monkeypatch.setitem(school.extensions, "settings", replace(school.extensions["settings"], **given))


def ask(school: Flask, season: Season) -> tuple[str, str]:
    """Press the button; returns what the page says, and what history keeps."""
    admin = Visitor(school)
    sign_in(admin, season.staff[Role.ADMIN])
    admin.get("/staff/setup/cards")
    admin.post("/staff/setup/cards/question", {}, 303, token=admin.token())
    said = admin.follow().words(".said .notice")
    with school.app_context():
        row = db.session.scalars(sa.select(History).order_by(History.id.desc()).limit(1)).one()
        assert (row.event, row.actor_kind.value) == ("payment_service.asked", "staff")
        return said, row.data["answer"]


def test_a_service_that_answers_says_whose_keys_they_are(
    school: Flask, season: Season, service: TimedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(school, monkeypatch, KEYS)
    said, kept = ask(school, season)
    assert said == ("The payment service answers. The keys are for tests: no money moves; the last hour had no charge.")
    assert (kept, service.calls) == ("works", ["intents_between"])
    keys(school, monkeypatch, LIVE)
    assert "The keys are live: money moves" in ask(school, season)[0]


def test_one_that_does_not_answer_is_told_apart_from_one_that_refuses(
    school: Flask, season: Season, service: TimedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(school, monkeypatch, KEYS)
    service.fail_next(Fault.LOST_BEFORE)
    said, kept = ask(school, season)
    assert (said.startswith("The payment service did not answer: "), kept) == (True, "unreachable")

    service.fail_next(Fault.KEYS)
    said, kept = ask(school, season)
    assert said.startswith("The payment service refuses the keys: ")
    assert kept == "refused"

    def refuse(*_: object) -> None:
        raise Refused("Received unknown parameter: created")

    monkeypatch.setattr(service, "intents_between", refuse)
    said, kept = ask(school, season)
    assert said.startswith("The payment service answers and refuses the question: Received unknown parameter: created.")
    assert kept == "refused"


def test_without_keys_nothing_is_asked(school: Flask, season: Season, service: TimedService) -> None:
    said, kept = ask(school, season)
    assert said == "The keys of Stripe are not set, so there is nothing to ask."
    assert (kept, service.calls) == ("off", [])


def test_the_page_says_what_to_enter_at_stripe_and_shows_no_secret(
    school: Flask, season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(school, monkeypatch, LIVE)
    admin = Visitor(school)
    sign_in(admin, season.staff[Role.ADMIN])
    page = admin.get("/staff/setup/cards")
    events = [code.to_text() for code in page.all("main ul li code")]
    assert events == sorted(school.extensions["registry"].payment_events)
    assert {"payment_intent.succeeded", "payment_intent.payment_failed"} <= set(events)
    assert f"{school.extensions['settings'].BASE_URL}/hooks/stripe" in page.text
    assert [secret for secret in LIVE.values() if secret in page.text] == []
    assert "Students pay by card." in page.text


@pytest.mark.parametrize("role", [Role.BURSAR, Role.EDITOR])
def test_only_administrators_and_auditors_see_it(school: Flask, season: Season, role: Role) -> None:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[role])
    assert visitor.client.get("/staff/setup/cards").status_code == 403
