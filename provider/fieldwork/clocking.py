"""Hours as their student enters them: clock in, clock out, a day by hand, corrections; nothing counts before approval.

The caller holds the placement, so that two pages of one student act one after the other. What a page sends twice under
one key is one entry: the second answer is that of the first.
"""

import datetime as dt
from dataclasses import dataclass

from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork import entries
from provider.fieldwork.days import (
    OF_THE_PRESS,
    Stretch,
    is_future,
    is_held,
    is_whole,
    minutes_of,
    odd,
    of_the_press,
    pressed_at,
    stretch_of,
    to_the_minute,
)
from provider.fieldwork.models import HoursEntry
from provider.fieldwork.rules import HOURS_PREFIX, EntrySource, EntryState
from provider.fieldwork.tripwire import Tripped, tripped
from provider.history.actions import born, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError, NotFound

OPEN_STATES = (EntryState.ENTERED, EntryState.RETURNED)


class NotRunning(DomainError):
    """Hours and procedures are of a placement that runs."""

    code = "placement_not_running"
    status = 422

    def __init__(self, placement: Placement) -> None:
        super().__init__(
            f"Your placement starts on {written(placement.first_on)}. You can enter hours from that day on."
            if placement.state is PlacementState.PLANNED
            else "This placement is over, so nothing can be entered any more. Write to us if something is missing."
        )


class Held(DomainError):
    """Nothing counts while a document that is required does not hold."""

    code = "placement_held"
    status = 422

    def __init__(self, held_on: dt.date) -> None:
        super().__init__(
            f"Your placement has been held since {written(held_on)}, because a document that the site asks for "
            "does not hold. Nothing counts until it is accepted. How each stands is on the page of your documents."
        )


class AlreadyClockedIn(DomainError):
    """Somebody is clocked in once at a time."""

    code = "already_clocked_in"
    status = 422
    sentence = "You are clocked in already. Clock out first."


class NotClockedIn(DomainError):
    """Only who is clocked in can clock out."""

    code = "not_clocked_in"
    status = 422
    sentence = "You are not clocked in any more. Look at your entries below; you can enter the day by hand."


class TimeRefused(DomainError):
    """Times that cannot be what they say."""

    code = "time_refused"
    status = 422


class LooksPersonal(DomainError):
    """A remark that looks as if it told who a patient is."""

    code = "looks_personal"
    status = 422

    def __init__(self, found: Tripped) -> None:
        super().__init__(found.sentence)


class Settled(DomainError):
    """What lies with the preceptor, or was approved, is not changed by its student."""

    code = "entry_settled"
    status = 422
    sentence = "This entry is with your preceptor or was approved, so it cannot be changed here."


FUTURE = "This lies in the future. Enter it when it is over."
SKIPPED = "The clocks were put forward over one of these times, so it never was. Check both times."
NOT_WHOLE = (
    "From the start to the end must be at least a minute more than the break, and a day at most. Check the times."
)
FORGOTTEN = "You clocked in more than a day ago. Write when you left that day."


@dataclass(frozen=True, slots=True)
class Typed:
    """A day as somebody types it."""

    day_on: dt.date
    begins: dt.time
    ends: dt.time
    break_minutes: int
    remark: str | None


def clock_in(
    *, placement: Placement, client_key: str, claimed_at: dt.datetime | None, actor: Actor, received_at: dt.datetime
) -> HoursEntry:
    """Begin a day; raises NotRunning, Held and AlreadyClockedIn. ``claimed_at`` is when a page without a line says."""
    known = entries.by_key(placement, HoursEntry, client_key)
    if known is not None:
        return known
    agreed = entries.agreed(placement)
    at, kept = pressed_at(claimed_at, received_at)
    day = day_of(at, agreed.zone)
    check_open(placement, day)
    if entries.running(placement.id) is not None:
        raise AlreadyClockedIn
    entry = HoursEntry(
        reference=references.new(HOURS_PREFIX),
        placement_id=placement.id,
        state=EntryState.ENTERED,
        source=EntrySource.CLOCK,
        client_key=client_key,
        day_on=day,
        from_at=to_the_minute(at),
        exceptions=list(of_the_press(EntrySource.CLOCK, day=day, pressed_on=day, kept=kept)),
        entered_at=received_at,
    )
    return _added(entry, placement, actor, received_at)


def clock_out(
    *,
    placement: Placement,
    client_key: str,
    break_minutes: int,
    left_at: dt.time | None,
    remark: str | None,
    claimed_at: dt.datetime | None,
    actor: Actor,
    received_at: dt.datetime,
) -> HoursEntry:
    """End the day that was begun under a key; a second press changes nothing. Raises NotClockedIn and TimeRefused.

    ``left_at`` is what the clock showed when somebody left who forgot to clock out. A placement that is held, or over,
    lets nobody begin a day, but whoever is clocked in can always clock out.
    """
    entry = entries.by_key(placement, HoursEntry, client_key)
    if entry is None:
        raise NotClockedIn
    if entry.until_at is not None:
        return entry
    check_words(remark)
    zone = entries.agreed(placement).zone
    at, kept = pressed_at(claimed_at, received_at)
    until = to_the_minute(at) if left_at is None else _left(entry, left_at, placement, received_at)
    stretch = Stretch(entry.from_at, until)
    if not is_whole(stretch, break_minutes):
        raise TimeRefused(FORGOTTEN if left_at is None and is_whole_but_long(stretch) else NOT_WHOLE)
    entry.until_at, entry.break_minutes, entry.remark = until, break_minutes, remark
    entry.minutes = minutes_of(stretch, break_minutes)
    pressed = of_the_press(entry.source, day=entry.day_on, pressed_on=day_of(at, zone), kept=kept)
    entry.exceptions = [*entry.exceptions, *pressed]
    _mark(entry, placement)
    data = {"day": entry.day_on.isoformat(), "minutes": entry.minutes}
    note(entry, "hours_entry.clocked_out", actor=actor, at=received_at, about=placement.enrollment.reference, data=data)
    return entry


def is_whole_but_long(stretch: Stretch) -> bool:
    """Say whether somebody who did not clock out has been clocked in for longer than a day."""
    return minutes_of(stretch, 0) > 0


def _left(entry: HoursEntry, left_at: dt.time, placement: Placement, now: dt.datetime) -> dt.datetime:
    """Return when somebody left who forgot to clock out: at that time of the day they came, or of the night after."""
    zone = entries.agreed(placement).zone
    begins = entry.from_at.astimezone(zone).time()
    found = stretch_of(entry.day_on, begins, left_at, zone)
    if found is None:
        raise TimeRefused(SKIPPED)
    if is_future(found.until_at, now):
        raise TimeRefused(FUTURE)
    return found.until_at


def enter(*, placement: Placement, client_key: str, typed: Typed, actor: Actor, received_at: dt.datetime) -> HoursEntry:
    """Keep a day that was typed; raises NotRunning, Held, TimeRefused and LooksPersonal."""
    known = entries.by_key(placement, HoursEntry, client_key)
    if known is not None:
        return known
    check_open(placement, typed.day_on)
    stretch = _stretch(placement, typed, received_at)
    entry = HoursEntry(
        reference=references.new(HOURS_PREFIX),
        placement_id=placement.id,
        state=EntryState.ENTERED,
        source=EntrySource.TYPED,
        client_key=client_key,
        exceptions=[],
        entered_at=received_at,
        **_values(typed, stretch),
    )
    return _added(entry, placement, actor, received_at)


def correct(
    *, placement: Placement, entry: HoursEntry, typed: Typed, actor: Actor, at: dt.datetime, reason: str | None = None
) -> HoursEntry:
    """Change a day that is not with the preceptor, nor approved; raises Settled, Held, TimeRefused, LooksPersonal.

    What was sent back is ready to be sent again. Times that were clocked and are changed are typed from then on.
    """
    _check_unsettled(entry)
    check_open(placement, typed.day_on)
    stretch = _stretch(placement, typed, at)
    values = _values(typed, stretch)
    old = {name: getattr(entry, name) for name in values}
    touched = _sharing(entry)
    if any(values[name] != old[name] for name in ("from_at", "until_at")):
        entry.source, entry.exceptions = EntrySource.TYPED, []
    for name, value in values.items():
        setattr(entry, name, value)
    entry.returned_because = None
    _mark(entry, placement, touched)
    data = {"day": entry.day_on.isoformat(), "old": old["minutes"], "new": entry.minutes}
    personal = {"remark": old["remark"], "reason": reason}
    note(
        entry,
        "hours_entry.corrected",
        actor=actor,
        at=at,
        about=placement.enrollment.reference,
        data=data,
        personal={name: value for name, value in personal.items() if value},
    )
    return entry


def remove(*, placement: Placement, entry: HoursEntry, actor: Actor, at: dt.datetime) -> None:
    """Take away a day that nobody was sent yet; raises Settled once a preceptor has seen it."""
    if entry.state is not EntryState.ENTERED:
        raise Settled
    touched = _sharing(entry)
    data = {"day": entry.day_on.isoformat(), "minutes": entry.minutes}
    note(entry, "hours_entry.removed", actor=actor, at=at, about=placement.enrollment.reference, data=data)
    db.session.delete(entry)
    db.session.flush()
    for other in touched:
        _mark(other, placement)


def check_open(placement: Placement, day: dt.date) -> None:
    """Pass while a placement runs and a day of it counts; raises NotRunning and Held."""
    if placement.state is not PlacementState.RUNNING:
        raise NotRunning(placement)
    if placement.held_on is not None and is_held(day, placement.held_on):
        raise Held(placement.held_on)


def check_words(*texts: str | None) -> None:
    """Pass when nothing looks as if it told who a patient is; raises LooksPersonal."""
    for text in texts:
        found = tripped(text)
        if found is not None:
            raise LooksPersonal(found)


def _check_unsettled(entry: HoursEntry) -> None:
    if entry.until_at is None:
        raise NotFound
    if entry.state not in OPEN_STATES:
        raise Settled


def _stretch(placement: Placement, typed: Typed, now: dt.datetime) -> Stretch:
    check_words(typed.remark)
    found = stretch_of(typed.day_on, typed.begins, typed.ends, entries.agreed(placement).zone)
    if found is None:
        raise TimeRefused(SKIPPED)
    if is_future(found.until_at, now):
        raise TimeRefused(FUTURE)
    if not is_whole(found, typed.break_minutes):
        raise TimeRefused(NOT_WHOLE)
    return found


def _values(typed: Typed, stretch: Stretch) -> dict[str, object]:
    return {
        "day_on": typed.day_on,
        "from_at": stretch.from_at,
        "until_at": stretch.until_at,
        "break_minutes": typed.break_minutes,
        "minutes": minutes_of(stretch, typed.break_minutes),
        "remark": typed.remark,
    }


def _added(entry: HoursEntry, placement: Placement, actor: Actor, at: dt.datetime) -> HoursEntry:
    db.session.add(entry)
    db.session.flush()
    _mark(entry, placement)
    data = {"day": entry.day_on.isoformat(), "minutes": entry.minutes, "source": entry.source}
    born(entry, actor=actor, at=at, about=placement.enrollment.reference, data=data)
    return entry


def _sharing(entry: HoursEntry) -> list[HoursEntry]:
    """Return the other entries that share time with one."""
    if entry.until_at is None:
        return []
    here = Stretch(entry.from_at, entry.until_at)
    return [other for other, _ in entries.stretches(entry.placement_id, but=entry.id, around=here)]


def _mark(entry: HoursEntry, placement: Placement, touched: list[HoursEntry] | None = None) -> None:
    """Note what is odd about an entry, and anew about those it shares time with or did share it with."""
    if entry.until_at is None:
        return
    db.session.flush()
    agreed = entries.agreed(placement)
    around = {other.id: other for other in (*_sharing(entry), *(touched or []))}
    for one in (entry, *around.values()):
        if one.until_at is None or one.state not in OPEN_STATES:
            continue
        here = Stretch(one.from_at, one.until_at)
        others = [other for _, other in entries.stretches(one.placement_id, but=one.id, around=here)]
        kept = OF_THE_PRESS & set(one.exceptions)
        one.exceptions = [*odd(here, agreed, others=others, entered_at=one.entered_at, kept=kept)]
