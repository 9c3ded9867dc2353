"""What a student does at an instant, or staff for one: steps of the tests' season, and those only a demo needs."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provider.accounts import queries as people
from provider.accounts.passwords import set_password
from provider.enrollments import actions as enrollments
from provider.enrollments import queries as enrolled
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CancelReason
from provider.history.actions import write_note
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.oversight import actions as oversight
from provider.oversight import personal
from provider.payments import queries as paid
from provider.payments import reminders
from provider.refunds import actions as refunds
from provider.refunds import queries as returned
from provider.refunds.rules import Channel
from provider.tasks import actions as tasks
from provider.tasks.rules import TaskKind
from tests.harness import season
from tests.harness.card_service import CardService
from tests.harness.season import Student

Step = Callable[["Player", dt.datetime], None]


@dataclass(slots=True)
class Player:
    """A student of the demonstration, with all that their steps need.

    That is the hash of everybody's password, the service that takes the cards, who places students, what sites are
    called in the office's own words, and the instant at which the story stops.
    """

    way: str
    student: Student
    password_hash: str
    service: CardService
    coordinator: Actor
    named: Mapping[str, str]
    now: dt.datetime
    bounces: bool = False

    @property
    def enrollment(self) -> Enrollment:
        """The enrollment, held for a change."""
        return enrolled.by_reference(self.student.enrollment, lock=True)


def plainly(step: season.Step) -> Step:
    """Return a step of the tests' season as one of these."""
    return lambda player, at: step(player.student, at)


enroll = plainly(season.enroll)
pay = plainly(season.pay)
pay_too_much = plainly(season.pay_once_more)
reverse = plainly(season.reverse)
pay_out = plainly(season.pay_out)
complete = plainly(season.complete)


def prove(player: Player, at: dt.datetime) -> None:
    """Open the link of the letter, press its button, and choose the password."""
    student = player.student
    _, reference = enrollments.join_by_letter(enrollment=player.enrollment, actor=SYSTEM, at=at)
    student.herself = Actor(ActorKind.STUDENT, reference)
    person = people.by_reference(reference, lock=True)
    if person.password_hash is None:
        set_password(person=person, password_hash=player.password_hash, actor=student.herself, at=at)


def enroll_again(program: str, plan: str) -> Step:
    """Choose another program or plan; what was paid before stays with its enrollment."""

    def step(player: Player, at: dt.datetime) -> None:
        student = player.student
        student.program, student.plan, student.payments = program, plan, []
        season.enroll(student, at)

    return step


def pay_off(player: Player, at: dt.datetime) -> None:
    """Record one check for everything that is still owed."""
    season.record(player.student, sum(one.open_cents for one in paid.owed(player.enrollment)), at)


def pay_too_late(player: Player, at: dt.datetime) -> None:
    """Record the whole price although the enrollment has ended."""
    season.record(player.student, player.enrollment.agreement.total_cents, at)


def pay_part(cents: int) -> Step:
    """Record less than what is due."""
    return lambda player, at: season.record(player.student, cents, at)


def cancel(player: Player, at: dt.datetime) -> None:
    """Cancel free of charge, by the student's own button."""
    enrollments.cancel(enrollment=player.enrollment, reason=CancelReason.STUDENT, actor=player.student.herself, at=at)


def ask(note: str | None = None, channel: Channel = Channel.PAGE) -> Step:
    """Ask for the money back."""

    def step(player: Player, at: dt.datetime) -> None:
        player.student.refund = refunds.ask(
            enrollment=player.enrollment,
            note=note,
            channel=channel,
            actor=player.student.herself,
            received_at=at,
            at=at,
        ).reference

    return step


def enter_mailed(hours: float, evidence: str) -> Step:
    """Enter a request that came by mail some hours before."""

    def step(player: Player, at: dt.datetime) -> None:
        player.student.refund = refunds.enter_mailed_request(
            enrollment=player.enrollment,
            received_at=at - dt.timedelta(hours=hours),
            evidence=evidence,
            actor=player.student.bursar,
            at=at,
        ).reference

    return step


def override(reason: str) -> Step:
    """Approve a declined request as an exception."""

    def step(player: Player, at: dt.datetime) -> None:
        declined = returned.by_reference(player.student.refund)
        approved = refunds.override(refund=declined, reason=reason, actor=player.student.bursar, at=at)
        player.student.refund = approved.reference

    return step


def return_late(player: Player, at: dt.datetime) -> None:
    """Send back money that came when the enrollment had ended."""
    payment = paid.by_reference(player.student.payments[-1])
    refund = refunds.return_late_payment(payment=payment, actor=player.student.bursar, at=at)
    player.student.refund = refund.reference


def withdraw(reason: str, *, waive: bool) -> Step:
    """Let the student leave."""

    def step(player: Player, at: dt.datetime) -> None:
        refunds.withdraw(enrollment=player.enrollment, reason=reason, waive=waive, actor=player.student.bursar, at=at)

    return step


def release_hold(player: Player, at: dt.datetime) -> None:
    """Take the flag off a late enrollment."""
    reminders.release_hold(enrollment=player.enrollment, actor=player.student.admissions, at=at)


def remark(text: str) -> Step:
    """Keep a note about the enrollment."""

    def step(player: Player, at: dt.datetime) -> None:
        write_note(about=player.student.enrollment, text=text, actor=player.student.admissions, at=at)

    return step


def follow_up(sentence: str, *, in_days: int, by_bursar: bool = False) -> Step:
    """Write a task about the enrollment with an owner and a date."""

    def step(player: Player, at: dt.datetime) -> None:
        owner = player.student.bursar if by_bursar else player.student.admissions
        tasks.write(
            sentence=sentence,
            about=player.student.enrollment,
            due_on=day_of(at, settings().SCHOOL_ZONE) + dt.timedelta(days=in_days),
            owner=owner.reference,
            may_own=people.doers(TaskKind.FOLLOW_UP),
            actor=player.student.admissions,
            at=at,
        )

    return step


def ask_erasure(player: Player, at: dt.datetime) -> None:
    """Ask that everything held about them is erased."""
    reference = player.student.herself.reference
    assert reference is not None
    oversight.ask_erasure(subject=personal.by_reference(reference), actor=player.student.herself, at=at)
