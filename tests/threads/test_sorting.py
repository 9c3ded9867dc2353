from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.history.actions import note
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, hold, retrying, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.threads import queries, sorting
from provider.threads.models import Thread
from provider.threads.rules import MERGEABLE, Standing, ThreadState
from tests.harness import audit
from tests.harness.money import at_once
from tests.harness.papers import STAFF, person
from tests.harness.soak import repetitions
from tests.harness.stories import staff
from tests.harness.threads import answer, merge, move, opened, thread, wrote_again
from tests.harness.unguarded import looked_first

pytestmark = pytest.mark.usefixtures("context")


def texts(reference: str) -> list[str]:
    return [one.text for one in queries.messages(thread(reference))]


def test_two_threads_of_one_writer_go_into_the_older_and_answers_to_either_arrive_there() -> None:
    older, newer = opened(text="one"), opened(text="two")
    answer(newer, "answer to two")
    letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "thread_answer")).one()
    assert merge(newer, older) == older
    assert texts(older) == ["one", "two", "answer to two"]
    found = queries.of_letter(letter.id)
    assert found is not None
    assert found.reference == older
    assert (thread(newer).state, thread(older).state) == (ThreadState.MERGED, ThreadState.WAITING)
    assert queries.living(thread(newer)).reference == older


def test_what_must_not_be_put_together_is_refused_in_words() -> None:
    one, other, held = opened(), opened(), opened(email="boss@example.org", standing=Standing.STAFF_UNPROVED)
    strange = opened(email="another@example.com")
    same = thread(one)
    with pytest.raises(sorting.SameThread):
        sorting.merge(same, same, actor=STAFF, at=clock.now())
    with pytest.raises(sorting.OfTwoPeople):
        merge(one, strange)
    with pytest.raises(sorting.NotMergeable):
        merge(one, held)
    merge(one, other)
    with pytest.raises(sorting.NotMergeable):
        merge(opened(), other)


@pytest.mark.parametrize("into", ["itself", "a later one"])
def test_the_database_lets_a_thread_go_into_an_older_one_alone(into: str) -> None:
    older, newer = thread(opened()).id, thread(opened()).id
    target = {"itself": older, "a later one": newer}[into]
    change = sa.update(Thread).where(Thread.id == older)
    with pytest.raises(sa.exc.IntegrityError, match="merged_into_an_older"), unit_of_work():
        db.session.execute(change.values(state=ThreadState.MERGED, merged_into_id=target, waiting_since=None))


def merged(pair: tuple[str, str]) -> bool:
    """Put two threads together, unless one of them is a part of another by now."""
    try:
        merge(*pair)
    except sorting.NotMergeable:
        return False
    return True


def times(reference: str) -> int:
    """Return how often a thread was put into another, as the history tells it."""
    query = sa.select(sa.func.count()).where(History.subject_reference == reference, History.new_state == "merged")
    return db.session.scalar(query) or 0


@pytest.mark.parametrize("_round", range(repetitions(60)))
def test_two_who_merge_at_once_lose_no_message_and_double_none(app: Flask, _round: int) -> None:
    first, second, third = (opened(text=text) for text in ("one", "two", "three"))
    db.session.remove()
    pairs = ((third, second), (second, first), (third, second), (second, first))
    at_once(app, *(partial(merged, pair) for pair in pairs))
    living = {queries.living(thread(reference)).reference for reference in (first, second, third)}
    assert sorted(text for reference in living for text in texts(reference)) == ["one", "three", "two"]
    gone = {first, second, third} - living
    assert all(texts(reference) == [] for reference in gone)
    assert [times(reference) for reference in (first, second, third)] == [
        int(reference in gone) for reference in (first, second, third)
    ]
    db.session.remove()
    audit.assert_clean(app)


def test_without_the_lock_a_message_stands_where_nobody_sees_it_and_one_thread_is_merged_twice(app: Flask) -> None:
    first, second, third = (opened(text=text) for text in ("one", "two", "three"))
    ids = {reference: thread(reference).id for reference in (first, second, third)}
    db.session.remove()

    def look(newer: str, older: str) -> bool:
        return all(queries.by_reference(one).state in MERGEABLE for one in (newer, older))

    def write(newer: str, older: str) -> None:
        moved = "UPDATE thread_message SET thread_id = :into WHERE thread_id = :it"
        gone = "UPDATE thread SET state = 'merged', merged_into_id = :into, waiting_since = NULL WHERE id = :it"
        for statement in (moved, gone):
            db.session.execute(sa.text(statement), {"into": ids[older], "it": ids[newer]})
        it, states = queries.by_reference(newer), (ThreadState.WAITING, ThreadState.MERGED)
        note(it, "thread.merged", actor=STAFF, at=clock.now(), old=states[0], new=states[1])

    pairs = ((second, first), (second, first), (third, second))
    saw = looked_first(app, *((partial(look, *pair), partial(write, *pair)) for pair in pairs), in_turn=True)
    assert saw == [True, True, True]
    assert (texts(first), texts(second), thread(second).state) == (["one", "two"], ["three"], ThreadState.MERGED)
    assert (times(second), times(third)) == (2, 1)
    db.session.remove()
    assert any(line.startswith("history_has_each_change_once") for line in audit.found(app))


def test_a_message_is_taken_apart_and_believed_no_more_than_before() -> None:
    reference = opened(text="one")
    wrote_again(reference, "two", email="eve@example.com")
    with unit_of_work():
        held = queries.by_reference(reference, lock=True)
        second = queries.messages(held)[1]
        own = sorting.split(held, second, others=1, subject="Two", actor=STAFF, at=clock.now()).reference
    found = thread(own)
    assert (texts(reference), texts(own)) == (["one"], ["two"])
    assert (found.correspondent, found.standing, found.state, found.person_id) == (
        "eve@example.com", Standing.UNKNOWN, ThreadState.WAITING, None,
    )  # fmt: skip
    (only,) = queries.messages(found)
    with pytest.raises(sorting.OnlyMessage):
        sorting.split(found, only, others=0, subject="x", actor=STAFF, at=clock.now())


def test_held_mail_and_spam_wait_since_they_came_once_they_are_brought_back() -> None:
    reference = ""
    for standing, verb in ((Standing.STAFF_UNPROVED, None), (Standing.UNKNOWN, sorting.mark_as_spam)):
        reference = opened(standing=standing)
        if verb is not None:
            move(reference, verb)
        assert thread(reference).waiting_since is None
        move(reference, sorting.bring_back)
        found = thread(reference)
        assert (found.state, found.waiting_since) == (ThreadState.WAITING, found.last_at)
    with pytest.raises(IllegalTransition):
        move(reference, sorting.bring_back)


def test_closed_mail_opens_again_when_its_writer_writes() -> None:
    reference = opened()
    move(reference, sorting.close)
    wrote_again(reference)
    assert thread(reference).state is ThreadState.WAITING


def test_only_who_answers_the_mailbox_is_given_its_mail() -> None:
    reference = opened()
    with unit_of_work():
        held = queries.by_reference(reference, lock=True)
        with pytest.raises(sorting.CannotHave):
            sorting.assign(held, "P-33333333", may_have=["P-22222222"], actor=STAFF, at=clock.now())
        sorting.assign(held, "P-22222222", may_have=["P-22222222"], actor=STAFF, at=clock.now())
        sorting.assign(held, None, may_have=[], actor=STAFF, at=clock.now())
    events = sa.select(History.event).where(History.subject_reference == reference).order_by(History.id)
    assert db.session.scalars(events).all() == ["thread.waiting", "thread.assigned", "thread.freed"]


FOUR = [f"P-{digit * 8}" for digit in "2345"]


def given(reference: str) -> list[tuple[str, dict[str, str]]]:
    """Return how often and to whom a thread was given, as the history tells it."""
    query = sa.select(History.event, History.data).where(
        History.subject_reference == reference, History.event.in_(["thread.assigned", "thread.freed"])
    )
    return [(event, data) for event, data in db.session.execute(query.order_by(History.id))]


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_of_many_who_take_messages_at_once_one_has_them(app: Flask, _round: int) -> None:
    reference = opened()
    db.session.remove()

    def take(who: str) -> str:
        def work() -> str:
            held = queries.by_reference(reference, lock=True)
            sorting.take(held, may_have=FOUR, actor=Actor(ActorKind.STAFF, who), at=clock.now())
            return who

        return retrying(work)

    found = at_once(app, *(partial(take, who) for who in FOUR))
    (winner,) = (one for one in found if isinstance(one, str))
    assert sum(isinstance(one, sorting.ThreadTaken) for one in found) == 3
    assert (thread(reference).assigned_to, given(reference)) == (winner, [("thread.assigned", {"new": winner})])
    db.session.remove()
    assert take(winner) == winner  # a second click
    assert given(reference) == [("thread.assigned", {"new": winner})]


def test_without_the_lock_each_takes_them_and_the_last_one_has_them(app: Flask) -> None:
    """The control: whose they are is looked at first, and written afterwards."""
    reference = opened()
    db.session.remove()

    def nobodys() -> bool:
        return queries.by_reference(reference).assigned_to is None

    def take(who: str) -> None:
        it = queries.by_reference(reference)
        it.assigned_to = who
        note(it, "thread.assigned", actor=Actor(ActorKind.STAFF, who), at=clock.now(), data={"new": who})

    assert looked_first(app, *((nobodys, partial(take, who)) for who in FOUR)) == [True] * 4
    assert sorted(data["new"] for _, data in given(reference)) == FOUR


def test_who_may_not_answer_a_mailbox_any_more_gives_its_mail_back(app: Flask) -> None:
    kim = person(staff(app, Role.COORDINATOR)).reference
    boxes = (Mailbox.EXTERNSHIP, Mailbox.ENQUIRIES)
    threads = [opened(mailbox=box) for box in boxes]
    with unit_of_work():
        for reference in threads:
            held = queries.by_reference(reference, lock=True)
            sorting.assign(held, kim, may_have=[kim], actor=STAFF, at=clock.now())

    def owners(change: Callable[..., None], **given: object) -> list[str | None]:
        with unit_of_work():
            change(person=people.by_reference(kim, lock=True), actor=STAFF, at=clock.now(), **given)
        return [thread(reference).assigned_to for reference in threads]

    assert owners(accounts.set_roles, roles=frozenset({Role.ADMISSIONS})) == [None, kim]
    assert owners(accounts.disable) == [None, None]


def test_putting_mail_beside_a_student_proves_nobody() -> None:
    with unit_of_work():
        known = {"email": "ana@example.com", "name": "Ana", "zone": "UTC", "created_at": clock.now()}
        hold(Person(reference="P-33333333", **known))
    ana = person("ana@example.com")
    unknown = opened()
    proved = opened(email=ana.email, standing=Standing.PROVED)
    with unit_of_work():
        held = queries.by_reference(unknown, lock=True)
        sorting.put_beside(held, person=ana, about=ana.reference, actor=STAFF, at=clock.now())
    assert (thread(unknown).standing, thread(unknown).person_id) == (Standing.CLAIMED, ana.id)
    with unit_of_work():
        sorting.put_beside(
            queries.by_reference(unknown, lock=True), person=None, about=None, actor=STAFF, at=clock.now()
        )
        sorting.put_beside(
            queries.by_reference(proved, lock=True), person=None, about=None, actor=STAFF, at=clock.now()
        )
    assert (thread(unknown).standing, thread(unknown).person_id) == (Standing.UNKNOWN, None)
    assert (thread(proved).standing, thread(proved).person_id) == (Standing.PROVED, ana.id)
