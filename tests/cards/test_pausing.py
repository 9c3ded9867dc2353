import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.cards.models import ChargePause
from provider.cards.pausing import NothingToPause, NotPaused, PausedAlready, pause, release
from provider.cards.queries import paused
from provider.enrollments.queries import by_reference
from provider.kernel.database import db, unit_of_work
from provider.payments.actions import ReasonRefused
from tests.harness.money import BURSAR, PAID, agreed, at_once, kept, record, stored
from tests.harness.season import Season
from tests.harness.stories import sign_in, timeline
from tests.harness.visitor import Visitor

QUARTER = 52_500
REASON = "Waits for the next pay day."
HOUR = dt.timedelta(hours=1)
TOLD = "The school has paused automatic payments"


def begin(reference: str, *, reason: str = REASON, at: dt.datetime = PAID) -> None:
    with unit_of_work():
        pause(enrollment=by_reference(reference, lock=True), reason=reason, actor=BURSAR, at=at)


def end(reference: str, *, at: dt.datetime = PAID + HOUR) -> None:
    with unit_of_work():
        release(enrollment=by_reference(reference, lock=True), actor=BURSAR, at=at)


def running(reference: str) -> ChargePause | None:
    return kept(paused(stored(reference).id))


def paying() -> str:
    reference = agreed("installments")
    record(reference, QUARTER)
    return reference


def test_a_pause_lasts_until_it_is_released(context: AppContext) -> None:
    reference = paying()
    assert running(reference) is None
    begin(reference)
    found = running(reference)
    assert found is not None
    assert (found.reason, found.paused_at, found.paused_by) == (REASON, PAID, BURSAR.reference)
    end(reference)
    assert running(reference) is None


def test_history_tells_who_paused_and_who_released(context: AppContext) -> None:
    reference = paying()
    begin(reference)
    end(reference)
    told = [(row.event, row.actor_reference, row.data) for row in timeline(reference)[-2:]]
    assert told == [("charge_pause.begun", BURSAR.reference, {}), ("charge_pause.released", BURSAR.reference, {})]


def test_a_released_pause_may_be_followed_by_another(context: AppContext) -> None:
    reference = paying()
    begin(reference)
    end(reference)
    begin(reference, at=PAID + 2 * HOUR)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ChargePause)) == 2


def test_nobody_pauses_twice_or_releases_what_is_not_paused(context: AppContext) -> None:
    reference = paying()
    with pytest.raises(NotPaused):
        end(reference)
    begin(reference)
    with pytest.raises(PausedAlready):
        begin(reference)


def test_where_nothing_is_owed_there_is_nothing_to_pause(context: AppContext) -> None:
    unpaid, whole = agreed("installments"), paying()
    record(whole, 3 * QUARTER)
    for reference in (unpaid, whole):
        with pytest.raises(NothingToPause):
            begin(reference)


def test_a_reason_has_to_say_something(context: AppContext) -> None:
    with pytest.raises(ReasonRefused):
        begin(paying(), reason=" ok ")


def test_two_who_pause_at_once_pause_once(app: Flask, context: AppContext) -> None:
    reference = paying()
    found = at_once(app, *[lambda: begin(reference)] * 4)
    assert sorted(type(one).__name__ for one in found) == ["NoneType", *["PausedAlready"] * 3]


def test_the_student_reads_that_it_is_paused_and_not_why(school: Flask, season: Season) -> None:
    student = Visitor(school)
    sign_in(student, season["late"].email)
    page = student.get(f"/my/enrollments/{season['late'].enrollment}")
    assert (TOLD in page.text, "next pay day" in page.text) == (True, False)
    other = Visitor(school)
    sign_in(other, season["paying"].email)
    assert TOLD not in other.get(f"/my/enrollments/{season['paying'].enrollment}").text


def test_staff_read_since_when_and_why_and_let_it_go_on(school: Flask, season: Season) -> None:
    bursar = Visitor(school)
    sign_in(bursar, season.staff[Role.BURSAR])
    here = f"/staff/enrollments/{season['late'].enrollment}"
    page = bursar.get(here)
    assert "Automatic payments are paused" in page.text
    assert "Asked by telephone for two weeks until the next pay day." in page.text
    bursar.client.post(f"{here}/automatic-payments/release", data={"csrf_token": bursar.token()})
    assert "Automatic payments are paused" not in bursar.get(here).text
