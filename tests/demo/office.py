"""The people who work at the demonstration's school, what visitors ask them, and what they write on their lists."""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.passwords import set_password
from provider.accounts.rules import Role
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.days import day_of
from provider.site import actions as site
from provider.site.rules import Topic
from provider.tasks import actions as tasks
from provider.tasks import queries as waiting
from provider.tasks.rules import TaskKind
from provider.threads import answering
from provider.threads import queries as mail
from tests.demo.times import on, zone

STAFF: dict[Role, tuple[str, str]] = {
    Role.ADMIN: ("Eleanor Whitcombe", "admin@example.org"),
    Role.BURSAR: ("Marcus Adebayo", "bursar@example.org"),
    Role.ADMISSIONS: ("Rosa Delgado-Kim", "admissions@example.org"),
    Role.COORDINATOR: ("Priya Raman", "coordinator@example.org"),
    Role.CREDIT_OFFICER: ("Tom Lindgren", "credit@example.org"),
    Role.EDITOR: ("Hana Sato", "editor@example.org"),
    Role.AUDITOR: ("Gideon Marsh", "auditor@example.org"),
}
Deed = Callable[["Office", dt.datetime], None]


@dataclass(frozen=True, slots=True)
class Message:
    """What a visitor asked so many days ago, and how it was answered, if it was."""

    days: float
    name: str
    email: str
    topic: Topic
    words: str
    answer: str | None = None

    def send(self, office: "Office", at: dt.datetime) -> None:
        """Ask by the contact form."""
        thread = site.send_message(
            name=self.name, email=self.email, topic=self.topic, message=self.words, client=self.email, at=at
        )
        office.named[self.words] = thread.reference

    def reply(self, office: "Office", at: dt.datetime) -> None:
        """Answer it from its page."""
        thread = mail.by_reference(office.named[self.words], lock=True)
        role = Role.COORDINATOR if self.topic is Topic.EXTERNSHIP else Role.ADMISSIONS
        answering.answer(
            thread,
            text=self.answer or "",
            seen=mail.messages(thread)[-1].reference,
            key=f"demo-{thread.reference}",
            signed=STAFF[role][0],
            actor=office.actors[role],
            at=at,
        )


@dataclass(frozen=True, slots=True)
class Chore:
    """A task that somebody wrote so many days ago, to be done in so many; and what was said when it was, if it was."""

    days: int
    owner: Role | None
    words: str
    in_days: int | None
    done: str | None = None

    def write(self, office: "Office", at: dt.datetime) -> None:
        """Write it down."""
        due_on = None if self.in_days is None else day_of(at, zone()) + dt.timedelta(days=self.in_days)
        task = tasks.write(
            sentence=self.words,
            about=None,
            due_on=due_on,
            owner=office.actors[self.owner].reference if self.owner else None,
            may_own=people.doers(TaskKind.FOLLOW_UP),
            actor=office.actors[Role.ADMIN],
            at=at,
        )
        office.tasks[self.words] = task.reference

    def do(self, office: "Office", at: dt.datetime) -> None:
        """Say that it is done."""
        office.finish(self.words, self.done, self.owner or Role.ADMISSIONS, at)


MESSAGES = (
    Message(
        48,
        "Carla Jimenez",
        "carla.jimenez@example.com",
        Topic.PROGRAM,
        "I finished high school in Mexico. Does my diploma count for the phlebotomy program?",
        "Yes, once it was evaluated. The state publishes a list of who does that; it takes about three weeks.",
    ),
    Message(
        21,
        "Derek Boone",
        "derek.boone@example.net",
        Topic.EXTERNSHIP,
        "I live 70 miles from the next hospital.\nCan I do the externship in a clinic, and how far would I drive?",
        "Clinics are fine, and you choose the distance yourself: up to 250 miles, on the form that asks for a place.",
    ),
    Message(
        6,
        "Wen Li",
        "wen.li@example.org",
        Topic.PAYING,
        "My employer pays half. Can they send you a check with my reference on it?",
    ),
    Message(
        1.4,
        "Dana Whitfield",
        "dana.whitfield@example.com",
        Topic.PROGRAM,
        "I work nights. Can I take the class entirely on my own schedule,\nand how long does it take?",
    ),
    Message(
        0.1,
        "Oscar Bellamy",
        "oscar.bellamy@example.net",
        Topic.CREDIT,
        "My community college asks for the recommendation for credit. Who sends it to them?",
    ),
)
CHORES = (
    Chore(60, Role.ADMISSIONS, "Check the new student letter for spelling.", 5, "Two commas."),
    Chore(40, Role.BURSAR, "Compare last month’s bank statement with the payments.", 9, "All found."),
    Chore(12, Role.BURSAR, "Ask the bank for a second person who may send refunds.", 7),
    Chore(9, Role.ADMISSIONS, "Call the three students who have not paid for a week.", 10),
    Chore(5, Role.COORDINATOR, "Write to the clinic in Albany about places next term.", 21),
    Chore(3, None, "Order envelopes for paper receipts.", None),
    Chore(2, Role.BURSAR, "Prepare the numbers for the accountant.", 14),
)


class Office:
    """The staff of one school by role, the tasks that they wrote by their words, and sites and plans by our names."""

    def __init__(self) -> None:
        self.actors: dict[Role, Actor] = {}
        self.tasks: dict[str, str] = {}
        self.named: dict[str, str] = {}

    def open(self, password_hash: str, at: dt.datetime) -> None:
        """Let everybody begin: the administrator first, who lets the others in."""
        for role in sorted(Role, key=lambda role: role is not Role.ADMIN):
            name, email = STAFF[role]
            by = self.actors.get(Role.ADMIN, SYSTEM)
            person = accounts.add_person(name=name, email=email, zone=str(zone()), proved_at=at, actor=by, at=at)
            self.actors[role] = Actor(ActorKind.STAFF, person.reference)
            set_password(person=person, password_hash=password_hash, actor=self.actors[role], at=at)
            accounts.grant(person=person, role=role, actor=by, at=at)

    def finish(self, words: str, remark: str | None, role: Role, at: dt.datetime) -> None:
        """Say that a task is done."""
        task = waiting.by_reference(self.tasks[words])
        tasks.finish(task=task, remark=remark, actor=self.actors[role], at=at)


def deeds(now: dt.datetime, chance: random.Random) -> Iterator[tuple[dt.datetime, Deed]]:
    """Return what happens in the office beside the students' ways, with its instants."""
    for message in MESSAGES:
        asked = now - dt.timedelta(days=message.days)
        yield asked, message.send
        if message.answer:
            yield asked + dt.timedelta(hours=chance.uniform(2, 20)), message.reply
    for chore in CHORES:
        day = day_of(now, zone()) - dt.timedelta(days=chore.days)
        yield on(day, 9, 16, chance), chore.write
        if chore.done and chore.in_days:
            yield on(day + dt.timedelta(days=chore.in_days - 1), 9, 17, chance), chore.do
