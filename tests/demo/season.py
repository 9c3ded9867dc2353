"""A season of sixty students for a demonstration: about ten weeks that end now, told by the actions of the pages."""

import datetime as dt
import heapq
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from provider.accounts.passwords import hash_password
from provider.accounts.rules import Role
from provider.affiliations.handlers import CALENDAR
from provider.books import closing
from provider.books.comparing import FINE
from provider.books.handlers import DAYS
from provider.books.models import DayClose
from provider.cards.handlers import SCHEDULE
from provider.cards.rules import CHARGE_HOUR
from provider.documents.handlers import EXPIRE as PAPERS_EXPIRE
from provider.documents.handlers import REMIND as PAPERS_REMIND
from provider.enrollments.handlers import UNPAID
from provider.externships.handlers import MISSING_DOCUMENTS, OVERDUE
from provider.externships.place_handlers import EXPIRE as OFFERS_EXPIRE
from provider.externships.place_handlers import START
from provider.fieldwork.handlers import WEEKS as WEEKS_TO_SEND
from provider.fieldwork.record_handlers import EVALUATIONS
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, is_sqlite, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.registry import registry
from provider.mail import sender
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.payments.handlers import DAILY as INSTALLMENTS
from provider.refunds.handlers import LATE_PAYOUTS
from provider.refunds.reconciling import RECONCILE
from tests.demo import mail_steps, supplying
from tests.demo.card_steps import Outside
from tests.demo.cast import Person, people, person
from tests.demo.extern_ways import graduates
from tests.demo.office import Office, deeds
from tests.demo.steps import Player, Step, enroll
from tests.demo.times import MONDAY, ONE_DAY, on, zone
from tests.demo.ways import Beat, Way, everybody
from tests.harness import hooks
from tests.harness.card_service import CardService
from tests.harness.season import PASSWORD, Student

SEED = 20261122
WEEKS = 12
PLACING = frozenset(
    {
        PAPERS_EXPIRE,
        PAPERS_REMIND,
        MISSING_DOCUMENTS,
        OVERDUE,
        OFFERS_EXPIRE,
        START,
        WEEKS_TO_SEND,
        EVALUATIONS,
        CALENDAR,
    }
)
EACH_DAY = frozenset({UNPAID, INSTALLMENTS, SCHEDULE, LATE_PAYOUTS, RECONCILE})
PLACED = dt.timedelta(weeks=2)
COMPARED = dt.timedelta(weeks=3)
NO_SUCH_MAILBOX = "550 5.1.1 No such mailbox here"
Deed = Callable[[dt.datetime], dt.datetime | None]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who plays: the students in the order of their ways, the staff, and the mail that came in."""

    players: Sequence[Player]
    office: Office
    post: mail_steps.Post

    def player(self, way: str) -> Player:
        """Return the first who went a way."""
        return next(player for player in self.players if player.way == way)

    def first(self, way: str) -> Student:
        """Return the first student who went a way."""
        return self.player(way).student


class Moved:
    """The clock of everything that reads the time: the application's, and the payment service's through a file."""

    def __init__(self, at: dt.datetime, file: Path) -> None:
        self.at = at
        self._file = file

    def go_to(self, at: dt.datetime) -> None:
        """Let it be another instant."""
        self.at = at
        self._file.write_text(at.isoformat())

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Let it be that instant, and the real one afterwards."""
        real = clock.now
        clock.now = lambda: self.at
        self.go_to(self.at)
        try:
            yield
        finally:
            clock.now = real
            self._file.write_text("")


class Play:
    """What is still to happen, the earliest first; the clock goes with it, and the worker works."""

    def __init__(self, now: dt.datetime, clock_file: Path, service: CardService) -> None:
        self.now = now
        self.clock = Moved(now - dt.timedelta(weeks=WEEKS), clock_file)
        self.service = service
        self._waiting: list[tuple[dt.datetime, int, Deed]] = []
        self._numbers = itertools.count()

    def plan(self, at: dt.datetime, deed: Deed) -> None:
        """Let something happen at an instant; it says when it goes on. What lies ahead of now never happens."""
        if at <= self.now:
            heapq.heappush(self._waiting, (max(at, self.clock.at), next(self._numbers), deed))

    def run(self) -> None:
        """Let everything happen."""
        while self._waiting:
            at, _, deed = heapq.heappop(self._waiting)
            self.clock.go_to(at)
            again = deed(at)
            if again is not None:
                self.plan(again, deed)
            with _calendar(kept=lambda _kind: False):
                self._work(at)
        self.clock.go_to(self.now)
        self._work(self.now)

    def _work(self, at: dt.datetime) -> None:
        """Do what is due, and what the payment service tells of it."""
        run_due(at)
        while sent := self.service.take_events():
            hooks.take_in(sent, secret=self.service.secret, at=at)
            run_due(at)


def prepare(app: Flask, now: dt.datetime, clock_file: Path) -> None:
    """Prepare an instance as `flask prepare` does, on the day before the season begins."""
    before = now - dt.timedelta(weeks=WEEKS, days=1)
    with Moved(before, clock_file).moving():
        done = app.test_cli_runner().invoke(args=["prepare"])
    assert done.exit_code == 0, done.output


def make(app: Flask, service: CardService, now: dt.datetime, clock_file: Path, *, seed: int = SEED) -> Cast:
    """Let a season happen in an instance that is prepared; the same seed and instant tell the same story."""
    chance = random.Random(seed)
    play, office = Play(now, clock_file, service), Office()
    with app.app_context(), play.clock.moving(), _hurried():
        hashed = hash_password(PASSWORD)
        with unit_of_work():
            office.open(hashed, play.clock.at)
        ways = [*everybody(), *graduates()]
        by = office.actors[Role.COORDINATOR]
        players = [
            Player(way.name, _student(way, who, office), hashed, service, by, office.named, now, way.bounces)
            for way, who in _cast(ways, chance)
        ]
        for number, (player, way) in enumerate(zip(players, ways, strict=True)):
            own = random.Random(f"{seed}:{number}")
            play.plan(way.start(now, own), _way(player, way.beats, own))
        for at, deed in (*deeds(now, chance), *supplying.deeds(now, chance)):
            play.plan(at, _in_the_office(deed, office))
        post = mail_steps.Post(office, players)
        for at, mailed in mail_steps.deeds(post, now):
            play.plan(at, mailed)
        play.plan(play.clock.at, _each_morning(now, office, chance))
        play.run()
        db.session.remove()
    return Cast(players, office, post)


def _cast(ways: Sequence[Way], chance: random.Random) -> Iterator[tuple[Way, Person]]:
    """Give each way to somebody who may go it: California is closed to one program."""
    waiting = list(people(chance))
    for way in ways:
        if way.who is not None:
            yield way, person(way.who, chance)
            continue
        who = next(one for one in waiting if (way.program, one.state) != ("cpt", "CA"))
        waiting.remove(who)
        yield way, who


def _student(way: Way, who: Person, office: Office) -> Student:
    return Student(
        who.name,
        who.email,
        way.program,
        way.plan,
        who.state,
        who.zip,
        phone=who.phone,
        herself=Actor(ActorKind.VISITOR, None),  # until the address is proved
        bursar=office.actors[Role.BURSAR],
        admissions=office.actors[Role.ADMISSIONS],
    )


def _way(player: Player, beats: Sequence[Beat], chance: random.Random) -> Deed:
    """Return what a student does, step by step: enrolling, then the beats of the way."""
    left = iter(beats)
    step: Step = enroll

    def go_on(at: dt.datetime) -> dt.datetime | None:
        nonlocal step
        with nullcontext() if isinstance(step, Outside) else unit_of_work():
            step(player, at)
        if player.bounces:
            _lose_letters(player.student.email, at)
        beat = next(left, None)
        if beat is None:
            return None
        when, step = beat
        return when(player, at, chance)

    return go_on


def _in_the_office(deed: Callable[[Office, dt.datetime], None], office: Office) -> Deed:
    def happen(at: dt.datetime) -> None:
        with unit_of_work():
            deed(office, at)

    return happen


def _each_morning(now: dt.datetime, office: Office, chance: random.Random) -> Deed:
    """Return the morning of each day, when what fell due by the calendar is charged, reminded of, or late.

    The money of the last weeks is compared day by day; sites and students are looked after on Mondays, and day by day
    towards the end. What only looks for mistakes, or tidies up, is asked for once at the end.
    """

    def wake(at: dt.datetime) -> dt.datetime:
        monday = day_of(at, zone()).weekday() == MONDAY
        kinds = EACH_DAY | ({DAYS} if at > now - COMPARED else set())
        kinds |= PLACING if monday or at > now - PLACED else set()
        with _calendar(kept=kinds.__contains__):
            run_due(at)
        today = day_of(at, zone())
        if monday:
            with unit_of_work():
                _close_days(office.actors[Role.BURSAR], at)
        return on(today + ONE_DAY, CHARGE_HOUR, CHARGE_HOUR + 1, chance)

    return wake


def _close_days(bursar: Actor, at: dt.datetime) -> None:
    """Close the days whose money agrees with the payment service."""
    open_ones = sa.select(DayClose.day).where(DayClose.closed_at.is_(None), DayClose.state.in_(FINE))
    for day in db.session.scalars(open_ones.order_by(DayClose.day)).all():
        closing.close(day=day, remark=None, actor=bursar, at=at)


@contextmanager
def _hurried() -> Iterator[None]:
    """Let SQLite not wait for the disk: a power cut while a demonstration is made costs nothing."""
    if not is_sqlite():
        yield
        return
    db.engine.dispose()
    sa.event.listen(db.engine, "connect", _not_waiting)
    yield
    sa.event.remove(db.engine, "connect", _not_waiting)
    db.session.remove()
    db.engine.dispose()


def _not_waiting(connection: sqlite3.Connection, _entry: object) -> None:
    connection.execute("pragma synchronous=off")


@contextmanager
def _calendar(*, kept: Callable[[str], bool]) -> Iterator[None]:
    """Let the worker ask only for those jobs that fall due by the clock whose kind is kept."""
    periodic = registry().periodic
    every = list(periodic)
    periodic[:] = [one for one in every if kept(one.kind)]
    yield
    periodic[:] = every


def _lose_letters(email: str, at: dt.datetime) -> None:
    """Let the mail server refuse whatever waits for an address."""
    query = sa.select(OutboxLetter.reference).where(
        OutboxLetter.recipient == email, OutboxLetter.state == LetterState.QUEUED
    )
    for reference in db.session.scalars(query).all():
        sender.give_up(reference, NO_SUCH_MAILBOX, at)
