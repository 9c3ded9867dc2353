"""What a student does about an exam and college credit, and the credit officer with them."""

import datetime as dt

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.credits import asking, deciding, queries, sending, working
from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState, Decision, DecisionChannel, Wanted, granted_whole
from provider.exams import actions as exams
from provider.exams import queries as results
from provider.exams.models import ExamResult
from provider.exams.rules import Facts
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.days import day_of
from provider.programs import queries as programs
from tests.demo import paper
from tests.demo.office import STAFF
from tests.demo.steps import Player, Step
from tests.demo.times import zone

WAITED = dt.timedelta(days=3)
LAKESIDE = ("Lakeside Community College", "registrar@lakeside.example")
VALLEY = ("Valley State University", "transfer-credit@valley.example")


def _person(player: Player) -> Person:
    return people.by_reference(str(player.student.herself.reference))


def _officer() -> Actor:
    found = people.by_email(STAFF[Role.CREDIT_OFFICER][1])
    assert found is not None
    return Actor(ActorKind.STAFF, found.reference)


def _newest(player: Player) -> ExamResult:
    return results.by_reference(results.of_person(_person(player).id)[0].reference, lock=True)


def request_of(player: Player) -> CreditRequest:
    """Return the student's newest request, held for a change."""
    return queries.by_reference(queries.of_person(_person(player).id)[0].reference, lock=True)


def report(*, passed: bool = True, score: int = 412) -> Step:
    """Report the result of an exam that was taken some days before, with its score report."""

    def step(player: Player, at: dt.datetime) -> None:
        credential = next(one for one in programs.credentials() if one.slug == player.student.program)
        facts = Facts(day_of(at - WAITED, zone()), passed, score, None)
        page = paper.page("Score report (sample)", player.student.name, "Made for a demonstration.")
        exams.report(
            person=_person(player), credential=credential, facts=facts, data=page, actor=player.student.herself, at=at
        )

    return step


def check(number: str | None = None) -> Step:
    """Verify the newest result as it was reported, with the number of its certificate."""

    def step(player: Player, at: dt.datetime) -> None:
        row = _newest(player)
        facts = Facts(row.taken_on, row.passed, row.score, number)
        exams.verify(result=row, facts=facts, actor=_officer(), at=at)

    return step


def ask(college: tuple[str, str] = LAKESIDE, *, number: str | None = None, badge: bool = True) -> Step:
    """Ask that a college be told."""

    def step(player: Player, at: dt.datetime) -> None:
        who = _person(player)
        wanted = Wanted(None, *college, who.name, number, badge)
        asking.ask(person=who, slug=player.student.program, wanted=wanted, actor=player.student.herself, at=at)

    return step


def ask_back(words: str) -> Step:
    """Ask the student for something."""
    return lambda player, at: _done(
        working.ask_information(request=request_of(player), words=words, actor=_officer(), at=at)
    )


def send(player: Player, at: dt.datetime) -> None:
    """Verify the request and send it."""
    row = request_of(player)
    working.verify(request=row, seen=row.consent_at, actor=_officer(), at=at)
    sending.send(request=row, actor=_officer(), at=at)


def receive(player: Player, at: dt.datetime) -> None:
    """Write down that the college has the letter."""
    deciding.receive(request=request_of(player), channel=DecisionChannel.MAIL, actor=_officer(), at=at)


def decide(*, course: str | None = None, reason: str | None = None) -> Step:
    """Write down what the college said by phone: all of it as a course, or nothing for a reason."""

    def step(player: Player, at: dt.datetime) -> None:
        row = request_of(player)
        denied = Decision(CreditState.DENIED, reason=reason, by="Office of the registrar")
        said = denied if course is None else granted_whole(recommended=row.credits, course=course)
        deciding.decide(
            request=row,
            decision=said,
            channel=DecisionChannel.PHONE,
            evidence="The registrar’s office called; the note is in the file.",
            actor=_officer(),
            at=at,
        )

    return step


def _done(_: object) -> None:
    """Let a step return nothing."""
