"""Whose a credit request is: taking it, giving it to somebody, and what becomes of it when they may not any more."""

import datetime as dt
from collections.abc import Callable, Collection

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.credits import owning, queries, recalling, registrar, reminding, working
from provider.credits.models import CreditRequest
from provider.credits.refusals import CannotOwn, OwnedAlready, RequestOver
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.mail import addresses
from provider.tasks import actions as tasks
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from tests.harness import college_credit
from tests.harness.externs import active
from tests.harness.money import at_once, letters
from tests.harness.people import submit_to
from tests.harness.soak import repetitions
from tests.harness.stories import PASSWORD, person, sign_in, staff
from tests.harness.visitor import Page, Visitor

ANA = "ana@example.org"
AT = dt.datetime(2027, 3, 1, 17, tzinfo=dt.UTC)  # noon in New York, where the school is
DAY = dt.timedelta(days=1)
LIST = "/staff/credit-requests"


@pytest.fixture
def asked(app: Flask) -> str:
    """A request that waits for its check, by reference."""
    with app.app_context():
        active(email=ANA)
        return college_credit.asked(ANA)


@pytest.fixture
def kim(app: Flask) -> str:
    """A credit officer, by reference."""
    return officer(app)


def officer(app: Flask) -> str:
    email = staff(app, Role.CREDIT_OFFICER)
    with app.app_context():
        return person(app, email)


def owner(reference: str) -> str | None:
    return college_credit.request(reference).assigned_to


def told(reference: str) -> list[tuple[str, dict[str, str], str | None]]:
    """Return who had a request since when, as the history tells it, and who did it."""
    query = sa.select(History.event, History.data, History.actor_reference).where(
        History.subject_reference == reference, History.event.in_(["credit_request.assigned", "credit_request.freed"])
    )
    return [
        (event.rpartition(".")[2], data, who) for event, data, who in db.session.execute(query.order_by(History.id))
    ]


def by(who: str) -> Actor:
    return Actor(ActorKind.STAFF, who)


def give(reference: str, to: str | None, actor: Actor, may_own: Collection[str] | None = None) -> None:
    with unit_of_work():
        found = queries.by_reference(reference, lock=True)
        may_own = people.holders(*owning.TAKES) if may_own is None else may_own
        owning.assign(request=found, to=to, may_own=may_own, actor=actor, at=clock.now())


def take(reference: str, who: str) -> None:
    with unit_of_work():
        found = queries.by_reference(reference, lock=True)
        owning.take(request=found, may_own=people.holders(*owning.TAKES), actor=by(who), at=clock.now())


def test_a_request_is_taken_given_to_a_colleague_and_given_back(app: Flask, asked: str, kim: str) -> None:
    lee = officer(app)
    with app.app_context():
        assert owner(asked) is None
        take(asked, kim)
        take(asked, kim)  # a second click
        give(asked, lee, by(kim))
        with pytest.raises(OwnedAlready):
            take(asked, kim)
        give(asked, None, by(lee))
        assert owner(asked) is None
        assert told(asked) == [
            ("assigned", {"new": kim}, kim),
            ("assigned", {"old": kim, "new": lee}, kim),
            ("freed", {"old": lee}, lee),
        ]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COORDINATOR, None], ids=["auditor", "coordinator", "student"])
def test_only_who_may_decide_on_credit_is_given_a_request(app: Flask, asked: str, kim: str, role: Role | None) -> None:
    other = staff(app, *([role] if role else []))
    with app.app_context():
        with pytest.raises(CannotOwn):
            give(asked, person(app, other), by(kim))
        db.session.rollback()
        assert (owner(asked), told(asked)) == (None, [])


def test_what_has_ended_is_nobodys_to_take(app: Flask, asked: str, kim: str) -> None:
    with app.app_context():
        take(asked, kim)
        college_credit.close(asked)
        with pytest.raises(RequestOver):
            give(asked, None, by(kim))
        db.session.rollback()
        assert owner(asked) == kim


def test_who_verifies_what_is_nobodys_has_it_from_then_on(app: Flask, asked: str, kim: str) -> None:
    lee = officer(app)

    def verify(reference: str, who: str) -> None:
        with unit_of_work():
            found = queries.by_reference(reference, lock=True)
            working.verify(request=found, seen=found.consent_at, actor=by(who), at=clock.now())

    with app.app_context():
        verify(asked, kim)
        assert (owner(asked), told(asked)) == (kim, [("assigned", {"new": kim}, kim)])
        college_credit.ask_information(asked)
        college_credit.change(asked, college_credit.wanted(ANA), answer="North")
        verify(asked, lee)
        assert owner(asked) == kim


def locked(who: str) -> None:
    accounts.disable(person=people.by_reference(who, lock=True), actor=SYSTEM, at=clock.now())


def without_role(who: str) -> None:
    accounts.set_roles(
        person=people.by_reference(who, lock=True), roles=frozenset({Role.AUDITOR}), actor=SYSTEM, at=clock.now()
    )


def as_admin(who: str) -> None:
    accounts.set_roles(
        person=people.by_reference(who, lock=True), roles=frozenset({Role.ADMIN}), actor=SYSTEM, at=clock.now()
    )


@pytest.mark.parametrize(
    "change, keeps", [(locked, False), (without_role, False), (as_admin, True)], ids=["locked", "auditor", "admin"]
)
def test_who_may_not_decide_any_more_gives_back_what_is_not_over(
    app: Flask, asked: str, kim: str, change: Callable[[str], None], *, keeps: bool
) -> None:
    lee = officer(app)
    with app.app_context():
        college_credit.close(asked)
        over, running, lees = asked, college_credit.ask(ANA), _of_another()
        with unit_of_work():
            db.session.execute(sa.update(CreditRequest).where(CreditRequest.reference == over).values(assigned_to=kim))
        take(running, kim)
        take(lees, lee)
        with unit_of_work():
            change(kim)
        assert (owner(over), owner(running), owner(lees)) == (kim, kim if keeps else None, lee)
        freed = [] if keeps else [("freed", {"old": kim}, None)]
        assert told(running) == [("assigned", {"new": kim}, kim), *freed]


def _of_another() -> str:
    active(email="ben@example.org")
    return college_credit.asked("ben@example.org")


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_of_many_who_take_a_request_at_once_one_has_it(app: Flask, asked: str, _round: int) -> None:
    officers = [officer(app) for _ in range(4)]

    def taking(who: str) -> Callable[[], str]:
        def work() -> str:
            found = queries.by_reference(asked, lock=True)
            may_own = people.holders(*owning.TAKES)
            owning.take(request=found, may_own=may_own, actor=by(who), at=clock.now())
            return who

        return lambda: retrying(work)

    found = at_once(app, *[taking(who) for who in officers])
    (winner,) = (one for one in found if isinstance(one, str))
    assert sum(isinstance(one, OwnedAlready) for one in found) == 3
    with app.app_context():
        assert (owner(asked), told(asked)) == (winner, [("assigned", {"new": winner}, winner)])


def signed_in(app: Flask, *roles: Role) -> Visitor:
    visitor = Visitor(app)
    sign_in(visitor, staff(app, *roles))
    return visitor


def owners(page: Page, column: int, table: str = "table") -> list[str]:
    """Return a column of a list, as words."""
    rows = [row.query("th, td") for row in page.all(f"{table} tbody tr")]
    return [" ".join(row[column].to_text().split()) for row in rows if len(row) > column]


def test_staff_take_a_request_find_it_among_theirs_and_give_it_back(app: Flask, asked: str) -> None:
    visitor, running = signed_in(app, Role.CREDIT_OFFICER), "section[aria-labelledby=running] table"
    assert owners(visitor.get(LIST), 4) == ["–"]
    assert owners(visitor.get("/staff"), 3, running) == ["Any credit officer"]
    assert owners(visitor.get("/staff?owner=mine"), 3, running) == []
    visitor.get(f"{LIST}/{asked}")
    submit_to(visitor, "/take", {})
    page = visitor.get(f"{LIST}/{asked}")
    assert "Who looks after it Sam Staff" in page.words()
    assert "Credit request given to Sam Staff" in page.words()
    assert not page.all(f"form[action='{LIST}/{asked}/take']")
    for narrowed, shown in (("", ["Sam Staff"]), ("?owner=mine", ["Sam Staff"]), ("?owner=nobody", [])):
        assert owners(visitor.get(f"{LIST}{narrowed}"), 4) == shown
        assert owners(visitor.get(f"/staff{narrowed}"), 3, running) == shown
    visitor.get(f"{LIST}/{asked}")
    submit_to(visitor, "/assign", {"owner": ""})
    with app.app_context():
        assert owner(asked) is None


def test_a_request_is_given_to_a_colleague_by_name_and_to_nobody_else(app: Flask, asked: str, kim: str) -> None:
    visitor = signed_in(app, Role.CREDIT_OFFICER)
    visitor.get(f"{LIST}/{asked}")
    submit_to(visitor, "/assign", {"owner": kim})
    with app.app_context():
        assert owner(asked) == kim
    visitor.get(f"{LIST}/{asked}")
    page = submit_to(visitor, "/assign", {"owner": "P-22222222"}, 422)
    assert "Choose somebody who may check and send credit requests." in page.words()
    with app.app_context():
        assert owner(asked) == kim


@pytest.mark.one_database("sqlite")
def test_a_student_reads_who_looks_after_their_request(app: Flask, asked: str, kim: str) -> None:
    with app.app_context():
        with unit_of_work():
            set_password(
                person=people.by_reference(college_credit.request(asked).about),
                password_hash=hash_password(PASSWORD),
                actor=SYSTEM,
                at=clock.now(),
            )
        db.session.remove()
    visitor = Visitor(app)
    sign_in(visitor, ANA)
    assert "a credit officer takes your request; nobody has yet." in visitor.get(f"/my/credit-requests/{asked}").words()
    with app.app_context():
        take(asked, kim)
        db.session.remove()
    assert (
        "Sam Staff looks after your request at Sample School of Health Careers."
        in visitor.get(f"/my/credit-requests/{asked}").words()
    )


def test_who_only_looks_reads_whose_it_is_and_changes_nothing(app: Flask, asked: str, kim: str) -> None:
    with app.app_context():
        take(asked, kim)
    page = signed_in(app, Role.AUDITOR).get(f"{LIST}/{asked}")
    assert "Who looks after it Sam Staff" in page.words()
    assert not page.all(f"form[action^='{LIST}/{asked}']")


@pytest.fixture
def silent(app: Flask, kim: str) -> str:
    """A request of Kim's whose college has had two reminders, by reference."""
    with app.app_context():
        active(email=ANA)
        reference = college_credit.sent(ANA, owner=kim, at=AT)
        remind(reference)
    return reference


def remind(reference: str, *, after: dt.timedelta = 30 * DAY) -> None:
    with unit_of_work():
        reminding.remind(reference=reference, at=AT + after)


def whose(kind: TaskKind) -> list[str | None]:
    """Return whose the open tasks of a kind are, as stored now."""
    db.session.expire_all()
    query = sa.select(Task.owner_reference).where(Task.kind == kind, Task.state == TaskState.OPEN)
    return list(db.session.scalars(query.order_by(Task.id)))


def test_the_task_to_ask_a_college_is_whose_the_request_is_and_goes_on_with_it(
    app: Flask, silent: str, kim: str
) -> None:
    lee = officer(app)
    with app.app_context():
        assert whose(TaskKind.CREDIT_UNDECIDED) == [kim]
        for to in (lee, None, kim):
            give(silent, to, by(kim))
            assert whose(TaskKind.CREDIT_UNDECIDED) == [to]
        with unit_of_work():
            without_role(kim)
        assert (owner(silent), whose(TaskKind.CREDIT_UNDECIDED)) == (None, [None])


def test_a_task_that_was_given_to_another_colleague_stays_with_them(app: Flask, silent: str, kim: str) -> None:
    lee, max_ = officer(app), officer(app)
    with app.app_context():
        with unit_of_work():
            task = db.session.scalars(sa.select(Task).where(Task.kind == TaskKind.CREDIT_UNDECIDED)).one()
            tasks.plan(task=task, owner=max_, due_on=task.due_on, may_own={max_}, actor=by(kim), at=AT + 30 * DAY)
        give(silent, lee, by(kim))
        assert whose(TaskKind.CREDIT_UNDECIDED) == [max_]


def test_what_is_nobodys_is_anybodys_task(app: Flask, silent: str, kim: str) -> None:
    with app.app_context():
        college_credit.decide(silent, at=AT + 31 * DAY)
        assert whose(TaskKind.CREDIT_UNDECIDED) == []
        active(email="ben@example.org")
        other = college_credit.sent("ben@example.org", at=AT)
        give(other, None, by(kim))
        remind(other)
        assert whose(TaskKind.CREDIT_UNDECIDED) == [None]


def test_a_letter_that_follows_one_taken_back_is_asked_about_anew(app: Flask, silent: str, kim: str) -> None:
    with app.app_context():
        later = AT + 31 * DAY
        with unit_of_work():
            row = queries.by_reference(silent, lock=True)
            recalling.revoke(request=row, reason="A wrong day.", public_reason=None, actor=by(kim), at=later)
        assert whose(TaskKind.CREDIT_UNDECIDED) == []
        college_credit.verify(silent, at=later)
        college_credit.send(silent, at=later)
        remind(silent, after=62 * DAY)
        assert whose(TaskKind.CREDIT_UNDECIDED) == [kim]
        college_credit.decide(silent, at=AT + 63 * DAY)
        assert whose(TaskKind.CREDIT_UNDECIDED) == []


def test_a_letter_that_comes_back_is_a_task_of_whose_request_it_was_about(app: Flask, silent: str, kim: str) -> None:
    with app.app_context():
        (letter,) = letters(college_credit.request(silent).about, registrar.TEMPLATE)
        with unit_of_work():
            addresses.came_back(letter, said="550 5.1.1 No such user.", at=AT + DAY, hard=True)
        assert whose(TaskKind.REGISTRAR_UNREACHED) == [kim]
