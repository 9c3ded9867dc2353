"""A season of sample students, in every state there is, made by the same actions that the pages call."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.affiliations.rules import mask
from provider.books import closing
from provider.books.comparing import CloseState, Difference, How, Thing
from provider.books.models import DayClose
from provider.cards import pausing
from provider.catalog import queries as catalog
from provider.enrollments import actions as enrollments
from provider.enrollments import certificates
from provider.enrollments import queries as enrolled
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CancelReason
from provider.externships import requests as externships
from provider.externships.wishes import Wishes
from provider.files.actions import keep
from provider.jobs.worker import run_due
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.mail import sender
from provider.mail.models import OutboxLetter
from provider.payments import actions as payments
from provider.payments import queries as paid
from provider.payments.rules import PaymentMethod
from provider.places.queries import zone_of
from provider.policies import queries as policies
from provider.refunds import actions as refunds
from provider.refunds import queries as returned
from provider.refunds.rules import Channel
from provider.site import actions as site
from provider.site.rules import Topic
from tests.harness import (
    college_credit,
    disclosed,
    exams,
    papers,
    season_events,
    season_of_cards,
    season_of_hours,
    season_of_offers,
    season_of_placements,
    season_of_plans,
    season_of_sites,
    threads,
)
from tests.harness.cards import card_payments
from tests.harness.cards import pay as pay_by_card
from tests.harness.placed import Placed
from tests.harness.season_of_sites import Sites
from tests.harness.service_words import FAILS_LATER

PASSWORD = "a long and quiet password"
SCAN = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
STAFF = Actor(ActorKind.STAFF, "P-22222222")
HERSELF = Actor(ActorKind.STUDENT, "P-33333333")


@dataclass(slots=True)
class Student:
    """One student with the references that pages and letters show."""

    name: str
    email: str
    program: str = "ccma"
    plan: str = "upfront"
    state: str = "NY"
    zip: str = "10001"
    phone: str = "(555) 010-0199"
    herself: Actor = HERSELF
    bursar: Actor = STAFF
    admissions: Actor = STAFF
    enrollment: str = ""
    refund: str = ""
    payments: list[str] = field(default_factory=list)
    charge: str = ""


@dataclass(frozen=True, slots=True)
class Season:
    """Everybody, by the state they are in; staff by role, all with the same password."""

    students: dict[str, Student]
    staff: dict[Role, str]
    sites: Sites

    def __getitem__(self, state: str) -> Student:
        return self.students[state]


Step = Callable[[Student, dt.datetime], None]


def _row(student: Student) -> Enrollment:
    return enrolled.by_reference(student.enrollment, lock=True)


def enroll(student: Student, at: dt.datetime) -> None:
    offer = catalog.offer(student.program)
    plan = offer.plan(student.plan)
    assert plan is not None
    answers = enrollments.Answers(
        legal_name=student.name,
        email=student.email,
        phone=student.phone,
        state_code=student.state,
        zip=student.zip,
        zone=zone_of(student.zip, student.state),
        signature=student.name,
    )
    student.enrollment = enrollments.accept(
        answers=answers,
        offer=offer,
        plan=plan,
        policy=policies.in_force(at),
        browser=references.new("B"),
        client_address="127.0.0.1",
        actor=Actor(ActorKind.VISITOR, None),
        at=at,
    ).reference


def prove(student: Student, at: dt.datetime) -> None:
    enrollments.join_by_letter(enrollment=_row(student), actor=SYSTEM, at=at)


def pay(student: Student, at: dt.datetime) -> None:
    """Record what is due next, by a method that changes from one payment to the next."""
    record(student, paid.owed(_row(student))[0].open_cents, at)


def pay_once_more(student: Student, at: dt.datetime) -> None:
    """Record money that the enrollment cannot take any more."""
    record(student, 25_000, at)


def record(student: Student, cents: int, at: dt.datetime) -> None:
    """Record a transfer or a check, in turn."""
    number = len(student.payments) + 1
    scan = keep(data=SCAN, about=student.enrollment, actor=student.bursar, at=at) if number == 1 else None
    payment = payments.record(
        enrollment=_row(student),
        method=(PaymentMethod.BANK_TRANSFER, PaymentMethod.CHECK)[number % 2],
        amount_cents=cents,
        external_reference=f"{number:03d}-{student.enrollment[2:]}",
        received_at=at - dt.timedelta(hours=3),
        proof_file=scan,
        proof_note=None if scan else "In the folder of bank statements, page 12",
        actor=student.bursar,
        at=at,
    )
    student.payments.append(payment.reference)


def reverse(student: Student, at: dt.datetime) -> None:
    payment = paid.by_reference(student.payments.pop())
    reason = "Recorded for the wrong student of the same name"
    payments.reverse(payment=payment, reason=reason, actor=student.bursar, at=at)


def ask(student: Student, at: dt.datetime) -> None:
    student.refund = refunds.ask(
        enrollment=_row(student),
        note="My shifts changed and I cannot study this winter.",
        channel=Channel.PAGE,
        actor=student.herself,
        received_at=at,
        at=at,
    ).reference


def override(student: Student, at: dt.datetime) -> None:
    refund = returned.by_reference(student.refund)
    reason = "In hospital during the whole window; the letter of the clinic is on file."
    student.refund = refunds.override(refund=refund, reason=reason, actor=student.bursar, at=at).reference


def pay_out(student: Student, at: dt.datetime) -> None:
    for payout in returned.by_reference(student.refund).payouts:
        row = returned.payout(payout.reference)
        refunds.send_payout(payout=row, external_reference=f"OUT-{payout.reference}", actor=student.bursar, at=at)


def withdraw(student: Student, at: dt.datetime) -> None:
    reason = "Moves abroad with the family; agreed by telephone and by letter."
    refunds.withdraw(enrollment=_row(student), reason=reason, waive=True, actor=student.bursar, at=at)


def complete(student: Student, at: dt.datetime) -> None:
    enrollments.complete(enrollment=_row(student), actor=student.admissions, at=at)


def revoke_certificate(student: Student, at: dt.datetime) -> None:
    certificates.revoke(
        enrollment=_row(student),
        reason="The name on it lacks the accents; the student wrote to us.",
        public_reason="A certificate with the right name is being made.",
        actor=student.admissions,
        at=at,
    )


def ask_for_place(student: Student, at: dt.datetime) -> None:
    wanted = Wishes(student.zip, 60, mask(range(5)), 8 * 60, 17 * 60, (at + dt.timedelta(days=14)).date())
    externships.ask(enrollment=_row(student), wanted=wanted, actor=student.herself, at=at)


def pause(student: Student, at: dt.datetime) -> None:
    reason = "Asked by telephone for two weeks until the next pay day."
    pausing.pause(enrollment=_row(student), reason=reason, actor=STAFF, at=at)


def cancel(student: Student, at: dt.datetime) -> None:
    enrollments.cancel(enrollment=_row(student), reason=CancelReason.STUDENT, actor=SYSTEM, at=at)


Story = tuple[Student, list[tuple[float, Step]]]
# Each state with its student and what happened so many hours ago.
DAY = 24.0
HOUR = dt.timedelta(hours=1)


def stories() -> dict[str, Story]:
    """Return everybody who enrolls in a season."""
    return {
        "started": (Student("Wilhelmina Oyelaran-Featherstonehaugh", "wilhelmina@example.org"), [(2, enroll)]),
        "awaiting": (
            Student("Đặng Thị Ngọc Hân", "han@example.org", "cpt", "upfront", "TX", "75201"),
            [(30, enroll), (29, prove)],
        ),
        "fresh": (Student("Ana Ñúñez", "ana@example.org"), [(20, enroll), (19, prove), (17, pay)]),
        "paying": (
            Student("Kofi Mensah", "kofi@example.org", "ccma", "installments", "CO", "80202"),
            [(40 * DAY, enroll), (40 * DAY - 1, prove), (39 * DAY, pay), (9 * DAY, pay)],
        ),
        "late": (
            Student("Marie-Ève O’Neil McAllister", "marie@example.org", "ccma", "installments", "AZ", "85001"),
            [(50 * DAY, enroll), (49 * DAY, prove), (48 * DAY, pay), (2 * DAY, pause)],
        ),
        "completed": (
            Student("محمد العلي", "m.alali@example.org", "cpct-a", "upfront", "WA", "98101"),
            [
                (120 * DAY, enroll),
                (119 * DAY, prove),
                (118 * DAY, pay),
                (3 * DAY, complete),
                (2 * DAY + 3, ask_for_place),
            ],
        ),
        "graduate": (
            Student("Ingrid Solveig Åsgård", "ingrid@example.org", "cpt", "upfront", "MN", "55401"),
            [(100 * DAY, enroll), (99 * DAY, prove), (98 * DAY, pay), (1 * DAY, complete), (20, revoke_certificate)],
        ),
        "canceled": (Student("Jo Li", "jo@example.org"), [(12 * DAY, enroll), (11 * DAY, prove), (10 * DAY, cancel)]),
        "withdrawn": (
            Student("Siobhán Ní Dhomhnaill", "siobhan@example.org", "ccma", "installments", "MA", "02108"),
            [(60 * DAY, enroll), (59 * DAY, prove), (58 * DAY, pay), (5 * DAY, withdraw)],
        ),
        "refunding": (
            Student("Tomás Rivera y Castellanos", "tomas@example.org"),
            [(12 * DAY, enroll), (12 * DAY - 1, prove), (12 * DAY - 2, pay), (12 * DAY - 20, ask)],
        ),
        "settled": (
            Student("Grace Achieng", "grace@example.org", "cpt"),
            [
                (25 * DAY, enroll),
                (25 * DAY - 1, prove),
                (25 * DAY - 2, pay),
                (25 * DAY - 10, ask),
                (16 * DAY, pay_out),
            ],
        ),
        "declined": (
            Student("Bo Nilsson", "bo@example.org"),
            [(8 * DAY, enroll), (8 * DAY - 1, prove), (8 * DAY - 2, pay), (4 * DAY, ask)],
        ),
        "excepted": (
            Student("Ruth Ben-Ari", "ruth@example.org"),
            [(15 * DAY, enroll), (15 * DAY - 1, prove), (15 * DAY - 2, pay), (6 * DAY, ask), (5 * DAY, override)],
        ),
        "overpaid": (
            Student("Zoë Quist", "zoe@example.org"),
            [(7 * DAY, enroll), (6 * DAY, prove), (5 * DAY, pay), (4 * DAY, pay_once_more)],
        ),
        "reversed": (
            Student("Li Wei", "li.wei@example.org"),
            [(6 * DAY, enroll), (5 * DAY, prove), (3 * DAY, pay), (2 * DAY, reverse)],
        ),
        "too_late": (
            Student("Petra Maier", "petra@example.org"),
            [(9 * DAY, enroll), (8 * DAY, prove), (8 * DAY - 1, cancel), (2 * DAY, pay_once_more)],
        ),
    }


def make(app: Flask, now: dt.datetime, *, cards: bool = False) -> Season:
    """Let a season happen, oldest event first, and send its letters; the last instant is ``now``.

    With ``cards`` there are students, too, whose money goes back to cards.
    """
    told = stories()
    by_card = season_of_cards.students(Student) if cards else {}
    steps = [(hours, student, step) for student, story in told.values() for hours, step in story]
    with app.app_context():
        hashed = hash_password(PASSWORD)
        staff = _staff(hashed, now - dt.timedelta(days=200))
        for hours, student, step in sorted(steps, key=lambda each: -each[0]):
            at = now - dt.timedelta(hours=hours)
            with unit_of_work():
                step(student, at)
        with card_payments(app, now) as service:
            for student in by_card.values():
                _pay_by_card(student, season_of_cards.Played(service), now)
            service.at = now - dt.timedelta(days=3)
            paying = told["paying"][0]
            paying.charge, _ = pay_by_card(service, paying.enrollment, number=FAILS_LATER)
            at_sites = season_of_placements.tell(now)
            season_of_hours.tell(at_sites["extern"], now)
            placed = {key: _placed(who) for key, who in at_sites.items()}
            _give_passwords(hashed, now)
            _ask_questions(now)
            season_events.tell(now)
            season_of_plans.tell(now)
            disclosed.tell(told["completed"][0].enrollment, at=now - dt.timedelta(days=2))
            sites = season_of_sites.tell(now)
            season_of_offers.tell(
                confirmed=paying.enrollment,
                offered=told["overpaid"][0].enrollment,
                asked=told["declined"][0].enrollment,
                looking=told["fresh"][0].enrollment,
                now=now,
            )
            service.at = now
            run_due(now)
        _compare_days(now)
        _lose_a_letter(told["late"][0], now)
        papers.tell(completed=told["completed"][0].email, paying=told["paying"][0].email, now=now)
        exams.tell(passed=told["completed"][0].email, failed=told["graduate"][0].email, now=now)
        college_credit.tell(
            requested=told["completed"][0].email,
            asking_more=told["overpaid"][0].email,
            sent_to=told["late"][0].email,
            decided=told["withdrawn"][0].email,
            officer=staff[Role.CREDIT_OFFICER],
            now=now,
        )
        threads.tell(proved=told["paying"][0].email, claimed=told["fresh"][0].email, now=now)
        papers.give(at_sites["extern"].email, at=now)  # whatever is asked for by now, so that no placement is held
        run_due(now)
    students = {state: student for state, (student, _) in told.items()} | by_card | placed
    return Season(students, staff, sites)


def _placed(who: Placed) -> Student:
    """Return somebody who is or was at a site."""
    name = enrolled.by_reference(who.enrollment).legal_name
    return Student(name, who.email, enrollment=who.enrollment)


def _pay_by_card(student: Student, played: season_of_cards.Played, now: dt.datetime) -> None:
    """Let a student enroll, pay by card and have the money back as their way says."""
    begun = now - dt.timedelta(hours=played.hours(student.name))
    with unit_of_work():
        enroll(student, begun)
    with unit_of_work():
        prove(student, begun + HOUR)
    student.payments.append(played.pay(student.enrollment, begun + 2 * HOUR))
    if played.asks(student.name):
        with unit_of_work():
            ask(student, begun + 4 * HOUR)
    played.give_back(student.name, student.payments[-1], begun + 5 * HOUR)


def _staff(hashed: str, at: dt.datetime) -> dict[Role, str]:
    found: dict[Role, str] = {}
    with unit_of_work():
        for role in Role:
            email = f"{role.value.replace('_', '.')}@staff.example.org"
            name = f"{role.label} of the School"
            person = accounts.add_person(
                name=name, email=email, zone="America/New_York", proved_at=at, actor=SYSTEM, at=at
            )
            set_password(person=person, password_hash=hashed, actor=SYSTEM, at=at)
            accounts.grant(person=person, role=role, actor=SYSTEM, at=at)
            found[role] = email
    return found


def _give_passwords(hashed: str, at: dt.datetime) -> None:
    with unit_of_work():
        for reference in db.session.scalars(sa.select(Person.reference).where(Person.password_hash.is_(None))).all():
            set_password(person=people.by_reference(reference), password_hash=hashed, actor=SYSTEM, at=at)


def _compare_days(now: dt.datetime) -> None:
    """Let one of the days before today differ from what the payment service says, and one be closed."""
    differs, shut = db.session.scalars(sa.select(DayClose.day).order_by(DayClose.id.desc()).limit(2)).all()
    found = [
        Difference(Thing.PAYMENT, How.ONLY_THERE, "pi_3Ov1example0001", "", "", "$525.00"),
        Difference(Thing.PAYOUT, How.AMOUNTS, "re_3Ov1example0002", "PO-7K2M9Q4T", "$1,899.00", "$1,800.00"),
    ]
    with unit_of_work():
        day = closing.of_day(differs, lock=True)
        day.state, day.differences = CloseState.DIFFERS, [one.as_record() for one in found]
        day.ours = {**day.ours, "payments": {**day.ours["payments"], "card": 105_000}, "payouts": {"card": 189_900}}
        day.theirs = {"payments": 157_500, "payouts": 180_000, "disputes": 0}
        closing.close(day=shut, remark=None, actor=STAFF, at=now)


def _ask_questions(now: dt.datetime) -> None:
    with unit_of_work():
        site.send_message(
            name="Dana Whitfield",
            email="dana@example.org",
            topic=next(iter(Topic)),
            message="I work nights. Can I take the class entirely on my own schedule,\nand how long does it take?",
            client="127.0.0.1",
            at=now - dt.timedelta(hours=5),
        )


def _lose_a_letter(student: Student, now: dt.datetime) -> None:
    """Let one more letter to a student fail for good."""
    with unit_of_work():
        payments.record(
            enrollment=_row(student),
            method=PaymentMethod.CHECK,
            amount_cents=5_000,
            external_reference="CHECK-5012",
            received_at=now - dt.timedelta(hours=2),
            proof_file=None,
            proof_note="Check in the safe",
            actor=STAFF,
            at=now,
        )
        query = sa.select(OutboxLetter.reference).order_by(OutboxLetter.id.desc()).limit(1)
        lost = db.session.scalars(query).one()
    sender.give_up(lost, "550 5.1.1 No such mailbox", now)
