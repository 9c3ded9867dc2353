import pytest
from flask import Flask
from flask.ctx import AppContext

from tests.harness.cards import TimedService
from tests.harness.hooks import with_cards
from tests.harness.money import PAID


@pytest.fixture
def service(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    """The payment service of the application, in memory."""
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


@pytest.fixture
def hooked(service: TimedService, app: Flask, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    """The same, with settings under which its events are taken."""
    monkeypatch.setitem(app.extensions, "settings", with_cards(app.extensions["settings"], service.secret))
    return service
