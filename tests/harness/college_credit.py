"""Credit requests of students, through the actions that the pages call. Needs an app context."""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from provider.credits import asking, colleges, deciding, ending, owning, queries, sending, working
from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState, Decision, DecisionChannel, EndReason, Wanted, granted_whole
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.programs.models import Credential
from tests.harness import exams
from tests.harness.papers import STAFF, person

DAY = dt.timedelta(days=1)
LAKESIDE = ("Lakeside Community College", "registrar@lakeside.example")
VALLEY = ("Valley State University", "transfer-credit@valley.example")


def wanted(
    email: str, *, college: tuple[str, str] = LAKESIDE, known: str | None = None, name: str | None = None,
    number: str | None = None, badge: bool = True,
) -> Wanted:  # fmt: skip
    """Return what a student wants, with good answers for what is not said."""
    named = college if known is None else ("", "")
    return Wanted(known, *named, name or person(email).name, number, badge)


def passed(
    email: str,
    *,
    code: str = "CCMA",
    on: dt.date | None = None,
    number: str | None = None,
    at: dt.datetime | None = None,
) -> str:
    """Let a student pass an exam, verified by staff; returns the reference of the result."""
    at = at or clock.now()
    made = exams.report(email, exams.facts(on or (at - 10 * DAY).date(), number=number), code=code, at=at)
    exams.verify(made, at=at)
    return made


def slug(code: str) -> str:
    """Return how addresses name a credential."""
    return db.session.scalars(sa.select(Credential.slug).where(Credential.code == code)).one()


def ask(email: str, said: Wanted | None = None, *, code: str = "CCMA", at: dt.datetime | None = None) -> str:
    """Ask that a college be told, as the student; returns the reference of the request."""
    with unit_of_work():
        who = person(email)
        actor = Actor(ActorKind.STUDENT, who.reference)
        made = asking.ask(person=who, slug=slug(code), wanted=said or wanted(email), actor=actor, at=at or clock.now())
        return made.reference


def asked(email: str, *, code: str = "CCMA", at: dt.datetime | None = None) -> str:
    """Let a student pass and ask; returns the reference of the request."""
    passed(email, code=code, at=at)
    return ask(email, code=code, at=at)


def request(reference: str) -> CreditRequest:
    """Return a request as it is stored now."""
    db.session.expire_all()
    return queries.by_reference(reference)


def _with(reference: str, work: Callable[[CreditRequest], object]) -> None:
    with unit_of_work():
        work(queries.by_reference(reference, lock=True))


def change(reference: str, said: Wanted, *, answer: str | None = None, at: dt.datetime | None = None) -> None:
    """Set a request right as its student, or answer."""
    actor = Actor(ActorKind.STUDENT, request(reference).about)
    _with(
        reference,
        lambda row: asking.change(request=row, wanted=said, answer=answer, actor=actor, at=at or clock.now()),
    )


def withdraw(reference: str, *, at: dt.datetime | None = None) -> None:
    """Take a request back as its student."""
    actor = Actor(ActorKind.STUDENT, request(reference).about)
    _with(reference, lambda row: ending.withdraw(request=row, actor=actor, at=at or clock.now()))


def verify(reference: str, *, seen: dt.datetime | None = None, at: dt.datetime | None = None) -> None:
    """Verify a request as staff who look at it now."""
    _with(
        reference,
        lambda row: working.verify(request=row, seen=seen or row.consent_at, actor=STAFF, at=at or clock.now()),
    )


def ask_information(reference: str, words: str = "Which campus is it?", *, at: dt.datetime | None = None) -> None:
    """Ask the student for something as staff."""
    _with(reference, lambda row: working.ask_information(request=row, words=words, actor=STAFF, at=at or clock.now()))


def record_answer(
    reference: str, words: str = "The north campus.", *, thread: str | None = None, at: dt.datetime | None = None
) -> None:
    """Write down as staff what the student answered by mail."""
    _with(
        reference,
        lambda row: working.record_answer(
            request=row, words=words, thread=thread, threads=[thread or ""], actor=STAFF, at=at or clock.now()
        ),
    )


def send(reference: str, *, at: dt.datetime | None = None) -> None:
    """Send a verified request as staff."""
    _with(reference, lambda row: sending.send(request=row, actor=STAFF, at=at or clock.now()))


def give(reference: str, to: str, *, at: dt.datetime | None = None) -> None:
    """Let a colleague, by reference, look after a request."""
    _with(
        reference,
        lambda row: owning.assign(request=row, to=to, may_own={to}, actor=STAFF, at=at or clock.now()),
    )


def sent(
    email: str, *, code: str = "CCMA", college: tuple[str, str] = LAKESIDE, owner: str | None = None,
    at: dt.datetime | None = None,
) -> str:  # fmt: skip
    """Let a student pass and ask, and staff verify and send; returns the reference of the request."""
    passed(email, code=code, at=at)
    made = ask(email, wanted(email, college=college), code=code, at=at)
    if owner is not None:
        give(made, owner, at=at)
    verify(made, at=at)
    send(made, at=at)
    return made


def receive(reference: str, *, at: dt.datetime | None = None) -> None:
    """Record as staff that the college has the letter."""
    channel = DecisionChannel.MAIL
    _with(reference, lambda row: deciding.receive(request=row, channel=channel, actor=STAFF, at=at or clock.now()))


def decide(reference: str, decision: Decision | None = None, *, at: dt.datetime | None = None) -> None:
    """Record a decision as staff: all that was recommended, unless told."""
    _with(
        reference,
        lambda row: deciding.decide(
            request=row,
            decision=decision or granted_whole(recommended=row.credits, course="MED 110"),
            channel=DecisionChannel.PHONE,
            evidence="Mr. Ash of the registrar’s office called.",
            actor=STAFF,
            at=at or clock.now(),
        ),
    )


def set_right(
    reference: str, *, name: str | None = None, mailbox: str | None = None, at: dt.datetime | None = None
) -> str:
    """Set the college of a request right as staff, its mailbox unless told; returns the reference of what is right."""
    at = at or clock.now()
    with unit_of_work():
        college = queries.any_college(queries.by_reference(reference).college.reference, lock=True)
        mailbox = mailbox or f"right-{college.registrar_email}"
        right = colleges.correct(
            college=college, name=name or college.name, registrar_email=mailbox, actor=STAFF, at=at
        )
        return right.reference


def close(
    reference: str, reason: EndReason = EndReason.OTHER, words: str | None = None, *, at: dt.datetime | None = None
) -> None:
    """Close a request as staff."""
    _with(
        reference,
        lambda row: ending.close(request=row, reason=reason, words=words, actor=STAFF, at=at or clock.now()),
    )


def tell(*, requested: str, asking_more: str, sent_to: str, decided: str, officer: str, now: dt.datetime) -> None:
    """Let one student wait for a check, one for an answer, one for a college, and one have what a college decided.

    An officer, by address, looks after all but the first.
    """
    owner = person(officer).reference
    ask(requested, wanted(requested, number="A-5520", badge=False), code="CPCT/A", at=now)
    waiting = asked(asking_more, at=now)
    give(waiting, owner, at=now)
    ask_information(waiting, "Which of its two campuses have you applied to?", at=now)
    sent(sent_to, owner=owner, at=now - 3 * DAY)
    made = sent(decided, college=VALLEY, owner=owner, at=now - 2 * DAY)
    receive(made, at=now - DAY)
    decide(made, Decision(CreditState.PARTLY_GRANTED, 2, "Elective", "Only two credits fit.", "A. Ash"), at=now)
    set_right(made, name="Valley State College", mailbox="registrar@valley.example", at=now)


def in_state(email: str, *states: CreditState, code: str = "CCMA") -> str:
    """Return a request of somebody in one of these states; a new one when there is none."""
    found = db.session.scalars(
        sa.select(CreditRequest.reference)
        .where(CreditRequest.person_id == person(email).id, CreditRequest.state.in_(states))
        .order_by(CreditRequest.id)
        .limit(1)
    ).first()
    return found or asked(email, code=code)
