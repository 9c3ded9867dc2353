"""The end of a placement: completed with what is there or with a reason, recorded, verified, and revoked."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations.rules import Period
from provider.enrollments.queries import by_reference as enrollment_of
from provider.externships.models import ExternshipRequest
from provider.externships.rules import PlacementState, RequestState
from provider.fieldwork import entries, evaluations, record_queries, recording, records
from provider.fieldwork.evaluating import OVERALL, SKILLS
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.record_handlers import look_at_evaluations, record_file
from provider.fieldwork.record_letters import COMPLETED
from provider.fieldwork.records import NotRunning, ReasonNeeded
from provider.fieldwork.rules import EvaluationKind, ProcedureKind
from provider.history.models import HistoryDetail
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import written
from provider.refunds import approval
from provider.tasks import queries as tasks
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from provider.verification.actions import RevokedAlready
from tests.fieldwork.test_evaluations import come_in
from tests.harness.html import faults
from tests.harness.issued import COORDINATOR
from tests.harness.money import kept, letters
from tests.harness.placed import MONDAY, NEXT_MONDAY, PRECEPTOR, Placed, answer, do, enter, placed, send
from tests.harness.stories import sign_in, staff, timeline
from tests.harness.visitor import Visitor

DAYS = Period(dt.date(2026, 11, 2), dt.date(2026, 12, 11))
DAY = dt.timedelta(days=1)
DONE = dt.datetime(2026, 12, 11, 22, tzinfo=dt.UTC)
REASON = "The clinic closed a week early; the hours were agreed with the preceptor."
Colleague = Callable[..., Visitor]


def worked(*, required_hours: int = 8, evaluated: bool = True) -> Placed:
    """Let somebody work a day of eight hours, with procedures, approved, and be evaluated."""
    who = placed(days=DAYS)
    with unit_of_work():
        entries.placement(who.placement, lock=True).required_hours = required_hours
    enter(who, MONDAY)
    do(who, MONDAY, ProcedureKind.VENIPUNCTURE, 12)
    do(who, MONDAY, ProcedureKind.VITALS, 30)
    answer(send(who, when=NEXT_MONDAY))
    if evaluated:
        with unit_of_work():
            placement = entries.placement(who.placement, lock=True)
            final = evaluations.ask(placement=placement, kind=EvaluationKind.FINAL, actor=SYSTEM, at=DONE)
            evaluations.give(
                evaluation=by_reference(final.reference, lock=True),
                answers={**dict.fromkeys((point.key for point in SKILLS), 4), "judgment": 0, OVERALL: 5},
                words="Secret praise.",
                signature="Pat Lee",
                actor=PRECEPTOR,
                at=DONE,
            )
    return who


def complete(who: Placed, *, reason: str | None = None, at: dt.datetime = DONE) -> str:
    with unit_of_work():
        placement = entries.placement(who.placement)
        return records.complete(
            placement=placement, signature="Dana Dean", reason=reason, actor=COORDINATOR, at=at
        ).reference


def state_of(who: Placed) -> tuple[PlacementState, RequestState]:
    placement = kept(entries.placement(who.placement))
    return placement.state, placement.request.state


def test_completing_freezes_what_was_done_and_issues_it_with_a_code(app: Flask) -> None:
    with app.app_context():
        who = worked()
        reference = complete(who)
        assert state_of(who) == (PlacementState.COMPLETED, RequestState.COMPLETED)
        ended = db.session.scalars(sa.select(ExternshipRequest.ended_at)).all()
        assert ended == [DONE]
        record = record_queries.by_reference(reference)
        content = record.content
        assert (content["minutes"], content["required_hours"]) == (480, 8)
        assert content["procedures"] == [
            {"label": "Venipuncture", "number": 12},
            {"label": "Vital signs", "number": 30},
        ]
        assert [one["lines"] for one in content["counters"]] == [
            ["Venipuncture: 12 of 30", "Capillary or finger stick: 0 of 10"],
            ["Venipuncture: 12 of 50", "Capillary or finger stick: 0 of 10"],
            ["Venipuncture: 12 of 50", "Capillary or finger stick: 0 of 10"],
        ]
        assert content["evaluation"]["signature"] == "Pat Lee"
        assert "Secret praise." not in str(content)
        assert dict(record.document.facts)["Hours approved"] == "8 h of 8 required"
        assert dict(record.document.facts)["Final evaluation"] == "5 of 5, better than expected"
        assert (record.signature, record.made_by) == ("Dana Dean", COORDINATOR.reference)
        (letter,) = letters(who.enrollment, COMPLETED)
        assert letter.recipient == who.email
        (attached,) = record_file(letter.values)
        assert attached.name == f"externship-record-{reference}.pdf"
        assert attached.content.startswith(b"%PDF-1.7")
        assert b"/StructTreeRoot" in attached.content
        events = [one.event for one in timeline(who.enrollment)]
        assert events.index("externship_record.made") < events.index("placement.completed")
        assert "issued_document.issued" in events


@pytest.mark.parametrize(
    "hours, evaluated, told",
    [
        (9, True, "8 h of 9 hours are approved."),
        (8, False, "The preceptor has not given the final evaluation."),
        (9, False, "8 h of 9 hours are approved. The preceptor has not given the final evaluation."),
    ],
    ids=["hours", "evaluation", "both"],
)
def test_less_than_was_agreed_takes_a_reason_which_the_record_does_not_tell(
    app: Flask, *, hours: int, evaluated: bool, told: str
) -> None:
    with app.app_context():
        who = worked(required_hours=hours, evaluated=evaluated)
        with pytest.raises(ReasonNeeded, match=told):
            complete(who)
        assert state_of(who)[0] is PlacementState.RUNNING
        record = record_queries.by_reference(complete(who, reason=REASON))
        assert REASON not in str(record.content) + str(record.document.facts)
        details = db.session.scalars(sa.select(HistoryDetail.data)).all()
        assert {"reason": REASON} in details
        if not evaluated:
            assert recording.ratings(record.content) == []


def test_it_is_completed_once_and_only_while_it_runs(app: Flask) -> None:
    with app.app_context():
        who = worked()
        complete(who)
        with pytest.raises(NotRunning):
            complete(who, reason=REASON)
        assert len(letters(who.enrollment, COMPLETED)) == 1
        planned = placed(state=PlacementState.PLANNED)
        with pytest.raises(NotRunning):
            complete(planned, reason=REASON)


def test_later_changes_never_reach_the_record(app: Flask) -> None:
    with app.app_context():
        who = worked()
        reference = complete(who)
        with unit_of_work():
            placement = entries.placement(who.placement, lock=True)
            placement.opening.location.site.name = "Sold and Renamed"
            placement.enrollment.legal_name = "Somebody Else"
        record = record_queries.by_reference(reference)
        printed = str(recording.sheet(record.content, record_queries.stamp(record)))
        assert "Sold and Renamed" not in printed
        assert "Somebody Else" not in printed


def test_a_refund_revokes_the_record_in_its_transaction(app: Flask) -> None:
    with app.app_context():
        who = worked()
        reference = complete(who)
        with unit_of_work():
            approval.end(enrollment_of(who.enrollment, lock=True), COORDINATOR, DONE + dt.timedelta(hours=1))
        document = record_queries.by_reference(reference).document
        assert (document.revoked_because, document.public_reason) == ("The enrollment was refunded.", None)
        assert len(letters(who.enrollment, "record_revoked")) == 1
        with unit_of_work():
            record = record_queries.by_reference(reference)
            with pytest.raises(RevokedAlready):
                records.revoke(record=record, reason="Again", public_reason=None, actor=COORDINATOR, at=DONE)


def test_staff_complete_it_and_revoke_the_record_and_everybody_sees_it(app: Flask, visitors: Colleague) -> None:
    with app.app_context():
        who = worked(required_hours=9)
    coordinator, public, student = visitors(), visitors(), visitors()
    email = staff(app, Role.COORDINATOR)
    path = f"/staff/placements/{who.placement}/record"
    with time_machine.travel(DONE):
        sign_in(coordinator, email)
        assert path in coordinator.get(f"/staff/enrollments/{who.enrollment}").text
        page = coordinator.get(path)
        assert faults(page.response) == []
        assert "8 h of 9 hours are approved." in page.words(".notice")
        coordinator.post(f"{path.removesuffix('record')}visits", {"visited_on": "2026-12-12", "words": "Ahead"}, 422)
        coordinator.get(path)
        visit = {"visited_on": "2026-12-10", "by_phone": "on", "words": "All is well."}
        coordinator.post(f"{path.removesuffix('record')}visits", visit)
        assert "December 10, 2026, by telephone" in coordinator.get(path).text
        here = f"{path.removesuffix('record')}completion"
        page = coordinator.post(here, {"signature": "Dana Dean"}, 422)
        assert page.errors == {
            "_schema": ["8 h of 9 hours are approved. Write the reason why it is completed all the same."]
        }
        coordinator.post(here, {"signature": "Dana Dean", "reason": REASON})
        page = coordinator.get(path)
        assert faults(page.response) == []
        address = page.all("a[href^='/verify/']")[0].attrs["href"]
        assert coordinator.get(f"{path}.pdf").response.data.startswith(b"%PDF")
        assert public.get(address).words(".tag") == "Valid"
        come_in(app, student, who)
        page = student.get("/my/externship/record")
        assert faults(page.response) == []
        assert student.get("/my/externship/record.pdf").response.mimetype == "application/pdf"
        student.get("/my/externship/record?record=ER-22222222", 404)
        coordinator.get(path)
        revocation = {"reason": "Approved for another student.", "public_reason": "A corrected one follows."}
        coordinator.post(f"{path}/revocation", revocation)
        page = public.get(address)
        assert page.words(".tag") == "Revoked"
        assert "A corrected one follows." in page.text
        assert "another student" not in page.text
        assert student.get("/my/externship/record").words(".tag") == "Revoked"


def test_somebody_without_a_record_has_an_empty_page_and_no_pdf(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        who = placed(days=DAYS)
    assert visitor.get("/my/externship/record", 303).response.headers["Location"].startswith("/sign-in")
    visitor.get("/my/externship/record.pdf", 404)
    with time_machine.travel(DONE):
        come_in(app, visitor, who)
        assert "You have no record yet." in visitor.get("/my/externship/record").text
        visitor.get("/my/externship/record.pdf", 404)


def test_a_record_that_is_made_early_names_no_day_that_has_not_been(app: Flask) -> None:
    with app.app_context():
        who = worked(evaluated=False)
        asked = dt.datetime(2026, 11, 4, 15, tzinfo=dt.UTC)
        with unit_of_work():
            placement = entries.placement(who.placement, lock=True)
            evaluation = evaluations.ask(placement=placement, kind=EvaluationKind.FINAL, actor=SYSTEM, at=asked)
        late = asked + dt.timedelta(days=15)
        with unit_of_work():
            evaluations.remind(evaluation=by_reference(evaluation.reference, lock=True), at=late)
        assert [task.kind for task in tasks.about(who.enrollment) if task.done_at is None] == [TaskKind.EVALUATION_LATE]
        record = record_queries.by_reference(complete(who, reason=REASON, at=late))
        assert recording.days(record.content) == f"{written(DAYS.first_on)} to {written(MONDAY)}"
        assert [task for task in tasks.about(who.enrollment) if task.done_at is None] == []


def look(day: dt.date) -> None:
    look_at_evaluations({}, now=dt.datetime.combine(day, dt.time(15), tzinfo=dt.UTC))


def to_complete(who: Placed) -> list[Task]:
    return kept([one for one in tasks.about(who.enrollment) if one.kind is TaskKind.END_PLACEMENT])


def test_a_placement_that_is_held_and_over_is_put_before_staff_too(app: Flask) -> None:
    with app.app_context():
        who = worked()
        with unit_of_work():
            entries.placement(who.placement, lock=True).held_on = DAYS.last_on - 7 * DAY
        look(DAYS.last_on + DAY)
        assert len(to_complete(who)) == 1
        complete(who, at=DONE + 3 * DAY)
        assert [one.done_at for one in to_complete(who)] == [DONE + 3 * DAY]


def test_a_placement_that_is_over_and_can_be_completed_is_put_before_staff_the_day_after(app: Flask) -> None:
    with app.app_context():
        who = worked()
        look(DAYS.last_on)
        assert to_complete(who) == []
        for number in (1, 2):
            look(DAYS.last_on + number * DAY)
        (task,) = to_complete(who)
        assert "The hours are approved and the final evaluation is there. Complete it" in task.sentence
        complete(who, at=DONE + 3 * DAY)
        assert [one.done_at for one in to_complete(who)] == [DONE + 3 * DAY]
        look(DAYS.last_on + 30 * DAY)
        assert len(to_complete(who)) == 1


def test_what_is_missing_when_a_placement_is_over_has_two_weeks_to_come(app: Flask) -> None:
    with app.app_context():
        who = worked(required_hours=9)
        look(DAYS.last_on + 14 * DAY)
        assert to_complete(who) == []
        look(DAYS.last_on + 15 * DAY)
        (task,) = to_complete(who)
        assert "was December 11, 2026" in task.sentence
        assert "8 h of 9 hours are approved. Complete it" in task.sentence
