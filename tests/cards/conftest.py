import pytest
from flask import Flask
from flask.ctx import AppContext

from tests.harness.cards import TimedService
from tests.harness.money import PAID


@pytest.fixture
def service(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    """The payment service of the application, in memory."""
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made
