"""Two who ask at the same instant: one request; and a control that shows the race where the guards are off."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.enrollments.queries import by_reference
from provider.externships import queries, requests
from provider.externships.models import ExternshipRequest
from provider.externships.requests import AskedAlready
from provider.externships.rules import RequestState
from provider.kernel import references
from provider.kernel.database import db, retrying, unit_of_work
from tests.harness.externs import ASKED, STUDENT, WISHES, graduate
from tests.harness.money import at_once, letters, stored
from tests.harness.soak import repetitions


def by_student(reference: str) -> str:
    """Ask as the page does."""
    return retrying(
        lambda: requests.ask(enrollment=by_reference(reference), wanted=WISHES, actor=STUDENT, at=ASKED).reference
    )


def requests_of(enrollment: str) -> int:
    query = sa.select(sa.func.count()).select_from(ExternshipRequest)
    return db.session.scalars(query.where(ExternshipRequest.enrollment_id == stored(enrollment).id)).one()


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_eight_who_ask_at_once_get_one_request_and_are_led_to_it(app: Flask, _round: int) -> None:
    with app.app_context():
        enrollment = graduate()
    found = at_once(app, *[lambda: by_student(enrollment)] * 8)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "AskedAlready": 7}
    with app.app_context():
        assert requests_of(enrollment) == 1
        assert {one.reference for one in found if isinstance(one, AskedAlready)} == {
            next(one for one in found if isinstance(one, str))
        }
        assert len(letters(enrollment, "externship_asked")) == 1


def unguarded(enrollment: str, barrier: threading.Barrier) -> None:
    """Ask like `requests.ask`, but without holding the enrollment: read, then insert."""
    row = by_reference(enrollment)
    enrollment_id, found = row.id, queries.open_of(row.id)
    db.session.rollback()
    barrier.wait()
    if found is not None:
        raise AskedAlready(found.reference)
    with unit_of_work():
        values = {name: getattr(WISHES, name) for name in WISHES.__slots__ if name != "locations"}
        reference = references.new("XR")
        db.session.add(
            ExternshipRequest(
                reference=reference, enrollment_id=enrollment_id, state=RequestState.READY, asked_at=ASKED, **values
            )
        )


@pytest.mark.parametrize("guarded", [True, False], ids=["with the index", "without it"])
def test_without_the_index_the_same_askers_get_a_request_each(app: Flask, *, guarded: bool) -> None:
    with app.app_context():
        enrollment = graduate()
        if not guarded:
            with unit_of_work():
                db.session.execute(sa.text("DROP INDEX uq_externship_request_open"))
    barrier = threading.Barrier(8)
    at_once(app, *[lambda: unguarded(enrollment, barrier)] * 8)
    with app.app_context():
        assert requests_of(enrollment) == (1 if guarded else 8)
