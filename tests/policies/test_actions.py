"""Changing the refund promise: forward only, never below 24 hours, and a state's law only where it can be kept."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.history.models import History
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.policies import actions, queries
from provider.policies.models import StateFloorRow
from provider.policies.rules import PolicyVersion

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
ADMIN = Actor(ActorKind.STAFF, "P-ADMIN222")


def add(hours: int, effective_from: dt.datetime) -> None:
    with unit_of_work():
        actions.add_version(hours=hours, summary="New.", effective_from=effective_from, actor=ADMIN, at=NOON)


def floor(state: str) -> StateFloorRow:
    return db.session.scalars(
        sa.select(StateFloorRow).where(StateFloorRow.state == state).order_by(StateFloorRow.id)
    ).first() or pytest.fail(state)


def events() -> list[str]:
    return list(db.session.scalars(sa.select(History.event).where(History.at == NOON).order_by(History.id)))


@pytest.mark.parametrize("begins", [NOON, NOON + dt.timedelta(days=30)], ids=["now", "later"])
def test_a_new_version_begins_at_its_instant(context: AppContext, begins: dt.datetime) -> None:
    add(48, begins)
    assert queries.in_force(begins - SECOND).number == 1
    assert queries.in_force(begins) == PolicyVersion(2, 48, begins, "New.") == queries.version(2)
    assert events() == ["refund_policy.added"]


@pytest.mark.parametrize(
    "hours, begins, sentence",
    [
        (23, NOON, "The window is 24 hours or longer: less was never promised."),
        (48, NOON - SECOND, "Choose a date that is not in the past: a policy never changes backwards."),
    ],
    ids=["shorter", "backwards"],
)
def test_a_version_that_takes_something_away_is_refused(
    context: AppContext, hours: int, begins: dt.datetime, sentence: str
) -> None:
    with pytest.raises(actions.PolicyRefused) as refused:
        add(hours, begins)
    assert refused.value.sentence == sentence
    assert [version.number for version in queries.versions()] == [1]


def test_versions_follow_each_other(context: AppContext) -> None:
    add(48, NOON + dt.timedelta(days=30))
    with pytest.raises(actions.PolicyRefused) as refused:
        add(72, NOON + dt.timedelta(days=30))
    assert refused.value.sentence == "Choose a date after the one that version 2 begins on."


def test_before_the_first_version_nothing_is_sold(empty_app: Flask) -> None:
    with empty_app.app_context():
        with pytest.raises(queries.NoPolicy):
            queries.in_force(NOON)
        with pytest.raises(NotFound):
            queries.version(1)


def test_every_law_of_the_sample_is_off(context: AppContext) -> None:
    rows = queries.floor_rows()
    assert [row.enabled_at for row in rows] == [None] * 11
    assert sorted({row.state for row in rows}) == ["CA", "CO", "FL", "GA", "IL", "MA", "NC", "TX", "US", "WA"]


def test_a_law_is_turned_on_and_off_again(context: AppContext) -> None:
    with unit_of_work():
        actions.enable_floor(row=floor("WA"), actor=ADMIN, at=NOON)
        actions.enable_floor(row=floor("WA"), actor=ADMIN, at=NOON)
    on = queries.floors_for("WA")
    assert [(one.state, one.enabled) for one in on] == [("WA", True), ("US", False)]
    assert floor("WA").enabled_by == "P-ADMIN222"
    with unit_of_work():
        actions.disable_floor(row=floor("WA"), actor=ADMIN, at=NOON)
        actions.disable_floor(row=floor("WA"), actor=ADMIN, at=NOON)
    assert [one.enabled for one in queries.floors_for("WA")] == [False, False]
    assert events() == ["state_floor.enabled", "state_floor.disabled"]


@pytest.mark.parametrize(
    "state, reason",
    [
        ("GA", "It lets the school keep a part of the money; our refunds are whole."),
        (
            "FL",
            (
                "It counts from an event other than the agreement or the first payment. "
                "It names no number of hours or days."
            ),
        ),
    ],
    ids=["keeps-money", "no-number"],
)
def test_a_law_for_counsel_stays_off(context: AppContext, state: str, reason: str) -> None:
    with pytest.raises(actions.FloorForCounsel) as refused, unit_of_work():
        actions.enable_floor(row=floor(state), actor=ADMIN, at=NOON)
    assert refused.value.sentence == f"This row is for counsel and cannot be turned on. {reason}"
    assert floor(state).enabled_at is None


def test_a_law_that_counts_is_not_rewritten(context: AppContext) -> None:
    with unit_of_work():
        actions.enable_floor(row=floor("WA"), actor=ADMIN, at=NOON)
    row = floor("WA")
    changed = queries.floor(row)
    with unit_of_work():
        same, wrote = actions.save_floor(
            floor=changed, confidence=row.confidence, source_url=row.source_url, actor=ADMIN, at=NOON
        )
        assert (same.id, wrote) == (row.id, False)
        with pytest.raises(actions.FloorIsOn):
            actions.save_floor(floor=changed, confidence="low", source_url=None, actor=ADMIN, at=NOON)
