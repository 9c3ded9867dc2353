"""What an administrator sees and does about how colleagues sign in; what is done counts from their next request."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts import queries
from provider.accounts.models import Person, PersonSession, RoleGrant
from provider.accounts.rules import PASSWORD as PURPOSE
from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.factors import set_factor, unused_code
from tests.harness.people import submit_to
from tests.harness.stories import PASSWORD, person, sign_in, staff, token_for
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
Colleague = Callable[..., Visitor]


def is_in(visitor: Visitor) -> bool:
    return visitor.client.get("/staff").status_code == 200


def last(app: Flask) -> tuple[str, str | None]:
    """Return what was remembered last of a person, and who did it."""
    with app.app_context():
        query = sa.select(History).where(History.event.like("person.%")).order_by(History.id.desc()).limit(1)
        row = db.session.scalars(query).one()
        return row.event, row.actor_reference


def test_one_session_of_a_colleague_is_ended_and_the_others_stay(app: Flask, admin: Visitor) -> None:
    email, one, other = staff(app, Role.BURSAR), Visitor(app), Visitor(app)
    sign_in(one, email)
    sign_in(other, email)
    page = admin.get(f"/staff/people/{person(app, email)}")
    (newest, _) = page.all("input[name=session]")
    admin.post(f"/staff/people/{person(app, email)}/sessions/end", {"session": newest.attrs["value"]})
    assert sorted([is_in(one), is_in(other)]) == [False, True]
    assert last(app)[0] == "person.session_ended"


def test_a_session_is_ended_only_on_the_page_of_its_person(app: Flask, admin: Visitor, colleague: Colleague) -> None:
    bursar, editor = colleague(Role.BURSAR), staff(app, Role.EDITOR)
    with app.app_context():
        query = sa.select(PersonSession.reference).join(RoleGrant, RoleGrant.person_id == PersonSession.person_id)
        session = db.session.scalars(query.where(RoleGrant.role == Role.BURSAR)).one()
    admin.get("/staff/people")
    admin.post(f"/staff/people/{person(app, editor)}/sessions/end", {"session": session}, 404)
    assert is_in(bursar)


def test_all_sessions_of_a_colleague_are_ended(app: Flask, admin: Visitor) -> None:
    email, one, other = staff(app, Role.BURSAR), Visitor(app), Visitor(app)
    sign_in(one, email)
    sign_in(other, email)
    admin.get(f"/staff/people/{person(app, email)}")
    page = submit_to(admin, "/sessions/end-all", {})
    assert "Nowhere at present." in page.words()
    assert not is_in(one)
    assert not is_in(other)


def test_a_second_factor_is_reset_for_somebody_else(app: Flask, admin: Visitor) -> None:
    email, visitor = staff(app, Role.BURSAR), Visitor(app)
    set_factor(app, email)
    sign_in(visitor, email)
    visitor.submit({"code": unused_code(app, email)})
    assert is_in(visitor)
    admin.get(f"/staff/people/{person(app, email)}")
    page = submit_to(admin, "/second-factor-reset", {})
    assert "Second factor Not set" in page.words()
    assert not is_in(visitor)
    assert sign_in(visitor, email).path == "/staff"
    with app.app_context():
        query = sa.select(OutboxLetter).where(OutboxLetter.template == "second_factor").order_by(OutboxLetter.id)
        letters = db.session.scalars(query).all()
        assert [letter.values["what"] for letter in letters] == ["set", "reset"]
    event, who = last(app)
    assert (event, who is not None) == ("person.signed_in", True)


def test_an_administrator_does_not_reset_their_own(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.ADMIN)
    set_factor(app, email)
    sign_in(visitor, email)
    visitor.submit({"code": unused_code(app, email)})
    path = f"/staff/people/{person(app, email)}"
    page = visitor.get(path)
    assert not [form for form in page.all("main form") if "second-factor" in form.attrs.get("action", "")]
    visitor.post(f"{path}/second-factor-reset", {})
    assert "This is your own second factor." in visitor.follow().words()
    with app.app_context():
        found = queries.by_email(email)
        assert found is not None
        assert queries.second_factor(found.id) is not None


def test_who_has_none_has_none_to_reset(app: Flask, admin: Visitor) -> None:
    path = f"/staff/people/{person(app, staff(app, Role.BURSAR))}"
    admin.get(path)
    admin.post(f"{path}/second-factor-reset", {})
    assert "No second factor is set for this account." in admin.follow().words()


def invited(app: Flask, admin: Visitor) -> str:
    admin.get("/staff/people/new")
    admin.submit({"name": "Nia", "email": "nia@example.org", "roles": ["editor"]})
    return person(app, "nia@example.org")


def test_an_invitation_is_open_until_it_runs_out_and_can_be_sent_again(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        sign_in(visitor, email := staff(app, Role.ADMIN))
        reference = invited(app, visitor)
        first = token_for(app, PURPOSE, reference)
        words = visitor.get(f"/staff/people/{reference}").words()
        assert "Its link opens until November 24, 2026, 7:00:00 AM EST." in words
        moved.shift(dt.timedelta(hours=72, seconds=1))
        sign_in(visitor, email)
        assert "Invitation ran out" in visitor.get("/staff/people").words()
        visitor.get(f"/staff/people/{reference}")
        visitor.post(f"/staff/people/{reference}/invitation", {})
        second = token_for(app, PURPOSE, reference)
        Visitor(app).get(f"/links/{first}", 410)
        newcomer = Visitor(app)
        newcomer.get(f"/links/{second}")
        newcomer.submit({"password": "a new and quiet password"})
        assert sign_in(newcomer, "nia@example.org", "a new and quiet password").path == "/staff"
        assert "Can sign in" in visitor.get("/staff/people").words()
        visitor.post(f"/staff/people/{reference}/invitation", {})
        assert "There is no open invitation." in visitor.follow().words()


def test_a_withdrawn_invitation_leaves_neither_link_nor_roles(app: Flask, admin: Visitor) -> None:
    reference = invited(app, admin)
    token = token_for(app, PURPOSE, reference)
    admin.get(f"/staff/people/{reference}")
    submit_to(admin, "/invitation/withdrawal", {})
    Visitor(app).get(f"/links/{token}", 410)
    with app.app_context():
        found = queries.by_reference(reference)
        assert found.roles == frozenset()
    assert "nia@example.org" not in admin.get("/staff/people").words("main table")
    assert last(app)[0] == "person.invitation_withdrawn"


@pytest.mark.parametrize("button", ["invitation", "invitation/withdrawal"])
def test_who_has_a_password_has_no_invitation(app: Flask, admin: Visitor, button: str) -> None:
    email = staff(app, Role.EDITOR)
    admin.get("/staff/people")
    admin.post(f"/staff/people/{person(app, email)}/{button}", {})
    assert "There is no open invitation." in admin.follow().words()
    with app.app_context():
        assert db.session.scalars(sa.select(Person).where(Person.email == email)).one().roles == {Role.EDITOR}
    assert sign_in(Visitor(app), email, PASSWORD).path == "/staff"


def test_old_sessions_of_administrators_are_asked_again_before_each_of_it(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(NOON, tick=False) as moved:
        sign_in(visitor, staff(app, Role.ADMIN))
        path = f"/staff/people/{person(app, staff(app, Role.EDITOR))}"
        moved.shift(dt.timedelta(minutes=11))
        for button in (
            "sessions/end",
            "sessions/end-all",
            "second-factor-reset",
            "invitation",
            "invitation/withdrawal",
        ):
            visitor.get(path)
            assert visitor.post(f"{path}/{button}", {}, 422).title == "Confirm it is you"
