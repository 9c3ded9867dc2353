"""Students at a site: a placement that runs, and the hours and procedures of a week."""

import datetime as dt
import itertools
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Flask

from provider.accounts import queries as people
from provider.accounts.passwords import hash_password, set_password
from provider.affiliations.rules import Pattern, Period, mask
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference as enrollment_of
from provider.externships.rules import PlacementState
from provider.fieldwork import approving, clocking, doing, entries, weeks
from provider.fieldwork.approving import Verdict
from provider.fieldwork.clocking import Typed
from provider.fieldwork.doing import Done
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import ProcedureKind
from provider.kernel import clock, references
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from tests.harness import externs, papers, places
from tests.harness.money import BURSAR, agreed, kept, record, stored
from tests.harness.sites import Supply, supply
from tests.harness.stories import PASSWORD, sign_in
from tests.harness.visitor import Visitor

ACCEPTED = dt.datetime(2026, 8, 3, 15, tzinfo=dt.UTC)
COMPLETED = dt.datetime(2026, 10, 5, 15, tzinfo=dt.UTC)
DAYS = Period(dt.date(2026, 11, 2), dt.date(2027, 1, 29))
PATTERN = Pattern(mask(range(5)), 8 * 60, 17 * 60)
MONDAY = dt.date(2026, 11, 16)
NEXT_MONDAY = dt.datetime(2026, 11, 23, 14, tzinfo=dt.UTC)  # 9:00 in New York
NEW_YORK = ZoneInfo("America/New_York")
HERSELF = Actor(ActorKind.STUDENT, "P-33333333")
PRECEPTOR = Actor(ActorKind.LINK, "K-33333333")
HOUR, WEEK = dt.timedelta(hours=1), dt.timedelta(weeks=1)
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Placed:
    """A student at a site, by reference."""

    placement: str
    enrollment: str
    email: str
    supply: Supply


def placed(
    *,
    email: str | None = None,
    state: PlacementState = PlacementState.RUNNING,
    days: Period = DAYS,
    held_on: dt.date | None = None,
    zip_code: str = "10001",
    enrollment: str | None = None,
    enrolled_at: dt.datetime = ACCEPTED,
    name: str | None = None,
) -> Placed:
    """Let a graduate ask, be offered a place, take it and, on its first day, begin; needs an application context.

    Everything happens four weeks before the first day. What is asked for of documents by then, the student has brought.
    """
    address = email or f"extern{next(_numbers)}@student.example"
    asked_at = at(days.first_on - 4 * WEEK, "11:00")
    mine = enrollment or graduated(address, enrolled_at, asked_at - HOUR)
    papers.give(address, at=asked_at)
    agreement = Period(days.first_on - 10 * WEEK, days.last_on + 20 * WEEK)
    made = supply(days=days, pattern=PATTERN, zip_code=zip_code, agreement=agreement, name=name, at=asked_at)
    wish = externs.ask(
        mine, at=asked_at, zip=zip_code, earliest_on=days.first_on,
        from_minute=PATTERN.from_minute, until_minute=PATTERN.until_minute,
    )  # fmt: skip
    placement = places.placed(wish, made.opening, at=asked_at + HOUR)
    if state is not PlacementState.PLANNED:
        places.start(placement, at=at(days.first_on, "12:00"))
    if state is PlacementState.COMPLETED:
        places.complete(placement, at=NEXT_MONDAY)
    if held_on is not None:
        with unit_of_work():
            entries.placement(placement, lock=True).held_on = held_on
    return Placed(placement, mine, address, made)


def enrolled(email: str, when: dt.datetime = ACCEPTED, *, program: str = "ccma") -> str:
    """Let somebody with an account be in a program, paid upfront; returns the enrollment's reference."""
    mine = agreed(email=email, program=program, at=when)
    record(mine, stored(mine).agreement.total_cents, at=when)
    with unit_of_work():
        enrollments.join_by_letter(enrollment=enrollment_of(mine, lock=True), actor=SYSTEM, at=when)
    return mine


def graduated(
    email: str, when: dt.datetime = ACCEPTED, completed_at: dt.datetime | None = None, *, program: str = "ccma"
) -> str:
    """Let somebody with an account complete a program; returns the enrollment's reference."""
    mine, done = enrolled(email, when, program=program), max(when, completed_at or COMPLETED)
    with unit_of_work():
        enrollments.complete(enrollment=enrollment_of(mine, lock=True), actor=BURSAR, at=done)
    return mine


def at(day: dt.date, time: str, zone: ZoneInfo = NEW_YORK) -> dt.datetime:
    """Return the instant at which the clock of a place shows a time."""
    return dt.datetime.combine(day, dt.time.fromisoformat(time), tzinfo=zone).astimezone(dt.UTC)


def typed(
    day: dt.date = MONDAY, begins: str = "08:00", ends: str = "16:30", rest: int = 30, remark: str | None = None
) -> Typed:
    """Return a day as somebody types it."""
    return Typed(day, dt.time.fromisoformat(begins), dt.time.fromisoformat(ends), rest, remark)


def enter(
    who: Placed,
    day: dt.date = MONDAY,
    *,
    key: str | None = None,
    when: dt.datetime | None = None,
    **changed: str | int | None,
) -> str:
    """Enter a day by hand in a transaction of its own; returns the entry's reference."""
    with unit_of_work():
        return clocking.enter(
            placement=entries.placement(who.placement, lock=True),
            client_key=key or references.new("X"),
            typed=typed(day, **changed),  # type: ignore[arg-type]
            actor=HERSELF,
            received_at=when or at(day, "20:00"),
        ).reference


def do(
    who: Placed,
    day: dt.date = MONDAY,
    kind: ProcedureKind = ProcedureKind.VENIPUNCTURE,
    number: int = 5,
    *,
    key: str | None = None,
    remark: str | None = None,
    when: dt.datetime | None = None,
) -> str:
    """Enter a procedure in a transaction of its own; returns the entry's reference."""
    with unit_of_work():
        return doing.enter(
            placement=entries.placement(who.placement, lock=True),
            client_key=key or references.new("X"),
            done=Done(day, kind, number, remark),
            actor=HERSELF,
            received_at=when or at(day, "20:00"),
        ).reference


def send(who: Placed, week_on: dt.date = MONDAY, *, when: dt.datetime = NEXT_MONDAY) -> str:
    """Send a week to the preceptor in a transaction of its own; returns the batch's reference."""
    with unit_of_work():
        return weeks.submit(
            placement=entries.placement(who.placement, lock=True), week_on=week_on, actor=SYSTEM, at=when
        ).reference


def answer(batch: str, verdicts: dict[str, Verdict] | None = None, *, when: dt.datetime = NEXT_MONDAY) -> None:
    """Let the preceptor answer a week: all as entered, but for what is named."""
    with unit_of_work():
        found = entries.batch(batch, lock=True)
        whole = {one.reference: Verdict(one.minutes or 0) for one in entries.lines(found.id, HoursEntry)}
        whole |= {one.reference: Verdict(one.number) for one in entries.lines(found.id, ProcedureEntry)}
        approving.answer(
            batch=found,
            placement=entries.placement_by_id(found.placement_id),
            verdicts=whole | (verdicts or {}),
            signature="Pat Preceptor",
            actor=PRECEPTOR,
            at=when,
        )


def hours(who: Placed) -> list[HoursEntry]:
    """Return the hours of a placement as they are stored, oldest first."""
    return kept(list(reversed(entries.all_of(entries.placement(who.placement).id, HoursEntry))))


def procedures(who: Placed) -> list[ProcedureEntry]:
    """Return the procedures of a placement as they are stored, oldest first."""
    return kept(list(reversed(entries.all_of(entries.placement(who.placement).id, ProcedureEntry))))


def sent_weeks(who: Placed) -> list[EntryBatch]:
    """Return the weeks that were sent, newest first."""
    return kept(list(entries.batches(entries.placement(who.placement).id)))


def let_in(app: Flask, visitor: Visitor, who: Placed) -> Visitor:
    """Give the student a password, and let them sign in."""
    with app.app_context():
        hashed = hash_password(PASSWORD)
        with unit_of_work():
            found = people.by_email(who.email)
            assert found is not None
            set_password(person=found, password_hash=hashed, actor=SYSTEM, at=clock.now())
        db.session.remove()
    sign_in(visitor, who.email)
    return visitor
