"""Asking for an externship: who may, once, with which wishes, and where the documents put the request."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from flask.ctx import AppContext

from provider.clocks.rules import ClockState
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments import queries as enrollments
from provider.externships import queries, requests
from provider.externships.requests import AskedAlready, NoAccount, NotEligible, ReasonRefused, WishesFixed
from provider.externships.rules import RequestState
from provider.externships.wishes import WishRefused
from provider.kernel.database import db, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from tests.harness.externs import (
    ASKED,
    COORDINATOR,
    STUDENT,
    WISHES,
    active,
    ask,
    asked,
    bring,
    check,
    clock_of,
    complete,
    graduate,
    look,
    pauses_of,
    request,
    require,
)
from tests.harness.money import agreed, letters, record
from tests.harness.stories import timeline

DAY = dt.timedelta(days=1)
TB, FLU = DocumentKind.TB, DocumentKind.INFLUENZA


def test_a_graduate_asks_and_is_looked_for_at_once(context: AppContext) -> None:
    enrollment = graduate()
    found = request(ask(enrollment))
    assert (found.state, found.asked_at, found.miles, found.missing_since) == (RequestState.READY, ASKED, 50, None)
    assert found.point is not None
    assert round(found.point.latitude) == 41
    events = [one.event for one in timeline(enrollment) if one.subject_kind == "externship_request"]
    assert events == ["externship_request.requested", "externship_request.ready"]
    (letter,) = letters(enrollment, "externship_asked")
    assert (letter.mailbox, letter.values["due_on"], letter.values["missing"]) == ("externship", "2027-04-02", [])


def test_with_documents_missing_the_clock_waits_from_the_first_instant(context: AppContext) -> None:
    require("ccma", TB, FLU)
    reference = asked()
    found, clock = request(reference), clock_of(reference)
    assert (found.state, found.missing_since) == (RequestState.DOCUMENTS, ASKED)
    assert clock.state is ClockState.PAUSED
    assert pauses_of(reference) == [("documents_missing", ASKED, None)]


def test_nobody_asks_before_completing_without_a_reason_of_staff(context: AppContext) -> None:
    enrollment = active()
    with pytest.raises(NotEligible, match="as soon as you have completed"):
        ask(enrollment)
    with pytest.raises(ReasonRefused):
        ask(enrollment, early_reason="soon", actor=COORDINATOR)
    found = request(ask(enrollment, early_reason="The only place of this year begins next week.", actor=COORDINATOR))
    assert found.early_reason == "The only place of this year begins next week."
    assert letters(enrollment, "externship_asked")[0].values["early"] is True


def test_a_reason_is_kept_only_where_it_was_needed(context: AppContext) -> None:
    found = request(ask(graduate(), early_reason="The student asked by telephone.", actor=COORDINATOR))
    assert found.early_reason is None


def test_an_early_reason_opens_no_other_door(context: AppContext) -> None:
    unpaid = agreed()
    with pytest.raises(NotEligible, match="once you have paid"):
        ask(unpaid, early_reason="The only place of this year begins next week.")


def test_without_an_account_nobody_asks(context: AppContext) -> None:
    enrollment = agreed()
    record(enrollment, 189_900)
    complete(enrollment)
    with pytest.raises(NoAccount):
        ask(enrollment)


def test_the_second_request_is_led_to_the_first(context: AppContext) -> None:
    enrollment = graduate()
    first = ask(enrollment)
    with pytest.raises(AskedAlready) as refusal:
        ask(enrollment)
    assert refusal.value.reference == first


def test_an_unknown_zip_is_taken_and_has_no_point(context: AppContext) -> None:
    reference = asked(zip="99999")
    assert request(reference).point is None
    assert letters(request(reference).enrollment.reference, "externship_asked")[0].values["located"] is False


@pytest.mark.parametrize(
    "wished, field",
    [
        ({"miles": 0}, "miles"),
        ({"miles": 251}, "miles"),
        ({"weekdays": 0}, "weekdays"),
        ({"until_minute": 480}, "until_minute"),
        ({"earliest_on": ASKED.date() - DAY}, "earliest_on"),
        ({"earliest_on": ASKED.date() + 367 * DAY}, "earliest_on"),
        ({"locations": ("LO-22222222",)}, "locations"),
        ({"locations": ("LO-22222222", "LO-22222222")}, "locations"),
    ],
)
def test_a_wish_that_cannot_be_kept_is_named(context: AppContext, wished: dict[str, Any], field: str) -> None:
    enrollment = graduate()
    with pytest.raises(WishRefused) as refusal:
        ask(enrollment, **wished)
    assert refusal.value.field == field
    assert queries.open_of(enrollments.by_reference(enrollment).id) is None


def test_wishes_change_as_long_as_nothing_is_offered(context: AppContext) -> None:
    reference = asked()
    with unit_of_work():
        found = queries.by_reference(reference)
        requests.change(request=found, wanted=replace(WISHES, miles=80, zip="00901"), actor=STUDENT, at=ASKED + DAY)
    found = request(reference)
    assert (found.miles, found.zip) == (80, "00901")
    assert found.point is not None
    assert round(found.point.latitude) == 18
    event = timeline(found.enrollment.reference)[-1]
    assert (event.event, event.data) == ("externship_request.changed", {"fields": ["miles", "zip"]})
    with unit_of_work():
        offered = queries.by_reference(reference, lock=True)
        requests.step(offered, RequestState.OFFERED, actor=COORDINATOR, at=ASKED + DAY)
    with pytest.raises(WishesFixed), unit_of_work():
        requests.change(request=queries.by_reference(reference), wanted=WISHES, actor=STUDENT, at=ASKED + 2 * DAY)


def test_an_earliest_day_that_is_over_may_stay(context: AppContext) -> None:
    reference, later = asked(), ASKED + 30 * DAY
    with unit_of_work():
        wanted = replace(WISHES, miles=30)
        requests.change(request=queries.by_reference(reference), wanted=wanted, actor=STUDENT, at=later)
    assert (request(reference).earliest_on, request(reference).miles) == (WISHES.earliest_on, 30)


def test_documents_on_their_way_to_ready(context: AppContext) -> None:
    require("ccma", TB, FLU)
    reference = asked()
    enrollment = request(reference).enrollment.reference
    bring(enrollment, TB, at=ASKED + DAY)
    assert request(reference).missing_since == ASKED, "one of two is still missing"
    uploaded = bring(enrollment, FLU, at=ASKED + 2 * DAY, state=DocumentState.UPLOADED)
    found = request(reference)
    assert (found.state, found.missing_since) == (RequestState.DOCUMENTS, None)
    assert clock_of(reference).state is ClockState.RUNNING, "checking is the school's time"
    check(uploaded, DocumentState.REFUSED, at=ASKED + 3 * DAY)
    assert request(reference).missing_since == ASKED + 3 * DAY
    bring(enrollment, FLU, at=ASKED + 4 * DAY)
    assert request(reference).state is RequestState.READY
    assert pauses_of(reference) == [
        ("documents_missing", ASKED, ASKED + 2 * DAY),
        ("documents_missing", ASKED + 3 * DAY, ASKED + 4 * DAY),
    ]
    assert clock_of(reference).due_on == dt.date(2027, 4, 5), "60 days, and the three that documents were missing"


def test_what_expires_sends_a_ready_request_back(context: AppContext) -> None:
    require("ccma", TB)
    enrollment = graduate()
    document = bring(enrollment, TB, at=ASKED, expires_on=(ASKED + 9 * DAY).date())
    reference = ask(enrollment)
    look(reference, at=ASKED + 9 * DAY)
    assert request(reference).state is RequestState.READY, "the last day counts whole"
    check(document, DocumentState.EXPIRED, at=ASKED + 10 * DAY)
    found = request(reference)
    assert (found.state, found.missing_since) == (RequestState.DOCUMENTS, ASKED + 10 * DAY)


def test_a_request_with_an_offer_is_left_where_it_is(context: AppContext) -> None:
    reference = asked()
    with unit_of_work():
        requests.step(queries.by_reference(reference, lock=True), RequestState.OFFERED, actor=COORDINATOR, at=ASKED)
    require("ccma", TB)
    look(reference, at=ASKED + DAY)
    assert (request(reference).state, request(reference).missing_since) == (RequestState.OFFERED, None)


def test_no_step_leads_past_the_lifecycle(context: AppContext) -> None:
    reference = asked()
    with pytest.raises(IllegalTransition), unit_of_work():
        requests.step(queries.by_reference(reference, lock=True), RequestState.RUNNING, actor=COORDINATOR, at=ASKED)
    db.session.rollback()
    assert request(reference).state is RequestState.READY
