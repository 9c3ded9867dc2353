"""Hours as their student enters them: once however often sent, marked where odd, refused while nothing counts."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork import clocking, correcting, doing, entries
from provider.fieldwork.clocking import (
    FORGOTTEN,
    FUTURE,
    NOT_WHOLE,
    SKIPPED,
    AlreadyClockedIn,
    Held,
    LooksPersonal,
    NotClockedIn,
    NotRunning,
    Settled,
    TimeRefused,
    Typed,
)
from provider.fieldwork.doing import Done
from provider.fieldwork.models import HoursEntry, ProcedureEntry
from provider.fieldwork.rules import EntrySource, EntryState, ProcedureKind
from provider.kernel.database import db, unit_of_work
from tests.harness.money import BURSAR
from tests.harness.placed import (
    HERSELF,
    MONDAY,
    Placed,
    answer,
    at,
    do,
    enter,
    hours,
    placed,
    procedures,
    send,
    typed,
)
from tests.harness.stories import timeline

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
DAY = dt.timedelta(days=1)
KEY = "key-of-monday"


@pytest.fixture
def who(context: AppContext) -> Placed:
    return placed()


def clock_in(who: Placed, time: str = "08:00:31", *, key: str = KEY, claimed: str | None = None) -> None:
    with unit_of_work():
        clocking.clock_in(
            placement=entries.placement(who.placement, lock=True),
            client_key=key,
            claimed_at=at(MONDAY, claimed) if claimed else None,
            actor=HERSELF,
            received_at=at(MONDAY, time),
        )


def clock_out(
    who: Placed,
    time: str = "16:30:10",
    *,
    key: str = KEY,
    day: dt.date = MONDAY,
    left: str | None = None,
    claimed: str | None = None,
    rest: int = 30,
    remark: str | None = None,
) -> None:
    with unit_of_work():
        clocking.clock_out(
            placement=entries.placement(who.placement, lock=True),
            client_key=key,
            break_minutes=rest,
            left_at=dt.time.fromisoformat(left) if left else None,
            remark=remark,
            claimed_at=at(day, claimed) if claimed else None,
            actor=HERSELF,
            received_at=at(day, time),
        )


def told(who: Placed) -> list[tuple[str, str, int | None, list[str]]]:
    return [(one.state.value, one.source.value, one.minutes, one.exceptions) for one in hours(who)]


def change(who: Placed, **values: object) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Placement).where(Placement.reference == who.placement).values(**values))


def test_a_day_is_clocked_and_history_tells_it(who: Placed) -> None:
    clock_in(who)
    assert told(who) == [("entered", "clock", None, [])]
    clock_out(who, remark="Twelve draws")
    assert told(who) == [("entered", "clock", 480, [])]
    entry = hours(who)[0]
    assert (entry.from_at, entry.until_at) == (at(MONDAY, "08:00"), at(MONDAY, "16:30"))
    assert [row.event for row in timeline(who.enrollment)][-2:] == ["hours_entry.entered", "hours_entry.clocked_out"]


def test_what_comes_twice_under_one_key_is_one_entry(who: Placed) -> None:
    for _ in range(2):
        clock_in(who)
    for time in ("16:30", "18:00"):
        clock_out(who, time)
    clock_in(who, "19:00")
    first = enter(who, MONDAY + DAY, key="tuesday")
    assert enter(who, MONDAY + DAY, key="tuesday", begins="09:00") == first
    assert do(who, key="tuesday") == do(who, key="tuesday", number=50)
    assert [one.minutes for one in hours(who)] == [480, 480]
    assert [one.number for one in procedures(who)] == [5]


def test_somebody_is_clocked_in_once(who: Placed) -> None:
    clock_in(who)
    with pytest.raises(AlreadyClockedIn):
        clock_in(who, key="another-page")
    with pytest.raises(NotClockedIn):
        clock_out(who, key="another-page")
    assert len(hours(who)) == 1


def test_a_press_kept_by_the_phone_counts_when_it_was_and_says_so(who: Placed) -> None:
    clock_in(who, "08:09", claimed="08:00")
    clock_out(who, "18:00", claimed="16:30")
    assert told(who) == [("entered", "clock", 480, ["sent_later"])]


def test_a_forgotten_clock_is_ended_by_hand_and_marked(who: Placed) -> None:
    clock_in(who)
    with pytest.raises(TimeRefused, match=FORGOTTEN):
        clock_out(who, "09:00", day=MONDAY + DAY)
    clock_out(who, "09:00", day=MONDAY + DAY, left="16:30")
    assert told(who) == [("entered", "clock", 480, ["next_day"])]


def test_a_night_at_the_site_is_one_day(who: Placed) -> None:
    clock_in(who)
    clock_out(who, "01:00", day=MONDAY + DAY)
    assert told(who) == [("entered", "clock", 990, ["other_hours", "long", "next_day"])]


def test_odd_times_are_refused_in_words(who: Placed) -> None:
    with pytest.raises(TimeRefused, match=NOT_WHOLE):
        enter(who, begins="08:00", ends="08:30", rest=30)
    with pytest.raises(TimeRefused, match=FUTURE):
        enter(who, when=at(MONDAY, "16:27"))
    with pytest.raises(TimeRefused, match=SKIPPED):
        enter(who, dt.date(2027, 3, 14), begins="02:30")
    clock_in(who)
    with pytest.raises(TimeRefused, match=NOT_WHOLE):
        clock_out(who, "08:00:59", rest=0)
    with pytest.raises(TimeRefused, match=FUTURE):
        clock_out(who, "12:00", left="16:30")
    assert [one.minutes for one in hours(who)] == [None]


def test_a_remark_that_tells_of_a_patient_keeps_nothing(who: Placed) -> None:
    clock_in(who)
    for refused in (
        lambda: clock_out(who, remark="Mr. Smith"),
        lambda: enter(who, remark="Mr. Smith"),
        lambda: do(who, remark="MRN 4471"),
    ):
        with pytest.raises(LooksPersonal, match="Nothing that tells who a patient is"):
            refused()
    assert ([one.minutes for one in hours(who)], procedures(who)) == ([None], [])


def test_overlaps_are_marked_on_both_and_go_when_one_goes(who: Placed) -> None:
    first = enter(who, begins="08:00", ends="12:00")
    second = enter(who, begins="11:00", ends="16:00")
    assert [one.exceptions for one in hours(who)] == [["overlap"], ["overlap"]]
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        entry = entries.one_of(placement, HoursEntry, second)
        later = typed(begins="12:00", ends="16:00")
        clocking.correct(placement=placement, entry=entry, typed=later, actor=HERSELF, at=at(MONDAY, "20:00"))
    assert [one.exceptions for one in hours(who)] == [[], []]
    enter(who, begins="08:30", ends="09:00", rest=0)
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        entry = entries.one_of(placement, HoursEntry, first)
        clocking.remove(placement=placement, entry=entry, actor=HERSELF, at=at(MONDAY, "20:00"))
    assert [one.exceptions for one in hours(who)] == [[], []]
    assert timeline(who.enrollment)[-1].event == "hours_entry.removed"


@pytest.mark.parametrize(
    "state, sentence",
    [
        (PlacementState.PLANNED, "Your placement starts on November 2, 2026."),
        (PlacementState.COMPLETED, "This placement is over"),
    ],
)
def test_only_a_placement_that_runs_takes_entries(context: AppContext, state: PlacementState, sentence: str) -> None:
    who = placed(state=state)
    for refused in (lambda: enter(who), lambda: do(who), lambda: clock_in(who)):
        with pytest.raises(NotRunning, match=sentence):
            refused()
    assert (hours(who), procedures(who)) == ([], [])


def test_while_it_is_held_nothing_counts_but_who_is_there_can_leave(who: Placed) -> None:
    clock_in(who)
    change(who, held_on=MONDAY)
    for refused in (lambda: enter(who), lambda: do(who), lambda: clock_in(who, key="again")):
        with pytest.raises(Held, match="held since November 16, 2026"):
            refused()
    clock_out(who)
    enter(who, MONDAY - 3 * DAY, when=at(MONDAY, "20:00"))
    assert told(who) == [("entered", "typed", 480, []), ("entered", "clock", 480, ["while_held"])]


def test_clocked_times_that_are_changed_are_typed_from_then_on(who: Placed) -> None:
    clock_in(who)
    clock_out(who, "09:00", day=MONDAY + DAY, left="16:30")
    for times, found in (
        (typed(remark="Lunch was short", rest=20), ("entered", "clock", 490, ["next_day"])),
        (typed(ends="17:00"), ("entered", "typed", 510, [])),
    ):
        correct(who, hours(who)[0].reference, times)
        assert told(who) == [found]


def correct(who: Placed, reference: str, times: Typed) -> None:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        entry = entries.one_of(placement, HoursEntry, reference)
        clocking.correct(placement=placement, entry=entry, typed=times, actor=HERSELF, at=at(MONDAY + DAY, "20:00"))


def test_what_a_preceptor_has_is_not_changed_by_its_student(who: Placed) -> None:
    entry, done = enter(who), do(who)
    batch = send(who)
    for step in ("submitted", "approved"):
        with pytest.raises(Settled):
            correct(who, entry, typed(ends="12:00"))
        with pytest.raises(Settled):
            remove(who, HoursEntry, entry)
        with pytest.raises(Settled):
            remove(who, ProcedureEntry, done)
        assert {one.state.value for one in hours(who)} | {one.state.value for one in procedures(who)} == {step}
        if step == "submitted":
            answer(batch)


def remove(who: Placed, model: type[HoursEntry | ProcedureEntry], reference: str) -> None:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        if model is HoursEntry:
            entry = entries.one_of(placement, HoursEntry, reference)
            clocking.remove(placement=placement, entry=entry, actor=HERSELF, at=at(MONDAY, "20:00"))
        else:
            done = entries.one_of(placement, ProcedureEntry, reference)
            doing.remove(placement=placement, entry=done, actor=HERSELF, at=at(MONDAY, "20:00"))


def test_a_procedure_is_corrected_and_taken_away_until_it_was_sent(who: Placed) -> None:
    reference = do(who)
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        entry = entries.one_of(placement, ProcedureEntry, reference)
        done = Done(MONDAY, ProcedureKind.CAPILLARY, 3, None)
        doing.correct(placement=placement, entry=entry, done=done, actor=HERSELF, at=at(MONDAY, "20:00"))
    assert [(one.kind.value, one.number) for one in procedures(who)] == [("capillary", 3)]
    assert timeline(who.enrollment)[-1].data == {
        "old": {"day": "2026-11-16", "kind": "venipuncture", "number": 5},
        "new": {"day": "2026-11-16", "kind": "capillary", "number": 3},
    }
    remove(who, ProcedureEntry, reference)
    assert procedures(who) == []
    with pytest.raises(TimeRefused, match=FUTURE):
        do(who, MONDAY + DAY, when=at(MONDAY, "23:00"))


def test_staff_only_lower_what_a_preceptor_approved(who: Placed) -> None:
    entry, done = enter(who), do(who)

    def lower(counts: int, reference: str = entry) -> None:
        with unit_of_work():
            placement = entries.placement(who.placement, lock=True)
            model: type[HoursEntry | ProcedureEntry] = HoursEntry if reference == entry else ProcedureEntry
            found = entries.one_of(placement, model, reference)  # type: ignore[type-var]
            correcting.lower(
                placement=placement,
                entry=found,
                counts=counts,
                reason="Counted twice.",
                actor=BURSAR,
                at=at(MONDAY, "21:00"),
            )

    with pytest.raises(correcting.NotApproved):
        lower(60)
    answer(send(who))
    for counts in (480, 481):
        with pytest.raises(correcting.OnlyLess):
            lower(counts)
    lower(450)
    lower(4, done)
    assert [one.approved_minutes for one in hours(who)] + [one.approved_number for one in procedures(who)] == [450, 4]
    last = timeline(who.enrollment)[-2:]
    assert [(row.event, row.data) for row in last] == [
        ("hours_entry.lowered", {"old": 480, "new": 450}),
        ("procedure_entry.lowered", {"old": 5, "new": 4}),
    ]


def test_sums_tell_what_counts_and_what_waits(who: Placed) -> None:
    enter(who)
    do(who)
    answer(send(who))
    enter(who, MONDAY + DAY)
    do(who, MONDAY + DAY, number=2)
    placement_id = entries.placement(who.placement).id
    found = entries.minutes_of(placement_id)
    assert (found.approved, found.entered, found.all) == (480, 480, 960)
    assert entries.minutes(hours(who)) == found
    numbers = entries.numbers_of([placement_id])
    assert {kind.value: (n.approved, n.waiting) for kind, n in numbers.items()} == {"venipuncture": (5, 2)}
    assert {one.state for one in hours(who)} == {EntryState.APPROVED, EntryState.ENTERED}
    assert {one.source for one in hours(who)} == {EntrySource.TYPED}
