"""Several at one instant around a credit request: one of them wins; and controls that show each race unguarded."""

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.credits import asking, colleges, queries, recalling, registrar, sending
from provider.credits.models import College, CreditRequest
from provider.credits.refusals import AskedAlready, CollegeReplaced
from provider.credits.rules import CreditState
from provider.credits.working import step
from provider.history.actions import note
from provider.history.models import History
from provider.kernel import references
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.verification.actions import RevokedAlready
from provider.verification.models import IssuedDocument
from tests.harness import college_credit
from tests.harness.college_credit import LAKESIDE, VALLEY
from tests.harness.externs import active
from tests.harness.money import at_once, letters
from tests.harness.papers import STAFF, person
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first

ANA = "ana@example.org"
AT = dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC)
RIGHT = "transfer@lakeside.example"


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


def told(*events: str) -> list[str]:
    """Return which of these the history tells, in the order in which it was written."""
    return list(db.session.scalars(sa.select(History.event).where(History.event.in_(events)).order_by(History.id)))


OFFICERS = [f"P-{digit * 8}" for digit in "2345"]


def test_without_the_lock_each_officer_takes_the_request_and_the_last_one_has_it(app: Flask) -> None:
    """The control of `test_owning`'s many who take one: whose it is is looked at first, and written afterwards."""
    ready(app)
    with app.app_context():
        reference = college_credit.ask(ANA, at=AT)
        db.session.remove()

    def nobodys() -> bool:
        return queries.by_reference(reference).assigned_to is None

    def take(who: str) -> None:
        row = queries.by_reference(reference)
        row.assigned_to = who
        note(row, "credit_request.assigned", actor=Actor(ActorKind.STAFF, who), at=AT, about=row.about)

    assert looked_first(app, *[(nobodys, partial(take, who)) for who in OFFICERS]) == [True] * 4
    with app.app_context():
        assert told("credit_request.assigned") == ["credit_request.assigned"] * 4


@pytest.fixture
def verified(app: Flask) -> str:
    """A request whose letter may go, by reference."""
    ready(app)
    with app.app_context():
        reference = college_credit.ask(ANA, at=AT)
        college_credit.verify(reference, at=AT)
        db.session.remove()
    return reference


def set_right(name: str, mailbox: str, *, to: str = RIGHT, read: Callable[[], object] = lambda: None) -> None:
    """Set the mailbox of a college right, as its page does; ``read`` is called once the college was read."""
    query = sa.select(College.reference).where(College.registrar_email == mailbox)
    college = queries.any_college(db.session.scalars(query).one(), lock=True)
    read()
    colleges.correct(college=college, name=name, registrar_email=to, actor=STAFF, at=AT)


def mailboxes() -> list[str]:
    return [letter.recipient for letter in letters(person(ANA).reference, registrar.TEMPLATE)]


STORY = ("credit_request.sent", "college.corrected")


def test_a_college_is_set_right_before_its_letter_is_decided_on_or_after_it_has_gone(app: Flask, verified: str) -> None:
    """The page of the request was read, then the college is set right, and only then the letter is decided on."""
    read, corrected = threading.Event(), threading.Event()

    def send() -> None:
        with unit_of_work():
            row = queries.by_reference(verified, lock=True)
            read.set()
            corrected.wait(0.5)  # for good where one writer waits for another to end
            sending.send(request=row, actor=STAFF, at=AT)

    def correct() -> None:
        assert read.wait(10)
        retrying(partial(set_right, *LAKESIDE))
        corrected.set()

    sent, _ = at_once(app, send, correct)
    with app.app_context():
        if isinstance(sent, CollegeReplaced):
            assert (told(*STORY), mailboxes()) == (["college.corrected"], [])
        else:
            assert (sent, told(*STORY), mailboxes()) == (None, list(STORY), [LAKESIDE[1]])


def test_without_the_lock_a_letter_goes_to_the_mailbox_that_was_set_right_before(app: Flask, verified: str) -> None:
    """The control: whether the college is right is looked at first, and the letter is written afterwards."""

    def stands() -> bool:
        return queries.by_reference(verified).college.replaced_by_id is None

    def send() -> None:
        row = queries.by_reference(verified)
        row.sent_at = AT
        step(row, CreditState.SENT, STAFF, AT)
        registrar.send_letter(row, at=AT)

    correct = partial(set_right, *LAKESIDE)
    assert looked_first(app, (stands, correct), (stands, send), in_turn=True) == [True, True]
    with app.app_context():
        assert (told(*STORY), mailboxes()) == (["college.corrected", "credit_request.sent"], [LAKESIDE[1]])


def followed() -> dict[str, str | None]:
    """Return what each college is followed by, by mailboxes."""
    every = {one.id: one for one in db.session.scalars(sa.select(College))}
    return {
        one.registrar_email: every[one.replaced_by_id].registrar_email if one.replaced_by_id else None
        for one in every.values()
    }


def test_two_colleges_that_are_set_right_as_each_other_do_not_follow_each_other(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        for name, mailbox in (LAKESIDE, VALLEY):
            colleges.named(name=name, registrar_email=mailbox, at=AT)
    here, there = LAKESIDE[1], VALLEY[1]
    both = threading.Barrier(2)

    def read() -> None:
        with suppress(threading.BrokenBarrierError):  # one writer waits for another to end, or tries again
            both.wait(0.5)

    found = at_once(
        app,
        lambda: retrying(lambda: set_right(VALLEY[0], here, to=there, read=read)),
        lambda: retrying(lambda: set_right(LAKESIDE[0], there, to=here, read=read)),
    )
    with app.app_context():
        assert found == [None, None]  # the later one sets right what the earlier one had
        assert followed() in ({here: there, there: None}, {here: None, there: here})


def test_what_leads_to_a_college_that_is_being_set_right_does_not_lead_to_a_wrong_one(app: Flask) -> None:
    """Lakeside becomes Valley while somebody sets Valley right: whoever was later says what is right."""
    with app.app_context(), unit_of_work():
        for name, mailbox in (LAKESIDE, VALLEY):
            colleges.named(name=name, registrar_email=mailbox, at=AT)
    here, there, corrected = LAKESIDE[1], VALLEY[1], threading.Event()

    def first() -> None:
        with unit_of_work():
            set_right(VALLEY[0], there)
            corrected.set()
            time.sleep(0.3)  # the other reads what is not stored yet, and waits

    def then() -> None:
        assert corrected.wait(10)
        retrying(partial(set_right, VALLEY[0], here, to=there))

    assert at_once(app, first, then) == [None, None]
    with app.app_context():
        assert followed() == {here: there, there: None, RIGHT: None}


def test_without_the_locks_two_colleges_follow_each_other_and_no_letter_goes_to_either(app: Flask) -> None:
    """The control: whether a college was set right is looked at first, and what follows it is written afterwards."""
    with app.app_context(), unit_of_work():
        for name, mailbox in (LAKESIDE, VALLEY):
            colleges.named(name=name, registrar_email=mailbox, at=AT)

    def stands(mailbox: str) -> bool:
        query = sa.select(College.replaced_by_id).where(College.registrar_email == mailbox)
        return db.session.scalars(query).one() is None

    def follow(mailbox: str, right: str) -> None:
        wanted = sa.select(College.id).where(College.registrar_email == right).scalar_subquery()
        wrong = sa.update(College).where(College.registrar_email == mailbox)
        db.session.execute(wrong.values(replaced_by_id=wanted))

    pairs = [(LAKESIDE[1], VALLEY[1]), (VALLEY[1], LAKESIDE[1])]
    assert looked_first(app, *[(partial(stands, one), partial(follow, one, other)) for one, other in pairs]) == [
        True,
        True,
    ]
    with app.app_context():
        assert followed() == dict(pairs)


WHY = "The result was reported in error."
REVOKED = ("credit_request.taken_back", "issued_document.revoked")


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_of_four_who_revoke_a_letter_at_once_one_does_and_everybody_is_told_once(
    app: Flask, verified: str, _round: int
) -> None:
    with app.app_context():
        college_credit.send(verified, at=AT)
        db.session.remove()

    def revoke() -> None:
        row = queries.by_reference(verified, lock=True)
        recalling.revoke(request=row, reason=WHY, public_reason=None, actor=STAFF, at=AT)

    found = at_once(app, *[lambda: retrying(revoke)] * 4)
    assert Counter(map(type, found)) == {type(None): 1, RevokedAlready: 3}
    with app.app_context():
        assert sorted(told(*REVOKED)) == list(REVOKED)
        about = person(ANA).reference
        assert [len(letters(about, one)) for one in ("credit_letter_revoked", registrar.TAKEN_BACK)] == [1, 1]


def test_without_the_guard_a_letter_is_revoked_by_each_and_the_last_reason_stands(app: Flask, verified: str) -> None:
    """The control: whether the letter stands is looked at first, and that it was revoked is written afterwards."""
    with app.app_context():
        college_credit.send(verified, at=AT)
        db.session.remove()

    def stands() -> bool:
        return queries.letters_of(verified)[0].revoked_at is None

    def write(reason: str) -> None:
        paper = queries.letters_of(verified)[0]
        revoked = sa.update(IssuedDocument).where(IssuedDocument.id == paper.id)
        db.session.execute(revoked.values(revoked_at=AT, revoked_because=reason))
        note(paper, "issued_document.revoked", actor=STAFF, at=AT, about=paper.about)

    assert looked_first(app, *[(stands, partial(write, f"Reason {number}.")) for number in range(4)]) == [True] * 4
    with app.app_context():
        assert told(*REVOKED) == ["issued_document.revoked"] * 4
