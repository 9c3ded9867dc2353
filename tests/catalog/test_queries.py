"""The offer as pages and the enrollment form read it: fresh in three statements, or as last seen in none."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.catalog import queries
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.programs import actions as programs
from provider.programs import queries as program_queries
from provider.programs.models import Blueprint, Credential, FaqItem, Program
from provider.programs.rules import Inclusion
from provider.tuition import actions as tuition
from provider.tuition import queries as plans
from provider.tuition.rules import Plan, PlanDraft, PlanKind, Row
from tests.harness.statements import statements

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)


def program(code: str) -> Program:
    return db.session.scalars(sa.select(Program).where(Program.code == code)).one()


@pytest.fixture
def away(app: Flask) -> Iterator[list[bool]]:
    """A list that says whether the database is away; while it is, every statement fails as a lost connection does."""
    gone = [False]

    def fail(*_: object) -> None:
        if gone[0]:
            raise sa.exc.OperationalError("SELECT", {}, Exception("the database is away"))

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", fail)
    yield gone
    sa.event.remove(engine, "before_cursor_execute", fail)


def test_a_program_is_read_in_three_statements(app: Flask) -> None:
    with app.app_context(), statements(app) as sent:
        offer = queries.offer("ccma")
    assert len(sent) == 3
    assert (offer.code, offer.version, offer.class_weeks, offer.sample) == ("CCMA", 1, 16, True)
    assert [(plan.slug, plan.kind, plan.total_cents, plan.count) for plan in offer.plans] == [
        ("upfront", PlanKind.UPFRONT, 1_899_00, 1),
        ("installments", PlanKind.INSTALLMENTS, 2_100_00, 4),
    ]
    assert [line.status for line in offer.inclusions if line.key == "exam_fee"] == [Inclusion.NOT_STATED]
    advice = offer.credentials[0].recommendation
    assert advice is not None
    assert (advice.credits, advice.sample) == (5, True)


def test_both_ways_of_reading_say_the_same(context: AppContext) -> None:
    known = queries.read()
    assert [queries.offer(one.slug) for one in known.programs] == list(known.programs)


def test_topics_sum_to_all_items_and_to_100_percent(context: AppContext) -> None:
    topics = queries.read().credential("ccma").topics
    assert [(topic.items, topic.percent) for topic in topics] == [
        (84, 56), (15, 10), (12, 8), (12, 8), (12, 8), (7, 5), (8, 5),
    ]  # fmt: skip
    assert (sum(topic.items for topic in topics), sum(topic.percent for topic in topics)) == (150, 100)


def test_a_saving_is_told_for_paying_at_once_only(context: AppContext) -> None:
    offer = queries.offer("ccma")
    assert [offer.saving_cents(plan) for plan in offer.plans] == [201_00, 0]


def test_a_plan_lays_out_its_dates(context: AppContext) -> None:
    offer = queries.offer("cpt")
    assert offer.plans[1].schedule(dt.date(2026, 11, 21), offer.class_weeks) == (
        Row(1, dt.date(2026, 11, 21), 383_34),
        Row(2, dt.date(2026, 12, 9), 383_33),
        Row(3, dt.date(2026, 12, 28), 383_33),
    )


def test_what_is_not_on_sale_is_not_there(context: AppContext) -> None:
    with unit_of_work():
        programs.set_on_sale(program=program("CPT"), on_sale=False, actor=SYSTEM, at=NOON)
    with pytest.raises(NotFound):
        queries.offer("cpt")
    assert [one.slug for one in queries.current().programs] == ["ccma", "cpct-a"]
    with pytest.raises(NotFound):
        queries.current().program("cpt")


def test_the_newest_words_topics_and_recommendation_are_shown(context: AppContext) -> None:
    with unit_of_work():
        credential = db.session.scalars(sa.select(Credential).where(Credential.code == "CCMA")).one()
        db.session.add(Blueprint(credential_id=credential.id, version="2028", topics=[{"name": "All", "items": 150}]))
        found = program("CCMA")
        version = program_queries.latest(found.id)
        programs.save_program_version(
            program=found, title="New words", class_weeks=20, sample=False,
            content=program_queries.content(version), actor=SYSTEM, at=NOON,
        )  # fmt: skip
    offer = queries.offer("ccma")
    assert (offer.title, offer.version, offer.class_weeks, offer.sample) == ("New words", 2, 20, False)
    assert offer.credentials[0].blueprint == "2028"
    assert offer == queries.read().program("ccma")


def test_a_fresh_snapshot_costs_no_statement(app: Flask) -> None:
    with app.app_context():
        first = queries.current()
        with statements(app) as sent:
            second = queries.current()
    assert second is first
    assert sent.statements == []


def test_an_unchanged_offer_stays_the_same_object(context: AppContext) -> None:
    first = queries.current()
    queries.forget()
    assert queries.current() is first


def test_a_change_of_this_process_is_seen_at_once(context: AppContext) -> None:
    before = queries.current()
    plan = plans.on_sale(program("CCMA").id)[1]
    draft = PlanDraft(plan.slug, plan.title, Plan(plan.kind, 2_200_00, 4), sample=True)
    with unit_of_work():
        tuition.replace_plan(plan=plan, draft=draft, actor=SYSTEM, at=NOON)
    after = queries.current()
    assert [plan.total_cents for plan in before.program("ccma").plans] == [1_899_00, 2_100_00]
    assert [plan.total_cents for plan in after.program("ccma").plans] == [1_899_00, 2_200_00]


def test_a_change_that_was_taken_back_is_not_shown(context: AppContext) -> None:
    before = queries.current()
    item = db.session.scalars(sa.select(FaqItem)).first()
    assert item is not None
    with pytest.raises(ZeroDivisionError), unit_of_work():  # noqa: PT012 - it is the unit that is taken back
        item.answer = "Never."
        db.session.flush()
        raise ZeroDivisionError
    assert queries.current() is before


def test_the_last_snapshot_serves_while_the_database_is_away(context: AppContext, away: list[bool]) -> None:
    before = queries.current()
    queries.forget()
    away[0] = True
    assert queries.current() is before
    away[0] = False
    assert queries.read() == before


def test_without_a_snapshot_a_lost_database_is_told(context: AppContext, away: list[bool]) -> None:
    queries._held.clear()
    away[0] = True
    with pytest.raises(sa.exc.OperationalError):
        queries.current()


def test_a_school_without_a_catalog_offers_nothing(empty_app: Flask) -> None:
    with empty_app.app_context():
        known = queries.current()
    assert (known.programs, known.policy, known.faq) == ((), None, ())
