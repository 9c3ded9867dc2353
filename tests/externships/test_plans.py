import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations import openings as affiliations
from provider.affiliations import queries as sites
from provider.affiliations.models import Opening
from provider.affiliations.rules import Period, mask
from provider.documents.rules import DocumentKind
from provider.externships import offers, plan_queries, plan_reading, plans, queries
from provider.externships.models import ExternshipRequest, Offer, PlacementPlan, PlanRow
from provider.externships.planning import Decision, PlanState, Reason, Remedy, RowOutcome
from provider.externships.rules import OfferState, RequestState
from provider.history.models import History
from provider.jobs.models import Job
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.kernel.lifecycles import IllegalTransition
from tests.harness import externs
from tests.harness.externs import ASKED, COORDINATOR, asked
from tests.harness.sites import Supply, supply
from tests.harness.statements import statements
from tests.harness.stories import do_jobs

DAYS = Period(dt.date(2027, 3, 1), dt.date(2027, 6, 30))
NOW = ASKED + dt.timedelta(days=3)


@pytest.fixture(autouse=True)
def _inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def opening(zip_code: str = "10001", *, capacity: int = 1) -> Supply:
    return supply(zip_code=zip_code, capacity=capacity, days=DAYS)


def started() -> str:
    with unit_of_work():
        return plans.start(actor=COORDINATOR, at=NOW).reference


def planned() -> str:
    reference = started()
    plans.solve(reference, now=NOW)
    return reference


def plan(reference: str) -> PlacementPlan:
    db.session.expire_all()
    return plan_queries.by_reference(reference)


def rows(reference: str) -> dict[str, PlanRow]:
    found = plan_queries.rows(plan(reference)).rows
    return {row.request.reference: row for row in found}


def chosen(reference: str) -> dict[str, str | None]:
    return {one: row.opening.reference if row.opening else None for one, row in rows(reference).items()}


def commit(reference: str) -> None:
    with unit_of_work():
        plans.send_out(plan=plan_queries.by_reference(reference, lock=True), actor=COORDINATOR, at=NOW)
    plans.send_some(reference, by=COORDINATOR.reference, after=0, now=NOW)


def test_a_plan_stores_what_it_was_given_and_what_it_found() -> None:
    near, other = opening(), opening("10001", capacity=2)
    students = [asked(), asked()]
    reference = planned()
    found = plan(reference)
    assert (found.state, found.progress, found.students, found.placed, found.tenths) == (PlanState.SOLVED, 100, 2, 2, 0)
    assert found.weights == {"rank": 40, "kind": 50, "waiting": 5, "openings": 50}
    assert found.inputs["decided"] == {}
    assert sorted(found.inputs["openings"]) == [[near.opening_id, 1], [other.opening_id, 2]]
    assert set(chosen(reference)) == set(students)
    assert set(chosen(reference).values()) <= {near.opening, other.opening}
    row = rows(reference)[students[0]]
    assert (row.reasons, row.cost, row.outcome) == ([[Reason.CHEAPEST], [Reason.WAITED, 3]], -15, RowOutcome.WAITING)


def test_the_same_records_give_the_same_plan() -> None:
    for _ in range(3):
        opening(capacity=2)
    for _ in range(5):
        asked()
    assert chosen(planned()) == chosen(planned())


def test_only_who_is_ready_and_still_a_graduate_is_planned_for() -> None:
    opening(capacity=5)
    ready, waiting, early = asked(), asked(), externs.ask(externs.active(), early_reason="Moves away in May.")
    with unit_of_work():
        db.session.execute(
            sa.update(ExternshipRequest)
            .where(ExternshipRequest.reference == waiting)
            .values(state=RequestState.DOCUMENTS)
        )
    assert set(chosen(planned())) == {ready, early}


def test_what_speaks_against_an_opening_is_read_from_the_records() -> None:
    made = opening(capacity=5)
    externs.require("ccma", DocumentKind.TB)
    brought, early, without = externs.graduate(), externs.graduate(), asked()
    externs.bring(brought, DocumentKind.TB, at=ASKED, expires_on=dt.date(2027, 6, 30))
    externs.bring(early, DocumentKind.TB, at=ASKED, expires_on=dt.date(2027, 6, 29))
    two = [externs.ask(brought), externs.ask(early)]
    with unit_of_work():
        db.session.execute(sa.update(ExternshipRequest).values(state=RequestState.READY))
    found = planned()
    assert chosen(found) == {two[0]: made.opening, two[1]: None, without: None}
    assert [rows(found)[one].reasons for one in (two[1], without)] == [
        [[Reason.NONE_FITS, 1, {"documents": 1}], [Remedy.DOCUMENTS, made.opening_id, 0, ["tb"]]]
    ] * 2


def test_documents_count_for_each_request_of_somebody_who_waits_for_two_places() -> None:
    externs.require("ccma", DocumentKind.TB)
    made = supply(days=DAYS), supply(program="cpt", days=DAYS)
    first, second = (externs.graduate(program=one, email="both@example.org") for one in ("ccma", "cpt"))
    externs.bring(first, DocumentKind.TB, at=ASKED)
    two = [externs.ask(first), externs.ask(second)]
    assert chosen(planned()) == dict(zip(two, [one.opening for one in made], strict=True))


def test_a_plan_without_anybody_or_without_openings_is_a_plan_too() -> None:
    assert (plan(planned()).students, plan(planned()).placed) == (0, 0)
    asked()
    assert (plan(planned()).students, plan(planned()).placed) == (1, 0)


def test_a_site_the_student_said_no_to_is_not_planned_again() -> None:
    made = opening()
    student = asked()
    with unit_of_work():
        offer = offers.send(
            request=queries.by_reference(student),
            opening=sites.opening(made.opening), actor=COORDINATOR, at=NOW,
        )  # fmt: skip
        reference = offer.reference
    with unit_of_work():
        db.session.execute(sa.update(Offer).values(state=OfferState.DECLINED, ended_at=NOW))
        db.session.execute(sa.update(ExternshipRequest).values(state=RequestState.READY))
        db.session.execute(sa.update(Opening).values(taken=0))
    assert reference
    found = planned()
    assert chosen(found) == {student: None}
    assert rows(found)[student].reasons == [[Reason.NONE_FITS, 1, {"declined_site": 1}]]


def test_committing_sends_each_offer_that_still_holds_and_says_what_became_of_the_others() -> None:
    made, full, closed = opening(), opening("07001"), opening("11597")
    students = [asked(zip=one, miles=15) for one in ("10001", "07001", "11597", "10001")]
    reference = planned()
    before = chosen(reference)
    assert sorted(one for one in before.values() if one) == sorted([made.opening, full.opening, closed.opening])
    with unit_of_work():
        db.session.execute(sa.update(Opening).where(Opening.id == full.opening_id).values(taken=1))
        found = sites.opening(closed.opening, lock=True)
        affiliations.close_opening(found, actor=COORDINATOR, at=NOW)
    commit(reference)
    found_rows = {chosen(reference)[one]: row for one, row in rows(reference).items()}
    assert plan(reference).state is PlanState.COMMITTED
    assert [
        (found_rows[one].outcome, found_rows[one].remark) for one in (made.opening, full.opening, closed.opening)
    ] == [
        (RowOutcome.OFFERED, None),
        (
            RowOutcome.REFUSED,
            "Somebody else took the last place a moment ago. Nothing was changed. Choose another opening.",
        ),
        (RowOutcome.REFUSED, found_rows[closed.opening].remark),
    ]
    assert found_rows[closed.opening].remark
    assert found_rows[None].outcome is RowOutcome.LEFT_OUT
    sent = db.session.scalars(sa.select(Offer)).all()
    assert [(one.state, one.opening_id, one.plan_id) for one in sent] == [
        (OfferState.SENT, made.opening_id, plan(reference).id)
    ]
    assert len(students) == len(before)


def test_sending_again_sends_nothing_twice() -> None:
    opening(capacity=2)
    asked(), asked()
    reference = planned()
    commit(reference)
    plans.send_some(reference, by=None, after=0, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Offer)) == 2
    assert {row.outcome for row in rows(reference).values()} == {RowOutcome.OFFERED}


def test_many_offers_are_sent_by_several_jobs(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    monkeypatch.setattr(plans, "AT_ONCE", 2)
    opening(capacity=5)
    for _ in range(5):
        asked()
    reference = planned()
    commit(reference)
    for _ in range(3):
        do_jobs(app)
    assert {row.outcome for row in rows(reference).values()} == {RowOutcome.OFFERED}
    asked_for = sa.select(sa.func.count()).select_from(Job).where(Job.kind == plans.SEND)
    assert db.session.scalar(asked_for) == 3


def decided(reference: str, request: str, decision: Decision, opening: str | None = None) -> None:
    with unit_of_work():
        found = plan_queries.by_reference(reference, lock=True)
        plans.decide(plan=found, request=request, opening=opening, decision=decision, actor=COORDINATOR, at=NOW)


def ran_again(reference: str) -> str:
    with unit_of_work():
        found = plan_queries.by_reference(reference, lock=True)
        next_one = plans.again(plan=found, actor=COORDINATOR, at=NOW).reference
    plans.solve(next_one, now=NOW)
    return next_one


def test_what_staff_decide_holds_in_the_next_run() -> None:
    here, there = opening("10001", capacity=2), opening("07001", capacity=2)
    moved, stays, out = asked(), asked(), asked()
    first = planned()
    decided(first, moved, Decision.BAR, here.opening)
    decided(first, out, Decision.LEAVE_OUT)
    second = ran_again(first)
    assert plan(first).state is PlanState.DROPPED
    assert chosen(second) == {moved: there.opening, stays: here.opening}
    assert plan(second).inputs["decided"] == {
        moved: {"decision": "bar", "opening": here.opening}, out: {"decision": "leave_out"},
    }  # fmt: skip
    decided(second, moved, Decision.NOTHING)
    assert chosen(ran_again(second))[moved] == here.opening


def test_a_pinned_student_keeps_the_opening_in_the_next_run() -> None:
    opening("10001", capacity=2), opening("07001", capacity=2)
    student = asked(zip="10001")
    first = planned()
    second_best = rows(first)[student].next_opening
    assert second_best is not None
    pinned = second_best.reference
    decided(first, student, Decision.PIN, pinned)
    next_one = ran_again(first)
    assert chosen(next_one) == {student: pinned}
    assert (rows(next_one)[student].pinned, rows(next_one)[student].reasons[0]) == (True, [Reason.PINNED])


def test_only_a_solved_plan_is_decided_about_and_only_by_what_it_names() -> None:
    made = opening()
    student = asked()
    reference = started()
    with pytest.raises(plans.PlanRuns):
        decided(reference, student, Decision.LEAVE_OUT)
    plans.solve(reference, now=NOW)
    with pytest.raises(plans.NotInPlan):
        decided(reference, student, Decision.PIN, "OP-22222222")
    with pytest.raises(NotFound):
        decided(reference, "XR-22222222", Decision.PIN, made.opening)
    assert "next" not in plan(reference).inputs


def test_a_dropped_plan_sends_nothing_and_a_job_that_still_solves_it_stores_nothing() -> None:
    opening()
    asked()
    reference = started()
    with unit_of_work():
        plans.drop(plan=plan_queries.by_reference(reference, lock=True), actor=COORDINATOR, at=NOW)
    plans.solve(reference, now=NOW)
    assert (plan(reference).state, rows(reference)) == (PlanState.DROPPED, {})
    with unit_of_work(), pytest.raises(IllegalTransition):
        plans.send_out(plan=plan_queries.by_reference(reference, lock=True), actor=COORDINATOR, at=NOW)


def test_a_worker_that_takes_over_stores_the_rows_once() -> None:
    opening()
    asked()
    reference = started()
    assert plans._begin(reference, NOW)
    plans.solve(reference, now=NOW)
    plans.solve(reference, now=NOW)
    assert (plan(reference).state, len(rows(reference))) == (PlanState.SOLVED, 1)


def test_a_plan_that_cannot_be_made_says_so() -> None:
    reference = started()
    with unit_of_work():
        plans.give_up(reference, now=NOW)
    assert (plan(reference).state, plan(reference).trouble) == (PlanState.FAILED, plans.GIVEN_UP)


def test_each_step_stands_in_the_history(app: Flask) -> None:
    reference = started()
    do_jobs(app)
    commit(reference)
    events = db.session.scalars(sa.select(History.event).where(History.about == reference).order_by(History.id)).all()
    assert events == [f"placement_plan.{one}" for one in ("queued", "solving", "solved", "committed")]


def test_where_a_plan_sends_students_is_counted_by_rings() -> None:
    made = opening(capacity=3)
    asked(zip="10001"), asked(zip="10001")
    found = plan_queries.spots(plan(planned()))
    assert [(spot.counts, spot.students) for spot in found] == [((2, 0, 0, 0), 2)]
    assert made.opening


def test_a_cohort_is_read_in_the_same_number_of_statements_whatever_its_size(app: Flask) -> None:
    counts = []
    for _ in range(2):
        opening(capacity=2)
        asked(), asked(weekdays=mask(range(7)))
        with statements(app) as seen:
            plan_reading.read(now=NOW)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12
