import re
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import PASSWORD as PASSWORD_LINK
from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind
from tests.harness.season import Season
from tests.harness.stories import PASSWORD, person, sign_in, staff, token_for
from tests.harness.visitor import Visitor

Colleague = Callable[..., Visitor]


def roles_of(app: Flask, email: str) -> set[Role]:
    with app.app_context():
        return set(db.session.scalars(sa.select(Person).where(Person.email == email)).one().roles)


def test_an_invited_colleague_chooses_a_password_and_gets_in(
    app: Flask, admin: Visitor, visitors: Callable[[], Visitor]
) -> None:
    admin.get("/staff/people/new")
    page = admin.submit({"name": "Bea", "email": "Bea@Example.org", "roles": ["bursar", "editor"]})
    assert page.words(".notice--success") == "A letter with a link is on its way to bea@example.org."
    with app.app_context():
        letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "staff_invitation")).one()
        assert (letter.recipient, letter.values["roles"]) == ("bea@example.org", ["Bursar", "Editor"])
    bea = visitors()
    bea.get(f"/links/{token_for(app, PASSWORD_LINK, person(app, 'bea@example.org'))}")
    bea.submit({"password": PASSWORD})
    assert sign_in(bea, "bea@example.org").path == "/staff"
    assert roles_of(app, "bea@example.org") == {Role.BURSAR, Role.EDITOR}


def test_an_invitation_wants_a_name_an_address_and_a_role(app: Flask, admin: Visitor) -> None:
    admin.get("/staff/people/new")
    page = admin.submit({"name": "Bea", "email": "a@example.org, b@example.org"}, 422)
    assert list(page.errors) == ["email", "roles"]
    assert page.all("#field-name")[0].attrs["value"] == "Bea"
    assert list(admin.submit({"name": "Bea", "email": "bea@example.org", "roles": ["emperor"]}, 422).errors) == [
        "roles"
    ]


def test_a_role_taken_away_is_gone_at_the_next_click(app: Flask, admin: Visitor, colleague: Colleague) -> None:
    address = staff(app, Role.BURSAR, Role.EDITOR)
    bursar = colleague(Role.AUDITOR)
    sign_in(bursar, address)
    bursar.get("/staff/payments")
    admin.get(f"/staff/people/{person(app, address)}")
    admin.submit({"roles": ["editor"]})
    assert roles_of(app, address) == {Role.EDITOR}
    bursar.get("/staff/payments", 303)
    sign_in(bursar, address)
    bursar.get("/staff/payments", 403)


def test_the_last_administrator_stays(app: Flask, visitor: Visitor) -> None:
    address = staff(app, Role.ADMIN)
    sign_in(visitor, address)
    path = f"/staff/people/{person(app, address)}"
    visitor.get(path)
    page = visitor.submit({"roles": ["editor"]}, 422)
    sentence = "This is the last administrator who can sign in. Make another one first."
    assert page.errors == {"_schema": [sentence]}
    visitor.post(f"{path}/disable", {})
    assert visitor.follow().words(".notice--bad") == sentence
    assert roles_of(app, address) == {Role.ADMIN}


def test_a_locked_colleague_is_out_at_once_and_can_be_let_in_again(
    app: Flask, admin: Visitor, visitor: Visitor
) -> None:
    address = staff(app, Role.BURSAR)
    sign_in(visitor, address)
    path = f"/staff/people/{person(app, address)}"
    admin.get(path)
    admin.post(f"{path}/disable", {})
    assert "Locked" in admin.follow().words(".heading")
    visitor.get("/staff", 303)
    visitor.get("/sign-in")
    visitor.submit({"email": address, "password": PASSWORD}, 422)
    admin.post(f"{path}/enable", {})
    assert sign_in(visitor, address).path == "/staff"


def test_a_task_is_done_once_with_a_remark(app: Flask, colleague: Colleague) -> None:
    with app.app_context(), unit_of_work():
        task = raise_task(
            kind=TaskKind.ANSWER_MESSAGE, key="k", sentence="Answer <b>Ana</b>", at=clock.now(), about=None
        ).reference
    coordinator = colleague(Role.COORDINATOR)
    assert "Answer <b>Ana</b>" in coordinator.get("/staff/tasks").words("tbody")
    coordinator.get(f"/staff/tasks/{task}")
    assert list(coordinator.submit({"remark": "x" * 1001}, 422).errors) == ["remark"]
    page = coordinator.submit({"remark": "Called her."})
    assert page.words(".empty") == "No task is open."
    assert "Sam Staff" in coordinator.get("/staff/tasks?state=done").words("tbody")
    page = coordinator.get(f"/staff/tasks/{task}")
    assert "Called her." in page.words()
    assert coordinator.post(f"/staff/tasks/{task}", {}, 422).errors == {
        "_schema": ["Somebody has done this task already."]
    }


def test_letters_are_listed_by_state_and_a_failed_one_is_sent_again(
    app: Flask, cardless: Season, colleague: Colleague
) -> None:
    bursar = colleague(Role.BURSAR)
    page = bursar.get("/staff/mail?state=failed")
    (link,) = page.all("tbody th a")
    page = bursar.get(link.attrs["href"])
    assert "550 5.1.1 No such mailbox" in page.words(".notice--bad")
    page = bursar.submit({})
    assert page.words(".notice--success") == "The letter is queued again."
    assert page.words(".heading__more") == LetterState.QUEUED.label
    assert bursar.get("/staff/mail?state=failed").words(".empty") == "No letter is in this state."


def test_a_letter_is_shown_as_sent_but_its_personal_link_is_not(
    app: Flask, cardless: Season, colleague: Colleague
) -> None:
    with app.app_context():
        query = sa.select(OutboxLetter.reference).where(
            OutboxLetter.template == "enrollment_received", OutboxLetter.state == LetterState.SENT
        )
        reference = db.session.scalars(query).first()
    page = colleague(Role.AUDITOR).get(f"/staff/mail/{reference}")
    assert "[personal link]" in page.words(".letter")
    assert re.search(r"/links/\w", page.text) is None
    assert page.all("main form") == []
