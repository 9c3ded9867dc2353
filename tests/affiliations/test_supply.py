import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations import actions, openings, queries
from provider.affiliations.actions import NothingTaken, OpeningClosed, OpeningFull
from provider.affiliations.models import Opening
from provider.affiliations.openings import CapacityBelowTaken, OpeningFacts, OpeningRefused
from provider.affiliations.rules import Period
from provider.kernel.database import db, unit_of_work
from tests.harness.money import at_once
from tests.harness.sites import AHEAD, AT, COORDINATOR, DAYTIME, IN_FORCE, Supply, agree, supply
from tests.harness.statements import statements

ROUNDS = 3
DAY = dt.timedelta(days=1)


def counters(made: Supply) -> tuple[int, int]:
    db.session.rollback()
    row = db.session.execute(sa.select(Opening.taken, Opening.capacity).where(Opening.id == made.opening_id)).one()
    return row.taken, row.capacity


def take(made: Supply) -> None:
    with unit_of_work():
        actions.take_place(made.opening_id)


def change(made: Supply, **changed: object) -> None:
    with unit_of_work():
        opening = queries.opening(made.opening, lock=True)
        facts = {
            "program_id": opening.program_id,
            "preceptor_id": opening.preceptor_id,
            "period": opening.period,
            "pattern": opening.pattern,
            "capacity": opening.capacity,
        }
        wanted = OpeningFacts(**facts | changed)  # type: ignore[arg-type]
        openings.change_opening(opening, wanted, actor=COORDINATOR, at=AT)


def test_the_last_place_is_taken_once(app: Flask) -> None:
    for _ in range(ROUNDS):
        with app.app_context():
            made = supply(capacity=2)
            take(made)
        found = at_once(app, *[lambda made=made: take(made)] * 6)
        assert [one for one in found if one is None] == [None]
        assert {type(one) for one in found if one is not None} == {OpeningFull}
        with app.app_context():
            assert counters(made) == (2, 2)


def test_a_place_is_given_back_even_when_the_opening_is_closed(app: Flask) -> None:
    with app.app_context():
        made = supply(capacity=1)
        take(made)
        with unit_of_work():
            openings.close_opening(queries.opening(made.opening, lock=True), actor=COORDINATOR, at=AT)
        with pytest.raises(OpeningClosed):
            take(made)
        with unit_of_work():
            opening = queries.opening(made.opening)
            actions.free_place(made.opening_id)
            assert opening.taken == 0
        with pytest.raises(NothingTaken), unit_of_work():
            actions.free_place(made.opening_id)
        assert counters(made) == (0, 1)


def test_there_are_never_fewer_places_than_students(app: Flask) -> None:
    with app.app_context():
        made = supply(capacity=3)
        take(made)
        take(made)
        with pytest.raises(CapacityBelowTaken, match="2 students have a place here already"):
            change(made, capacity=1)
        change(made, capacity=2)
        assert counters(made) == (2, 2)
        with pytest.raises(sa.exc.IntegrityError, match="taken_at_most_capacity"), unit_of_work():
            db.session.execute(sa.update(Opening).where(Opening.id == made.opening_id).values(capacity=1))
        assert counters(made) == (2, 2)


def test_days_that_students_were_told_stay(app: Flask) -> None:
    with app.app_context():
        made = supply()
        take(made)
        with pytest.raises(OpeningRefused, match="1 place of this opening is taken"):
            change(made, period=Period(AHEAD.first_on, AHEAD.last_on - DAY))


@pytest.mark.parametrize(
    "days, is_covered",
    [
        (Period(IN_FORCE.first_on, IN_FORCE.last_on), True),
        (Period(IN_FORCE.last_on, IN_FORCE.last_on), True),
        (Period(IN_FORCE.last_on, IN_FORCE.last_on + DAY), False),
        (Period(IN_FORCE.first_on - DAY, IN_FORCE.first_on), False),
    ],
    ids=["all of it", "the last day", "a day after", "a day before"],
)
def test_an_agreement_covers_its_days_and_no_other(app: Flask, days: Period, *, is_covered: bool) -> None:
    with app.app_context():
        made = supply()
        assert queries.covered(queries.opening(made.opening), days) is is_covered


def test_a_renewal_joins_up_and_an_ended_agreement_does_not_cover_on(app: Flask) -> None:
    with app.app_context():
        made = supply()
        over_the_end = Period(IN_FORCE.last_on, IN_FORCE.last_on + 2 * DAY)
        agree(made.site, Period(IN_FORCE.last_on + DAY, IN_FORCE.last_on + 365 * DAY))
        assert queries.covered(queries.opening(made.opening), over_the_end)
        with unit_of_work():
            agreement = queries.agreement(str(made.agreement), lock=True)
            today = dt.date(2026, 11, 2)
            actions.end_agreement(agreement, today, "Both want to.", COORDINATOR, AT, both_agree=True)
        opening = queries.opening(made.opening)
        assert queries.covered(opening, Period(today, today))
        assert not queries.covered(opening, Period(today, today + DAY))


def test_what_is_covered_is_read_in_a_constant_number_of_statements(app: Flask) -> None:
    with app.app_context():
        one = supply()
        counts = []
        for made in ([one], [one, supply(), supply(agreement=None)]):
            with statements(app) as counted:
                found = queries.covering([each.location_id for each in made])
            counts.append(len(counted))
            assert found[one.location_id, one.program_id] == (IN_FORCE,)
        assert counts[0] == counts[1]


def test_closing_a_site_closes_all_that_it_offers(app: Flask) -> None:
    with app.app_context():
        made = supply()
        with unit_of_work():
            actions.close_site(queries.site(made.site, lock=True), actor=COORDINATOR, at=AT)
        opening = queries.opening(made.opening)
        states = (opening.state, opening.location.state, opening.location.site.state)
        assert states == ("closed", "closed", "closed")
        assert not queries.takes_students(opening)
        with pytest.raises(OpeningClosed):
            take(made)


def test_the_zone_of_a_location_is_that_of_its_zip_code(app: Flask) -> None:
    with app.app_context():
        known, unknown = supply(zip_code="60601"), supply(zip_code="99999")
        found = [queries.location(made.location) for made in (known, unknown)]
        assert [one.zone for one in found] == ["America/Chicago", "America/New_York"]
        assert [one.latitude is None for one in found] == [False, True]


def test_the_pattern_of_an_opening_is_kept(app: Flask) -> None:
    with app.app_context():
        assert queries.opening(supply(pattern=DAYTIME).opening).pattern == DAYTIME
