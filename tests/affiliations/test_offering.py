import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations import actions, offering, openings, queries, sites
from provider.affiliations.rules import OFFER_PLACES
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.tasks.models import Task
from tests.harness.sites import COORDINATOR, Supply, supply
from tests.harness.stories import token_for
from tests.harness.visitor import Visitor


def invited(app: Flask, made: Supply) -> str:
    """Send the link to offer places; returns its address."""
    with app.app_context(), unit_of_work():
        offering.send_link(queries.contact(made.contact), actor=COORDINATOR, at=clock.now())
    return f"/links/{token_for(app, OFFER_PLACES, made.contact)}"


def post(visitor: Visitor, path: str, **values: str) -> int:
    visitor.get(path)
    return visitor.client.post(path, data={"csrf_token": visitor.token(), **values}).status_code


@pytest.fixture
def made(app: Flask) -> Supply:
    with app.app_context():
        return supply(capacity=3)


def test_a_site_offers_places_with_somebody_new_and_staff_have_a_task(
    app: Flask, visitor: Visitor, made: Supply
) -> None:
    visitor.get(f"{invited(app, made)}?page=new")
    offered = {"first_on": "2031-02-03", "last_on": "2031-04-30", "places": "2", "preceptor": "new"}
    refused = visitor.submit(offered, 422)
    assert "Write who supervises, or choose somebody from the list." in refused.text
    visitor.submit({**offered, "new_name": "Kim Newcomer", "new_email": "kim@clinic.example"})
    with app.app_context():
        opening = queries.openings_of(made.site_id)[0]
        assert (opening.preceptor.name, opening.preceptor.supervises, opening.capacity) == ("Kim Newcomer", True, 2)
        assert opening.pattern.hours == "8:00 AM to 4:30 PM"
        (task,) = db.session.scalars(sa.select(Task).where(Task.kind == "site_offers"))
        assert task.about == made.site
        assert "No agreement is in force on each of these days yet." in task.sentence


def test_a_site_never_has_fewer_places_than_students_and_closes_what_it_offers(
    app: Flask, visitor: Visitor, made: Supply
) -> None:
    path = invited(app, made)
    with app.app_context():
        for _ in range(2):
            with unit_of_work():
                actions.take_place(made.opening_id)
    assert post(visitor, path, step="places", opening=made.opening, places="1") == 422
    assert post(visitor, path, step="places", opening=made.opening, places="2") == 303
    assert post(visitor, path, step="close", opening=made.opening) == 303
    with app.app_context():
        opening = queries.opening(made.opening)
        assert (opening.capacity, opening.taken, opening.state) == (2, 2, "closed")


def test_a_link_reaches_the_openings_of_its_own_site_only(app: Flask, visitor: Visitor, made: Supply) -> None:
    with app.app_context():
        other = supply()
    path = invited(app, made)
    assert post(visitor, path, step="close", opening=other.opening) == 404
    assert post(visitor, path, step="places", opening=other.opening, places="9") == 404
    with app.app_context():
        opening = queries.opening(other.opening)
        assert (opening.state, opening.capacity) == ("open", 2)


def test_a_closed_link_opens_nothing(app: Flask, visitor: Visitor, made: Supply) -> None:
    path = invited(app, made)
    with app.app_context(), unit_of_work():
        offering.close_link(queries.contact(made.contact), actor=COORDINATOR, at=clock.now())
    assert visitor.client.get(path).status_code == 410


def test_a_preceptor_of_an_open_opening_cannot_leave_before_another_is_named(app: Flask, made: Supply) -> None:
    path = invited(app, made)
    with app.app_context():
        with pytest.raises(sites.ContactNeeded), unit_of_work():
            sites.let_contact_go(queries.contact(made.contact, lock=True), actor=COORDINATOR, at=clock.now())
        with unit_of_work():
            openings.close_opening(queries.opening(made.opening, lock=True), actor=COORDINATOR, at=clock.now())
            sites.let_contact_go(queries.contact(made.contact, lock=True), actor=COORDINATOR, at=clock.now())
        with pytest.raises(offering.NobodyThere), unit_of_work():
            offering.send_link(queries.contact(made.contact), actor=COORDINATOR, at=clock.now())
    assert Visitor(app).client.get(path).status_code == 410
