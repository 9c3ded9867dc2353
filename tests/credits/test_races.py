"""Two who ask at the same instant: one request; and a control that shows the race where the guard is off."""

import datetime as dt
import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.credits import asking, queries
from provider.credits.models import CreditRequest
from provider.credits.refusals import AskedAlready
from provider.credits.rules import CreditState
from provider.kernel import references
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from tests.harness import college_credit
from tests.harness.externs import active
from tests.harness.money import at_once, letters
from tests.harness.papers import person
from tests.harness.soak import repetitions

ANA = "ana@example.org"
AT = dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC)


def ready(app: Flask) -> None:
    with app.app_context():
        active(email=ANA)
        college_credit.passed(ANA, at=AT)


def by_student() -> str:
    """Ask as the page does."""

    def work() -> str:
        who = person(ANA)
        actor = Actor(ActorKind.STUDENT, who.reference)
        said = college_credit.wanted(ANA)
        return asking.ask(person=who, slug="ccma", wanted=said, actor=actor, at=AT).reference

    return retrying(work)


def number() -> int:
    return db.session.scalars(sa.select(sa.func.count()).select_from(CreditRequest)).one()


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_eight_who_ask_at_once_get_one_request_and_are_led_to_it(app: Flask, _round: int) -> None:
    ready(app)
    found = at_once(app, *[by_student] * 8)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "AskedAlready": 7}
    with app.app_context():
        assert number() == 1
        (made,) = (one for one in found if isinstance(one, str))
        assert {one.reference for one in found if isinstance(one, AskedAlready)} == {made}
        assert len(letters(person(ANA).reference, "credit_asked")) == 1


def unguarded(barrier: threading.Barrier) -> None:
    """Ask like `asking.ask`, but without holding the enrollment: read, then insert."""
    chance = queries.chance(person(ANA).id, "ccma")
    assert chance is not None
    assert chance.result is not None
    assert chance.enrollment is not None
    assert chance.recommendation is not None
    college = db.session.scalars(sa.text("SELECT id FROM college")).one()
    values = {
        "person_id": chance.result.person_id, "about": chance.result.about, "enrollment_id": chance.enrollment.id,
        "credential_id": chance.credential.id, "result_id": chance.result.id,
        "recommendation_id": chance.recommendation.id, "credits": 5,
    }  # fmt: skip
    found = chance.active
    db.session.rollback()
    barrier.wait()
    if found is not None:
        raise AskedAlready(found.reference)
    with unit_of_work():
        row = CreditRequest(
            reference=references.new("CR"), college_id=college, legal_name="Ana", badge_claimed=True, consent="Yes.",
            consent_at=AT, requested_at=AT, state=CreditState.REQUESTED, **values,
        )  # fmt: skip
        db.session.add(row)


@pytest.mark.parametrize("guarded", [True, False], ids=["with the index", "without it"])
def test_without_the_index_the_same_askers_get_a_request_each(app: Flask, *, guarded: bool) -> None:
    ready(app)
    with app.app_context():
        college_credit.withdraw(college_credit.ask(ANA, at=AT), at=AT)  # so that the college is known
        if not guarded:
            with unit_of_work():
                db.session.execute(sa.text("DROP INDEX uq_credit_request_active"))
    barrier = threading.Barrier(8)
    at_once(app, *[lambda: unguarded(barrier)] * 8)
    with app.app_context():
        assert number() == 1 + (1 if guarded else 8)
