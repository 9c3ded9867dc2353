"""The forms about cards with every kind of bad answer; they stand only where the payment service does."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from provider.cards import saving
from provider.kernel import clock
from tests.harness.cards import STUDENT, TimedService, card_payments, enter_card
from tests.harness.money import stored
from tests.harness.room import Case
from tests.harness.season import Season
from tests.harness.service_words import GOOD
from tests.hostile.test_forms import (  # noqa: F401 - the same tests, of other forms
    test_good_answers_are_taken,
    test_whatever_is_wrong_with_a_form_is_refused_and_nothing_is_stored,
)


@pytest.fixture
def service(school: Flask) -> Iterator[TimedService]:
    """The payment service, and a moment that does not pass."""
    now = clock.now().replace(microsecond=0) + dt.timedelta(seconds=1)
    with card_payments(school, now) as made, time_machine.travel(now, tick=False):
        yield made


@pytest.fixture(params=["pay", "change"])
def case(request: pytest.FixtureRequest, school: Flask, season: Season, service: TimedService) -> Case:
    """The form to pay with a kept card, and the one to keep another."""
    reference = season["late"].enrollment
    with school.app_context():
        enter_card(service, reference, keep=True)
        if request.param == "pay":
            return Case("pay by card", "late", f"/my/enrollments/{reference}/pay")
        begun = saving.begin(enrollment_id=stored(reference).id, actor=STUDENT, now=service.at)
        service.confirm_setup(begun.client_secret.partition("_secret_")[0], GOOD)
        good = {"card": begun.reference, "keep": "true"}
        return Case("change card", "late", f"/my/enrollments/{reference}/card", good, first=True)
