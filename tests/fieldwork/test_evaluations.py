"""Evaluations: asked by a job, reminded, given once by link or page, and nobody is asked for what is over."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts import queries as people
from provider.accounts.models import SignedLink
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.affiliations.models import SiteContact
from provider.affiliations.rules import Period
from provider.disclosures.models import Disclosure
from provider.externships.models import Placement
from provider.externships.rules import PlacementState, ReleaseReason
from provider.fieldwork import entries, evaluation_queries, evaluations
from provider.fieldwork.evaluating import ASPECTS, SKILLS
from provider.fieldwork.evaluations import EVALUATION_LINK, EvaluationGiven, NotYetThere
from provider.fieldwork.models import Evaluation
from provider.fieldwork.record_handlers import look_at_evaluations
from provider.fieldwork.rules import EvaluationKind, EvaluationState
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from tests.harness.html import faults
from tests.harness.money import at_once, kept, letters
from tests.harness.placed import HERSELF, PRECEPTOR, Placed, placed
from tests.harness.stories import PASSWORD, sign_in, staff, timeline, token_for
from tests.harness.visitor import Visitor

MID, FINAL, OF_SITE = EvaluationKind
DAYS = Period(dt.date(2026, 11, 2), dt.date(2026, 11, 30))
HALF = dt.datetime(2026, 11, 17, 15, tzinfo=dt.UTC)
END = dt.datetime(2026, 11, 30, 15, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
GOOD = {point.key: "4" for point in SKILLS} | {"overall": "5", "words": "Calm with children.", "signature": "Pat Lee"}
GOOD_OF_SITE = {point.key: "3" for point in ASPECTS} | {"overall": "2", "words": "Nobody had time."}


def look(now: dt.datetime) -> None:
    look_at_evaluations({}, now=now)


def stored(who: Placed) -> dict[EvaluationKind, Evaluation]:
    return {one.kind: one for one in kept(list(evaluation_queries.of_placement(entries.placement(who.placement).id)))}


def sent(who: Placed) -> list[tuple[str, str, bool]]:
    found = [one for one in letters(who.enrollment) if one.template.endswith("evaluation_asked")]
    return [(one.template, one.recipient, bool(one.values["reminder"])) for one in found]


def give(who: Placed, kind: EvaluationKind, *, at: dt.datetime = END) -> None:
    keys = [point.key for point in (ASPECTS if kind is OF_SITE else SKILLS)]
    with unit_of_work():
        evaluations.give(
            evaluation=evaluation_queries.by_reference(stored_reference(who, kind), lock=True),
            answers={**dict.fromkeys(keys, 4), "overall": 5},
            words="Calm with children.",
            signature=None if kind is OF_SITE else "Pat Lee",
            actor=HERSELF if kind is OF_SITE else PRECEPTOR,
            at=at,
        )


def stored_reference(who: Placed, kind: EvaluationKind) -> str:
    placement_id = sa.select(Placement.id).where(Placement.reference == who.placement).scalar_subquery()
    query = sa.select(Evaluation.reference).filter_by(kind=kind).where(Evaluation.placement_id == placement_id)
    return db.session.scalars(query).one()


def open_tasks() -> list[str]:
    query = sa.select(Task.sentence).where(Task.state == TaskState.OPEN, Task.kind == "evaluation_late")
    return kept(list(db.session.scalars(query)))


def test_the_preceptor_is_asked_half_way_and_both_at_the_end_once_each(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        preceptor = db.session.scalars(sa.select(SiteContact.email).filter_by(reference=who.supply.contact)).one()
        look(HALF - 2 * DAY)
        assert stored(who) == {}
        for _ in range(2):
            look(HALF)
        assert sent(who) == [("evaluation_asked", preceptor, False)]
        mid = stored(who)[MID]
        assert (mid.asked_at, mid.due_on, mid.asked_of) == (HALF, dt.date(2026, 11, 27), who.supply.contact)
        give(who, MID, at=HALF + DAY)
        for _ in range(2):
            look(END)
        assert sent(who)[1:] == [
            ("evaluation_asked", preceptor, False),
            ("site_evaluation_asked", who.email, False),
        ]
        told = db.session.scalars(sa.select(Disclosure).filter_by(about=who.enrollment).order_by(Disclosure.id)).all()
        what = "Name, program and days of the externship, to be evaluated"
        assert [one.what for one in told if "evaluated" in one.what] == [what] * 2
        assert told[-1].consent_at == entries.placement(who.placement).request.asked_at
        events = [one.event for one in timeline(who.enrollment) if one.subject_kind == "evaluation"]
        assert events == ["evaluation.asked", "evaluation.done", "evaluation.asked", "evaluation.asked"]


def test_reminders_stop_when_it_is_given_and_staff_hear_of_what_is_late(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(HALF)
        for days in (2.9, 3, 4, 7, 8, 9.9):
            look(HALF + days * DAY)
        assert [reminder for _, _, reminder in sent(who)] == [False, True, True]
        assert open_tasks() == []
        for days in (10, 11):
            look(HALF + days * DAY)
        (sentence,) = open_tasks()
        assert sentence.endswith(
            "was asked 10 days ago for the mid-point evaluation of "
            f"{entries.placement(who.placement).enrollment.legal_name} and has not answered. Call the site, or ask "
            f"again on the page of placement {who.placement}."
        )
        give(who, MID, at=HALF + 12 * DAY)
        assert open_tasks() == []
        look(HALF + 12.5 * DAY)
        assert len(sent(who)) == 3


def test_days_without_jobs_are_one_reminder(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(HALF)
        look(HALF + 8 * DAY)
        assert [reminder for _, _, reminder in sent(who)] == [False, True]


@pytest.mark.parametrize("how", ["final asked", "released", "held"])
def test_nobody_is_asked_or_reminded_in_vain(app: Flask, how: str) -> None:
    with app.app_context():
        who = placed(days=DAYS, held_on=dt.date(2026, 11, 10) if how == "held" else None)
        look(HALF)
        assert len(sent(who)) == (how != "held")
        with unit_of_work():
            row = entries.placement(who.placement, lock=True)
            if how == "released":
                row.state, row.released_at, row.release_reason = PlacementState.RELEASED, HALF, ReleaseReason.SITE_ASKED
        look(END)
        look(END + 20 * DAY)
        found = {"final asked": {MID: 0, FINAL: 2, OF_SITE: 2}, "released": {MID: 0}, "held": {}}[how]
        assert {kind: one.reminders for kind, one in stored(who).items()} == found


def test_another_preceptor_is_asked_anew_and_the_links_before_close(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(HALF)
        with unit_of_work():
            row = entries.placement(who.placement, lock=True)
            other = SiteContact(
                reference=references.new("CO"), site_id=who.supply.site_id, name="Kim Other", email="kim@clinic.example"
            )
            db.session.add(other)
            db.session.flush()
            row.preceptor_id = other.id
        for _ in range(2):
            look(HALF + DAY)
        assert [recipient for _, recipient, _ in sent(who)][1:] == ["kim@clinic.example"]
        query = sa.select(SignedLink.revoked_at).filter_by(purpose=EVALUATION_LINK).order_by(SignedLink.id)
        assert db.session.scalars(query).all() == [HALF + DAY, None]


def test_staff_ask_again_and_what_was_late_begins_anew(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(HALF)
        look(HALF + 10 * DAY)
        with unit_of_work():
            placement = entries.placement(who.placement, lock=True)
            evaluations.ask(placement=placement, kind=MID, actor=HERSELF, at=HALF + 11 * DAY)
        assert open_tasks() == []
        again = stored(who)[MID]
        assert (again.reminders, again.asked_at) == (0, HALF + 11 * DAY)
        assert [reminder for _, _, reminder in sent(who)] == [False, True, False]
        give(who, MID)
        with unit_of_work(), pytest.raises(EvaluationGiven):
            evaluations.ask(placement=entries.placement(who.placement), kind=MID, actor=HERSELF, at=END)
        planned = placed(state=PlacementState.PLANNED)
        with unit_of_work(), pytest.raises(NotYetThere):
            evaluations.ask(placement=entries.placement(planned.placement), kind=MID, actor=HERSELF, at=END)


def test_of_two_who_send_at_once_one_is_kept(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(END)
    results = at_once(app, *[lambda: give(who, FINAL)] * 4)
    assert sorted(type(one).__name__ for one in results) == ["EvaluationGiven"] * 3 + ["NoneType"]


def test_the_preceptor_evaluates_on_one_page_and_sees_afterwards_that_it_was_given(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(END)
        reference = stored(who)[FINAL].reference
    preceptor = Visitor(app)
    path = f"/links/{token_for(app, EVALUATION_LINK, reference)}"
    with time_machine.travel(END + DAY):
        page = preceptor.get(path)
        assert faults(page.response) == []
        assert "and never your words" in page.words(".notice")
        assert "Reliability 1 of 8" in page.words("form")
        assert "Overall 8 of 8 1 Not yet 2 With much help" in page.words("form")
        errors = preceptor.submit({}, 422).errors
        assert set(errors) == {*(point.key for point in SKILLS), "overall", "signature"}
        stale = preceptor.token()
        page = preceptor.submit(GOOD | {"technique": "0"})
        assert page.words(".lead") == "This evaluation was given on December 1, 2026. Thank you."
        assert page.all("main form") == []
        page = preceptor.post(path, GOOD, 409, token=stale)
        assert page.words(".lead") == "This evaluation was given on December 1, 2026. Thank you."
    with app.app_context():
        found = stored(who)[FINAL]
        assert (found.state, found.signature, found.words) == (EvaluationState.DONE, "Pat Lee", "Calm with children.")
        assert found.answers == {**dict.fromkeys((point.key for point in SKILLS), 4), "technique": 0, "overall": 5}
        (event,) = [one for one in timeline(who.enrollment) if one.event == "evaluation.done"]
        assert (event.actor_kind, "Calm" in str(event.data)) == ("link", False)


def come_in(app: Flask, student: Visitor, who: Placed) -> None:
    """Give a student a password and let them sign in."""
    with app.app_context():
        hashed = hash_password(PASSWORD)
        with unit_of_work():
            person = people.by_email(who.email)
            assert person is not None
            set_password(person=person, password_hash=hashed, actor=SYSTEM, at=HALF)
    sign_in(student, who.email)


def test_staff_read_on_the_page_of_a_site_what_several_students_said(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(END)
        give(who, OF_SITE)
    sign_in(visitor, staff(app, Role.COORDINATOR))
    page = visitor.get(f"/staff/sites/{who.supply.site}")
    assert page.words("#ratings + p").startswith("For staff alone.")
    assert page.text.count("1 of at least 3 ratings") == 6


def test_the_link_of_a_placement_that_ended_says_so(app: Flask) -> None:
    with app.app_context():
        who = placed(days=DAYS)
        look(HALF)
        reference = stored(who)[MID].reference
        with unit_of_work():
            row = entries.placement(who.placement, lock=True)
            row.state, row.released_at, row.release_reason = PlacementState.RELEASED, HALF, ReleaseReason.SITE_CLOSED
    with time_machine.travel(HALF + DAY):
        page = Visitor(app).get(f"/links/{token_for(app, EVALUATION_LINK, reference)}")
    assert page.words(".lead") == "This placement ended on November 17, 2026, so there is nothing to do."


def test_the_student_reads_what_was_said_and_evaluates_the_site_for_staff_alone(
    app: Flask, visitors: Callable[[], Visitor]
) -> None:
    with app.app_context():
        who, other = placed(days=DAYS), placed(days=DAYS)
        look(END)
        give(who, FINAL)
        foreign = stored_reference(other, OF_SITE)
    student = visitors()
    with time_machine.travel(END + DAY):
        come_in(app, student, who)
        page = student.get("/my/externship/evaluation")
        assert faults(page.response) == []
        assert "Signed by Pat Lee" in page.text
        assert "Calm with children." in page.text
        page = student.submit({}, 422)
        assert set(page.errors) == {*(point.key for point in ASPECTS), "overall"}
        student.submit(GOOD_OF_SITE | {"evaluation": foreign}, 404)
        student.get("/my/externship/evaluation")
        page = student.submit(GOOD_OF_SITE)
        assert page.all("main form") == []
        assert "Nobody had time." in page.text
    with app.app_context():
        assert stored(who)[OF_SITE].answers == {**dict.fromkeys((point.key for point in ASPECTS), 3), "overall": 2}
        assert stored(other)[OF_SITE].state is EvaluationState.ASKED
        assert evaluation_queries.of_site(who.supply.site_id)[0].written == "1 of at least 3 ratings"
        with pytest.raises(NotFound):
            evaluation_queries.own(
                entries.placement(other.placement).enrollment.person_id, stored_reference(who, FINAL)
            )
