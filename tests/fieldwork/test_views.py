"""The pages of hours and procedures: the student's, the preceptor's behind a link, and those of staff."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork.approving import Verdict
from provider.fieldwork.handlers import look_at_weeks
from provider.fieldwork.weeks import WEEK_LINK
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.tasks.models import Task
from tests.harness.placed import (
    MONDAY,
    NEXT_MONDAY,
    Placed,
    answer,
    at,
    do,
    enter,
    hours,
    let_in,
    placed,
    procedures,
    send,
    sent_weeks,
)
from tests.harness.stories import sign_in, staff, timeline, token_for
from tests.harness.visitor import Page, Visitor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
HOURS, PROCEDURES = "/my/externship/hours", "/my/externship/procedures"
DAY = dt.timedelta(days=1)
ENTRY = {"day_on": "2026-11-16", "begins": "08:00", "ends": "16:30", "break_minutes": "30", "remark": "Twelve draws"}
DONE = {"kind": "venipuncture", "number": "12", "day_on": "2026-11-16", "remark": ""}
Visitors = Callable[[], Visitor]


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with time_machine.travel(at(MONDAY, "20:00"), tick=False):
        yield


@pytest.fixture
def who(app: Flask) -> Placed:
    with app.app_context():
        return placed()


@pytest.fixture
def student(app: Flask, visitor: Visitor, who: Placed) -> Visitor:
    return let_in(app, visitor, who)


def stored(app: Flask, who: Placed) -> list[tuple[str, int | None, str | None]]:
    with app.app_context():
        return [(one.state.value, one.minutes, one.remark) for one in hours(who)]


def test_a_day_is_entered_without_scripts_and_stands_on_the_page(app: Flask, student: Visitor, who: Placed) -> None:
    student.get(HOURS)
    page = _enter(student, ENTRY)
    assert "November 16, 2026 is entered." in page.words()
    assert "8:00 AM to 4:30 PM, 30 min break: 8 h" in page.words("#week ~ .entries")
    assert stored(app, who) == [("entered", 480, "Twelve draws")]


def _form(page: Page, action: str) -> int:
    forms = [one for one in page.all("main form") if one.attrs.get("method", "").lower() == "post"]
    return next(number for number, one in enumerate(forms) if one.attrs.get("action") == action)


def _enter(student: Visitor, values: dict[str, str], status: int = 303) -> Page:
    assert student.page is not None
    return student.submit(values, status, form=_form(student.page, HOURS))


def test_the_clock_takes_a_student_in_and_out(app: Flask, visitor: Visitor, who: Placed) -> None:
    with time_machine.travel(at(MONDAY, "08:00"), tick=False):
        student = let_in(app, visitor, who)
        page = student.get(HOURS)
        page = student.submit({}, form=_form(page, f"{HOURS}/clock-in"))
        assert "Since November 16, 2026, 8:00:00 AM EST." in page.words()
    with time_machine.travel(at(MONDAY, "16:30"), tick=False):
        page = student.get(HOURS)
        page = student.submit({"rest": "30", "note": "Calm"}, form=_form(page, f"{HOURS}/clock-out"))
    assert stored(app, who) == [("entered", 480, "Calm")]
    assert "You are clocked out." in page.words()


def test_the_same_form_sent_twice_is_one_entry_with_the_same_answer(app: Flask, student: Visitor, who: Placed) -> None:
    page = student.get(HOURS)
    form = next(one for one in page.all("main form") if one.attrs.get("action") == HOURS)
    fields = {one.attrs["name"]: one.attrs.get("value", "") for one in form.query("input") if "name" in one.attrs}
    values = fields | ENTRY
    first = student.client.post(HOURS, data=values)
    second = student.client.post(HOURS, data=values)
    assert [(one.status_code, one.headers["Location"]) for one in (first, second)] == [
        (303, first.headers["Location"])
    ] * 2
    assert len(stored(app, who)) == 1


@pytest.mark.parametrize(
    "changed, field, words",
    [
        ({"remark": "Mr. Smith, left arm"}, "remark", "“Mr. Smith” looks like a person’s name."),
        ({"ends": "23:00"}, "_schema", "This lies in the future."),
        ({"ends": "half past four"}, "ends", "Write the time of day, like 08:30 or 16:45."),
        ({"begins": "08:00+05:00"}, "begins", "Write the time of day, like 08:30 or 16:45."),
        ({"day_on": "16 Nov"}, "day_on", "Write the date, like 2026-11-21."),
        ({"break_minutes": "many"}, "break_minutes", "Write the minutes of your break as a whole number"),
        ({"break_minutes": "510"}, "_schema", "must be at least a minute more than the break"),
    ],
)
def test_what_is_refused_loses_nothing_that_was_typed(
    app: Flask, student: Visitor, who: Placed, changed: dict[str, str], field: str, words: str
) -> None:
    student.get(HOURS)
    page = _enter(student, ENTRY | changed, 422)
    assert words in page.errors[field][0]
    typed = {name: page.all(f"[name={name}]")[-1] for name in ENTRY}
    kept = {
        name: one.to_text().strip() if one.name == "textarea" else one.attrs.get("value") for name, one in typed.items()
    }
    assert kept == ENTRY | changed
    assert stored(app, who) == []


def test_procedures_are_entered_and_count_once_approved(app: Flask, student: Visitor, who: Placed) -> None:
    page = student.get(PROCEDURES)
    page = student.submit(DONE, form=_form(page, PROCEDURES))
    assert "12 × Venipuncture on November 16, 2026 entered." in page.words()
    assert "Venipuncture: 0 of 30 , 30 missing (12 not approved yet)" in page.words(".cards")
    with app.app_context():
        answer(send(who))
    page = student.get(PROCEDURES)
    assert "Venipuncture: 12 of 30 , 18 missing" in page.words(".cards")
    assert "Only a training program that the State of California has approved counts" in page.words(".cards")
    page = student.submit(DONE | {"remark": "MRN 4471"}, 422, form=_form(page, PROCEDURES))
    assert "looks like a record number" in page.errors["remark"][0]


def test_what_came_back_is_corrected_and_sent_again(app: Flask, student: Visitor, who: Placed) -> None:
    with app.app_context():
        entry, done = enter(who), do(who)
        answer(send(who, when=clock.now()), {entry: Verdict(0, "You left at noon."), done: Verdict(0, "Only three.")})
    page = student.get(HOURS)
    assert "“You left at noon.”" in page.words()
    student.get(f"{HOURS}/{entry}")
    page = student.submit({"ends": "12:00", "break_minutes": "0"})
    assert "The day is corrected." in page.words()
    student.get(f"{PROCEDURES}/{done}")
    student.submit({"number": "3"})
    page = student.get(HOURS)
    student.submit({}, form=_form(page, "/my/externship/weeks"))
    with app.app_context():
        assert [(one.state.value, one.minutes) for one in hours(who)] == [("submitted", 240)]
        assert [(one.state.value, one.number) for one in procedures(who)] == [("submitted", 3)]
        assert [week.number for week in sent_weeks(who)] == [2, 1]


def test_what_nobody_saw_is_taken_away_and_what_was_sent_is_not(app: Flask, student: Visitor, who: Placed) -> None:
    with app.app_context():
        entry, done = enter(who), do(who)
    for path, reference in ((HOURS, entry), (PROCEDURES, done)):
        page = student.get(f"{path}/{reference}")
        page = student.submit({}, form=_form(page, f"{path}/{reference}/removal"))
        assert "The entry is taken away." in page.words()
    with app.app_context():
        entry = enter(who)
        send(who)
    page = student.get(f"{HOURS}/{entry}")
    assert "cannot be changed here" in page.words()
    page = student.post(f"{HOURS}/{entry}/removal", {})
    assert "cannot be changed here" in student.follow().words()


def test_entries_of_others_are_not_there(app: Flask, visitors: Visitors, who: Placed) -> None:
    with app.app_context():
        entry, done, other = enter(who), do(who), placed()
    stranger = let_in(app, visitors(), other)
    stranger.get(HOURS)
    for path in (f"{HOURS}/{entry}", f"{PROCEDURES}/{done}", f"{HOURS}?placement={who.placement}"):
        stranger.get(path, 404)
        stranger.get(HOURS)
    key = {"placement": who.placement, "client_key": "a-key-of-mine"}
    token = stranger.token()
    for path, values in (
        (HOURS, ENTRY | key),
        (PROCEDURES, DONE | key),
        (f"{HOURS}/clock-in", key),
        (f"{HOURS}/clock-out", key),
        (f"{HOURS}/{entry}", ENTRY),
        (f"{HOURS}/{entry}/removal", {}),
        (f"{PROCEDURES}/{done}", DONE),
        (f"{PROCEDURES}/{done}/removal", {}),
        ("/my/externship/weeks", {"placement": who.placement, "week": "2026-11-16"}),
    ):
        stranger.post(path, values, 404, token=token)
    assert stored(app, who) == [("entered", 480, None)]


@pytest.mark.parametrize(
    "state, held, words",
    [
        (PlacementState.PLANNED, None, "Your placement starts on November 2, 2026."),
        (PlacementState.COMPLETED, None, "This placement is over"),
        (PlacementState.RUNNING, MONDAY, "Your placement has been held since November 16, 2026"),
    ],
)
def test_the_page_says_why_nothing_can_be_entered(
    app: Flask, visitor: Visitor, state: PlacementState, held: dt.date | None, words: str
) -> None:
    with app.app_context():
        who = placed(state=state, held_on=held)
    student = let_in(app, visitor, who)
    assert words in student.get(HOURS).words()
    assert words in student.get(PROCEDURES).words()


def test_who_has_no_placement_reads_so_and_who_is_signed_out_signs_in(app: Flask, visitor: Visitor) -> None:
    assert visitor.get(HOURS, 303).response.headers["Location"].startswith("/sign-in?next=/my/externship/hours")
    sign_in(visitor, staff(app, Role.EDITOR))
    for path in (HOURS, PROCEDURES):
        assert "You have no placement yet." in visitor.get(path).words()


def preceptor(app: Flask, visitors: Visitors, batch: str) -> Visitor:
    at_phone = visitors()
    at_phone.get(f"/links/{token_for(app, WEEK_LINK, batch)}")
    return at_phone


def test_a_preceptor_approves_corrects_and_sends_back_by_the_link(app: Flask, visitors: Visitors, who: Placed) -> None:
    with app.app_context():
        first, second, done = enter(who, ends="23:00", when=NEXT_MONDAY), enter(who, MONDAY - 3 * DAY), do(who)
        batch, earlier = send(who), send(who, MONDAY - 7 * DAY)
    page = (there := preceptor(app, visitors, batch)).page
    assert page is not None
    assert "Longer than 12 hours" in page.words()
    assert page.words("main > p").startswith("14 h 30 min on 1 day and 5 procedures")
    page = there.submit({f"counts_{first}": "eight", "signature": ""}, 422, form=0)
    assert page.errors[f"counts_{first}"] == ["Time that counts: Write hours and minutes, such as 7:30."]
    values = {f"counts_{first}": "14:00", f"back_{done}": "You did seven.", "signature": "Pat Preceptor"}
    page = there.submit(values, form=0)
    assert "Thank you. Your answer is saved" in page.words()
    assert "This week was answered on November 16, 2026" in page.words()
    with app.app_context():
        assert [(one.reference, one.approved_minutes) for one in hours(who)] == [(second, None), (first, 840)]
        assert [(one.state.value, one.returned_because) for one in procedures(who)] == [("returned", "You did seven.")]
        told = [row for row in timeline(who.enrollment) if row.event == "entry_batch.answered"]
        assert [(row.actor_kind.value, row.actor_reference is not None) for row in told] == [("link", True)]
    there = preceptor(app, visitors, earlier)
    there.submit({"signature": "Pat Preceptor"}, form=0)
    assert stored(app, who)[0][0] == "approved"


def test_a_second_answer_from_a_stale_tab_gets_one_sentence(app: Flask, visitors: Visitors, who: Placed) -> None:
    with app.app_context():
        entry = enter(who)
        batch = send(who)
    one, other = preceptor(app, visitors, batch), preceptor(app, visitors, batch)
    one.submit({"signature": "Pat Preceptor"}, form=0)
    page = other.submit({f"counts_{entry}": "1:00", "signature": "Somebody Else"}, 409, form=0)
    assert "signed “Pat Preceptor”. Nothing was changed now." in page.words()
    assert page.all("main form") == []
    with app.app_context():
        assert hours(who)[0].approved_minutes == 480


def test_a_question_reaches_staff_and_nothing_of_patients_does(app: Flask, visitors: Visitors, who: Placed) -> None:
    with app.app_context():
        entry = enter(who)
        batch = send(who)
    there = preceptor(app, visitors, batch)
    page = there.submit({"question": "Mrs. Smith complained"}, 422, form=1)
    assert "looks like a person’s name" in page.errors["question"][0]
    page = there.submit({"question": "Was she here on Friday?"}, form=1)
    assert "Your question is with the school." in page.words()
    page = there.submit({f"back_{entry}": "Mr. Smith says no", "signature": "Pat Preceptor"}, 422, form=0)
    assert "looks like a person’s name" in page.errors["_schema"][0]
    with app.app_context():
        sentences = db.session.scalars(sa.select(Task.sentence).where(Task.about == who.enrollment)).all()
        assert [one.endswith("Was she here on Friday?") for one in sentences] == [True]


def test_the_morning_job_sends_weeks_once_and_reminds(app: Flask, who: Placed) -> None:
    with app.app_context():
        enter(who)
        for now, sent in ((at(MONDAY + 7 * DAY, "06:59"), 0), (at(MONDAY + 7 * DAY, "07:00"), 1)):
            for _ in range(2):
                look_at_weeks({}, now=now)
            assert len(sent_weeks(who)) == sent
        look_at_weeks({}, now=at(MONDAY + 10 * DAY, "07:01"))
        assert [week.reminded_at is not None for week in sent_weeks(who)] == [True]


def test_held_days_do_not_stop_the_morning_job(app: Flask, who: Placed) -> None:
    with app.app_context():
        enter(who)
        with unit_of_work():
            db.session.execute(sa.update(Placement).values(held_on=MONDAY))
        look_at_weeks({}, now=NEXT_MONDAY)
        assert sent_weeks(who) == []


def test_staff_read_all_correct_with_a_reason_and_send_again(app: Flask, visitors: Visitors, who: Placed) -> None:
    with app.app_context():
        entry, done = enter(who, remark="Calm day"), do(who)
    home = f"/staff/externships/placements/{who.placement}/entries"
    coordinator, auditor = visitors(), visitors()
    sign_in(coordinator, staff(app, Role.COORDINATOR))
    sign_in(auditor, staff(app, Role.AUDITOR))
    assert "Calm day" in coordinator.get(home).words()
    assert auditor.get(f"{home}/{entry}").all("main form") == []
    coordinator.get(f"{home}/{entry}")
    page = coordinator.submit({"ends": "16:00", "reason": ""}, 422)
    assert page.errors["reason"] == ["Reason: Fill this in."]
    coordinator.submit({"ends": "16:00", "reason": "The student wrote to us."})
    coordinator.get(f"{home}/{done}")
    coordinator.submit({"number": "4", "reason": "Typed twice."})
    with app.app_context():
        batch = send(who)
    token = token_for(app, WEEK_LINK, batch)
    assert "cannot be corrected now" in coordinator.get(f"{home}/{entry}").words()
    page = coordinator.get(home)
    page = coordinator.submit(
        {}, form=_form(page, f"/staff/externships/placements/{who.placement}/weeks/{batch}/resend")
    )
    assert "on its way again" in page.words()
    visitors().get(f"/links/{token}", 410)
    with app.app_context():
        answer(batch)
    for reference, changed in ((entry, {"counts": "7:00"}), (done, {"counts": "3"})):
        coordinator.get(f"{home}/{reference}")
        coordinator.submit(changed | {"reason": "Counted twice."})
    with app.app_context():
        assert [(one.minutes, one.approved_minutes) for one in hours(who)] == [(450, 420)]
        assert [(one.number, one.approved_number) for one in procedures(who)] == [(4, 3)]
    page = coordinator.get(home)
    page = coordinator.post(f"/staff/externships/placements/{who.placement}/weeks/{batch}/resend", {})
    assert "answered already" in coordinator.follow().words()
    coordinator.get(f"{home}/HE-22222222", 404)
