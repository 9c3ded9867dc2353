"""Boundary vectors of the refund window. Every expected instant is written out by hand, with its offset."""
# ruff: noqa: E501 - a table of vectors is read by its columns

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.policies.rules import (
    NATIONWIDE,
    Anchor,
    ClauseCode,
    PolicyVersion,
    Refusal,
    StateFloor,
    Terms,
    Unit,
    Window,
    decide,
    floor_deadline,
    in_force,
    is_open,
    remaining,
    window,
)

MICROSECOND = dt.timedelta(microseconds=1)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def policy(hours: int = 24, number: int = 1, effective_from: dt.datetime = LONG_AGO) -> PolicyVersion:
    return PolicyVersion(number=number, hours=hours, effective_from=effective_from)


def floor(
    anchor: Anchor = Anchor.ACCEPTANCE,
    amount: int | None = 3,
    unit: Unit | None = Unit.CALENDAR_DAYS,
    *,
    state: str = "GA",
    keeps_money: bool = False,
    enabled: bool = True,
) -> StateFloor:
    return StateFloor(
        state=state,
        anchor=anchor,
        amount=amount,
        unit=unit,
        citation="Standard 13",
        source="https://example.org/standard-13",
        as_of=dt.date(2026, 11, 1),
        keeps_money=keeps_money,
        enabled=enabled,
    )


def terms(accepted_at: str, zone: str = "America/New_York", hours: int = 24, state: str = "GA") -> Terms:
    return Terms(accepted_at=at(accepted_at), policy=policy(hours), state=state, zone=ZoneInfo(zone))


def open_window(
    terms: Terms, purchased_at: str, *floors: StateFloor, at_purchase: PolicyVersion | None = None
) -> Window:
    bought = at(purchased_at)
    return window(terms=terms, purchased_at=bought, policy_at_purchase=at_purchase or terms.policy, floors=floors)


def refusal(terms: Terms, window: Window, asked_at: dt.datetime) -> Refusal | None:
    return decide(
        terms=terms,
        window=window,
        asked_at=asked_at,
        captured_cents=129_900,
        already_refunded=False,
        disputed=False,
    ).refusal


def check_boundary(terms: Terms, window: Window, deadline: str) -> None:
    """The deadline reads as expected on the student's own clock; it still counts, one microsecond later does not."""
    assert window.deadline.astimezone(terms.zone).isoformat() == at(deadline).isoformat()
    assert window.deadline.utcoffset() == dt.timedelta()
    assert refusal(terms, window, window.deadline - MICROSECOND) is None
    assert refusal(terms, window, window.deadline) is None
    assert refusal(terms, window, window.deadline + MICROSECOND) is Refusal.OUTSIDE_WINDOW


ELAPSED = [
    ("spring night, noon before", "America/New_York", 24, "2027-03-13T12:00:00-05:00", "2027-03-14T13:00:00-04:00"),
    ("autumn night, noon before", "America/New_York", 24, "2026-10-31T12:00:00-04:00", "2026-11-01T11:00:00-05:00"),
    ("into a leap day", "America/Chicago", 24, "2028-02-28T23:30:00-06:00", "2028-02-29T23:30:00-06:00"),
    ("no spring night in Arizona", "America/Phoenix", 24, "2027-03-13T12:00:00-07:00", "2027-03-14T12:00:00-07:00"),
    ("no autumn night in Arizona", "America/Phoenix", 24, "2026-10-31T12:00:00-07:00", "2026-11-01T12:00:00-07:00"),
    (
        "last instant before the clock jumps",
        "America/New_York",
        24,
        "2027-03-13T01:59:59.999999-05:00",
        "2027-03-14T01:59:59.999999-05:00",
    ),
    ("the instant it jumps", "America/New_York", 24, "2027-03-13T02:00:00-05:00", "2027-03-14T03:00:00-04:00"),
    ("an hour that is not there", "America/New_York", 24, "2027-03-13T02:30:00-05:00", "2027-03-14T03:30:00-04:00"),
    ("bought before the jump", "America/New_York", 24, "2027-03-14T01:59:59-05:00", "2027-03-15T02:59:59-04:00"),
    ("bought at the jump", "America/New_York", 24, "2027-03-14T03:00:00-04:00", "2027-03-15T03:00:00-04:00"),
    ("before the doubled hour", "America/New_York", 24, "2026-10-31T00:30:00-04:00", "2026-11-01T00:30:00-04:00"),
    ("first of the doubled hours", "America/New_York", 24, "2026-10-31T01:30:00-04:00", "2026-11-01T01:30:00-04:00"),
    ("second of the doubled hours", "America/New_York", 24, "2026-10-31T02:30:00-04:00", "2026-11-01T01:30:00-05:00"),
    ("after the doubled hour", "America/New_York", 24, "2026-10-31T03:00:00-04:00", "2026-11-01T02:00:00-05:00"),
    ("bought in the first", "America/New_York", 24, "2026-11-01T01:30:00-04:00", "2026-11-02T00:30:00-05:00"),
    ("bought in the second", "America/New_York", 24, "2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"),
    ("out of a leap day", "America/Chicago", 24, "2028-02-29T12:00:00-06:00", "2028-03-01T12:00:00-06:00"),
    ("no leap day in 2027", "America/Chicago", 24, "2027-02-28T23:59:59-06:00", "2027-03-01T23:59:59-06:00"),
    ("no leap day in 2100", "America/Phoenix", 24, "2100-02-28T12:00:00-07:00", "2100-03-01T12:00:00-07:00"),
    (
        "last instant of a year",
        "America/New_York",
        24,
        "2026-12-31T23:59:59.999999-05:00",
        "2027-01-01T23:59:59.999999-05:00",
    ),
    ("first instant of its last day", "America/New_York", 24, "2027-12-31T00:00:00-05:00", "2028-01-01T00:00:00-05:00"),
    (
        "spring, Pacific, skips a date",
        "America/Los_Angeles",
        24,
        "2027-03-13T23:59:59-08:00",
        "2027-03-15T00:59:59-07:00",
    ),
    ("autumn, Pacific, same date", "America/Los_Angeles", 24, "2026-11-01T00:30:00-07:00", "2026-11-01T23:30:00-08:00"),
    ("spring, Mountain", "America/Denver", 24, "2027-03-13T12:00:00-07:00", "2027-03-14T13:00:00-06:00"),
    ("autumn, Mountain", "America/Denver", 24, "2026-10-31T12:00:00-06:00", "2026-11-01T11:00:00-07:00"),
    ("spring, Central", "America/Chicago", 24, "2027-03-13T12:00:00-06:00", "2027-03-14T13:00:00-05:00"),
    ("autumn, Central", "America/Chicago", 24, "2026-10-31T12:00:00-05:00", "2026-11-01T11:00:00-06:00"),
    ("spring, Alaska", "America/Anchorage", 24, "2027-03-13T12:00:00-09:00", "2027-03-14T13:00:00-08:00"),
    ("autumn, Alaska, same date", "America/Anchorage", 24, "2026-11-01T00:00:00-08:00", "2026-11-01T23:00:00-09:00"),
    ("spring, Aleutians", "America/Adak", 24, "2027-03-13T12:00:00-10:00", "2027-03-14T13:00:00-09:00"),
    ("spring in Hawaii", "Pacific/Honolulu", 24, "2027-03-13T18:00:00-10:00", "2027-03-14T18:00:00-10:00"),
    ("autumn in Hawaii", "Pacific/Honolulu", 24, "2026-10-31T18:00:00-10:00", "2026-11-01T18:00:00-10:00"),
    ("Puerto Rico", "America/Puerto_Rico", 24, "2027-03-13T12:00:00-04:00", "2027-03-14T12:00:00-04:00"),
    ("Guam over the year", "Pacific/Guam", 24, "2026-12-31T12:00:00+10:00", "2027-01-01T12:00:00+10:00"),
    ("American Samoa", "Pacific/Pago_Pago", 24, "2028-02-28T12:00:00-11:00", "2028-02-29T12:00:00-11:00"),
    ("Indiana", "America/Indiana/Indianapolis", 24, "2027-03-13T12:00:00-05:00", "2027-03-14T13:00:00-04:00"),
    ("Idaho", "America/Boise", 24, "2026-10-31T12:00:00-06:00", "2026-11-01T11:00:00-07:00"),
    ("Michigan, a year later", "America/Detroit", 24, "2027-11-06T12:00:00-04:00", "2027-11-07T11:00:00-05:00"),
    ("UTC", "UTC", 24, "2028-02-29T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
    ("a weekend counts", "America/New_York", 24, "2026-11-21T10:00:00-05:00", "2026-11-22T10:00:00-05:00"),
    ("a holiday counts", "America/New_York", 24, "2026-11-26T09:00:00-05:00", "2026-11-27T09:00:00-05:00"),
    (
        "microseconds stay",
        "America/New_York",
        24,
        "2026-11-21T10:00:00.000001-05:00",
        "2026-11-22T10:00:00.000001-05:00",
    ),
    ("48 hours in spring", "America/New_York", 48, "2027-03-13T12:00:00-05:00", "2027-03-15T13:00:00-04:00"),
    ("48 hours in autumn", "America/New_York", 48, "2026-10-31T12:00:00-04:00", "2026-11-02T11:00:00-05:00"),
    ("one hour in spring", "America/New_York", 1, "2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00"),
    ("one hour in autumn", "America/New_York", 1, "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"),
    (
        "three days of hours over a leap day",
        "America/Chicago",
        72,
        "2028-02-27T08:00:00-06:00",
        "2028-03-01T08:00:00-06:00",
    ),
    ("a year of hours", "America/New_York", 8760, "2026-07-01T12:00:00-04:00", "2027-07-01T12:00:00-04:00"),
]


@pytest.mark.parametrize("zone, hours, bought, deadline", [row[1:] for row in ELAPSED], ids=[row[0] for row in ELAPSED])
def test_the_window_is_elapsed_time_and_its_last_instant_counts(
    zone: str, hours: int, bought: str, deadline: str
) -> None:
    agreed = terms(bought, zone, hours)
    check_boundary(agreed, open_window(agreed, bought), deadline)


H, C, B = Unit.HOURS, Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS
ACC, BUY = Anchor.ACCEPTANCE, Anchor.PURCHASE
NY, CHI, PHX, LA = "America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles"
END = "T23:59:59.999999"
FLOORS = [
    ("72 hours in spring", NY, ACC, 72, H, "2027-03-12T12:00:00-05:00", "2027-03-12T12:00:00-05:00", "2027-03-15T13:00:00-04:00"),
    ("72 hours in autumn", NY, ACC, 72, H, "2026-10-30T12:00:00-04:00", "2026-10-30T12:00:00-04:00", "2026-11-02T11:00:00-05:00"),
    ("72 hours from acceptance", CHI, ACC, 72, H, "2026-11-20T08:00:00-06:00", "2026-11-21T09:00:00-06:00", "2026-11-23T08:00:00-06:00"),
    ("72 hours from purchase", CHI, BUY, 72, H, "2026-11-20T08:00:00-06:00", "2026-11-21T09:00:00-06:00", "2026-11-24T09:00:00-06:00"),
    ("72 hours over a leap day", PHX, BUY, 72, H, "2028-02-27T23:00:00-07:00", "2028-02-27T23:00:00-07:00", "2028-03-01T23:00:00-07:00"),
    ("25 hours, one more than ours", NY, BUY, 25, H, "2026-11-21T10:00:00-05:00", "2026-11-21T10:00:00-05:00", "2026-11-22T11:00:00-05:00"),
    ("3 days to the end of the third", NY, ACC, 3, C, "2026-11-21T10:00:00-05:00", "2026-11-21T10:00:00-05:00", f"2026-11-24{END}-05:00"),
    ("3 days, accepted as a day starts", NY, ACC, 3, C, "2026-11-21T00:00:00-05:00", "2026-11-21T00:00:00-05:00", f"2026-11-24{END}-05:00"),
    ("3 days, accepted as a day ends", NY, ACC, 3, C, f"2026-11-21{END}-05:00", "2026-11-22T00:00:00-05:00", f"2026-11-24{END}-05:00"),
    ("3 days, bought as a day ends", NY, BUY, 3, C, f"2026-11-21{END}-05:00", "2026-11-22T00:00:00-05:00", f"2026-11-25{END}-05:00"),
    ("3 days ending in the spring night", NY, ACC, 3, C, "2027-03-11T10:00:00-05:00", "2027-03-11T10:00:00-05:00", f"2027-03-14{END}-04:00"),
    ("3 days ending before it", NY, ACC, 3, C, "2027-03-10T10:00:00-05:00", "2027-03-10T10:00:00-05:00", f"2027-03-13{END}-05:00"),
    ("3 days ending in the autumn night", NY, ACC, 3, C, "2026-10-29T10:00:00-04:00", "2026-10-29T10:00:00-04:00", f"2026-11-01{END}-05:00"),
    ("3 days ending before that", NY, ACC, 3, C, "2026-10-28T10:00:00-04:00", "2026-10-28T10:00:00-04:00", f"2026-10-31{END}-04:00"),
    ("3 days onto a leap day", CHI, ACC, 3, C, "2028-02-26T12:00:00-06:00", "2028-02-26T12:00:00-06:00", f"2028-02-29{END}-06:00"),
    ("3 days over a year", LA, BUY, 3, C, "2026-12-29T20:00:00-08:00", "2026-12-29T20:00:00-08:00", f"2027-01-01{END}-08:00"),
    ("3 days in Arizona", PHX, BUY, 3, C, "2027-03-12T20:00:00-07:00", "2027-03-12T20:00:00-07:00", f"2027-03-15{END}-07:00"),
    ("the date is the student's, west", LA, BUY, 3, C, "2026-11-21T23:30:00-08:00", "2026-11-21T23:30:00-08:00", f"2026-11-24{END}-08:00"),
    ("the date is the student's, Guam", "Pacific/Guam", BUY, 3, C, "2026-11-22T00:30:00+10:00", "2026-11-22T00:30:00+10:00", f"2026-11-25{END}+10:00"),
    ("5 days", NY, ACC, 5, C, "2026-11-21T10:00:00-05:00", "2026-11-21T10:00:00-05:00", f"2026-11-26{END}-05:00"),
    ("7 days over Christmas", NY, ACC, 7, C, "2026-12-21T10:00:00-05:00", "2026-12-21T10:00:00-05:00", f"2026-12-28{END}-05:00"),
    ("3 business days over Thanksgiving", NY, ACC, 3, B, "2026-11-24T10:00:00-05:00", "2026-11-24T10:00:00-05:00", f"2026-11-30{END}-05:00"),
    ("5 business days over Thanksgiving", NY, ACC, 5, B, "2026-11-24T10:00:00-05:00", "2026-11-24T10:00:00-05:00", f"2026-12-02{END}-05:00"),
    ("5 business days from a Saturday", NY, BUY, 5, B, "2026-11-21T10:00:00-05:00", "2026-11-21T10:00:00-05:00", f"2026-11-30{END}-05:00"),
    ("3 business days over a year", CHI, BUY, 3, B, "2026-12-30T10:00:00-06:00", "2026-12-30T10:00:00-06:00", f"2027-01-05{END}-06:00"),
    ("3 business days, Saturday holiday", NY, ACC, 3, B, "2026-07-01T10:00:00-04:00", "2026-07-01T10:00:00-04:00", f"2026-07-06{END}-04:00"),
    ("3 business days, Sunday holiday", NY, ACC, 3, B, "2027-07-01T10:00:00-04:00", "2027-07-01T10:00:00-04:00", f"2027-07-07{END}-04:00"),
    ("3 business days, spring night", LA, ACC, 3, B, "2027-03-11T10:00:00-08:00", "2027-03-11T10:00:00-08:00", f"2027-03-16{END}-07:00"),
    ("3 business days, autumn night", LA, ACC, 3, B, "2026-10-29T10:00:00-07:00", "2026-10-29T10:00:00-07:00", f"2026-11-03{END}-08:00"),
    ("1 business day onto a leap day", CHI, BUY, 1, B, "2028-02-28T00:00:00-06:00", "2028-02-28T00:00:00-06:00", f"2028-02-29{END}-06:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    "zone, anchor, amount, unit, accepted, bought, deadline",
    [row[1:] for row in FLOORS],
    ids=[row[0] for row in FLOORS],
)
def test_the_law_of_the_students_state_lengthens_the_window_to_its_last_instant(
    zone: str, anchor: Anchor, amount: int, unit: Unit, accepted: str, bought: str, deadline: str
) -> None:
    agreed = terms(accepted, zone)
    opened = open_window(agreed, bought, floor(anchor, amount, unit))
    assert opened.clause.code is ClauseCode.STATE_FLOOR
    check_boundary(agreed, opened, deadline)


def test_there_are_at_least_sixty_boundary_vectors() -> None:
    assert len({row[0] for row in (*ELAPSED, *FLOORS)}) == len(ELAPSED) + len(FLOORS) >= 60


@given(
    bought=st.integers(0, 70 * 366 * 86_400).map(lambda seconds: LONG_AGO + dt.timedelta(seconds=seconds)),
    zone=st.sampled_from([NY, CHI, PHX, LA, "Pacific/Honolulu", "Pacific/Guam"]),
    hours=st.integers(1, 400),
    amount=st.integers(1, 30),
    unit=st.sampled_from(Unit),
)
def test_a_floor_never_shortens_the_window(bought: dt.datetime, zone: str, hours: int, amount: int, unit: Unit) -> None:
    agreed = terms(bought.isoformat(), zone, hours)
    without = open_window(agreed, bought.isoformat())
    opened = open_window(agreed, bought.isoformat(), floor(Anchor.PURCHASE, amount, unit))
    assert without.deadline - bought == dt.timedelta(hours=hours)
    assert opened.deadline >= without.deadline
    assert (opened.floor is None) == (opened.deadline == without.deadline)


def test_the_longest_of_several_floors_governs() -> None:
    agreed = terms("2026-11-21T10:00:00-05:00")
    short, long = floor(amount=3), floor(amount=5)
    assert open_window(agreed, "2026-11-21T10:00:00-05:00", long, short).floor == long
    assert open_window(agreed, "2026-11-21T10:00:00-05:00", short, long).floor == long


@pytest.mark.parametrize(
    "row",
    [
        floor(amount=7, enabled=False),
        floor(amount=7, state="WA"),
        floor(amount=7, keeps_money=True),
        floor(Anchor.OTHER, amount=7),
        floor(amount=None, unit=None),
    ],
    ids=["turned off", "another state", "keeps a part", "another anchor", "no number read"],
)
def test_a_floor_that_does_not_hold_here_changes_nothing(row: StateFloor) -> None:
    agreed = terms("2026-11-21T10:00:00-05:00")
    opened = open_window(agreed, "2026-11-21T10:00:00-05:00", row)
    assert opened.floor is None
    assert opened.deadline == at("2026-11-22T10:00:00-05:00")


def test_a_federal_row_holds_in_every_state() -> None:
    agreed = terms("2026-11-21T10:00:00-05:00", state="OR")
    opened = open_window(agreed, "2026-11-21T10:00:00-05:00", floor(unit=Unit.BUSINESS_DAYS, state=NATIONWIDE))
    assert opened.deadline == at("2026-11-25T23:59:59.999999-05:00")


def test_a_floor_that_ended_before_a_late_purchase_leaves_the_policy() -> None:
    agreed = terms("2026-11-01T10:00:00-05:00")
    opened = open_window(agreed, "2026-11-21T10:00:00-05:00", floor(Anchor.ACCEPTANCE, 3))
    assert (opened.clause.code, opened.deadline) == (ClauseCode.POLICY_ACCEPTED, at("2026-11-22T10:00:00-05:00"))


def test_a_floor_that_cannot_be_computed_is_refused() -> None:
    with pytest.raises(ValueError, match="Standard 13 names no window"):
        floor_deadline(floor(Anchor.OTHER), accepted_at=LONG_AGO, purchased_at=LONG_AGO, zone=ZoneInfo(NY))


@pytest.mark.parametrize(
    "row, reasons",
    [
        (floor(), []),
        (floor(Anchor.OTHER), ["It counts from an event other than the agreement or the first payment."]),
        (floor(amount=None), ["It names no number of hours or days."]),
        (floor(unit=None), ["It names no number of hours or days."]),
        (floor(amount=0), ["It names no number of hours or days."]),
        (floor(keeps_money=True), ["It lets the school keep a part of the money; our refunds are whole."]),
    ],
    ids=["whole", "other anchor", "no amount", "no unit", "nothing", "kept"],
)
def test_a_row_that_is_for_counsel_says_why_and_cannot_be_turned_on(row: StateFloor, reasons: list[str]) -> None:
    assert list(row.for_counsel) == reasons
    assert row.can_be_enabled == (not reasons)


BOUGHT = "2026-11-21T10:00:00-05:00"


@pytest.mark.parametrize(
    "accepted_hours, hours_at_purchase, code, deadline",
    [
        (24, 24, ClauseCode.POLICY_ACCEPTED, "2026-11-22T10:00:00-05:00"),
        (24, 48, ClauseCode.POLICY_AT_PURCHASE, "2026-11-23T10:00:00-05:00"),
        (48, 24, ClauseCode.POLICY_ACCEPTED, "2026-11-23T10:00:00-05:00"),
        (24, 25, ClauseCode.POLICY_AT_PURCHASE, "2026-11-22T11:00:00-05:00"),
        (25, 24, ClauseCode.POLICY_ACCEPTED, "2026-11-22T11:00:00-05:00"),
    ],
    ids=["unchanged", "better at purchase", "worse at purchase", "an hour better", "an hour worse"],
)
def test_of_the_version_accepted_and_the_one_at_purchase_the_better_governs_and_both_are_kept(
    accepted_hours: int, hours_at_purchase: int, code: ClauseCode, deadline: str
) -> None:
    agreed = terms("2026-11-20T10:00:00-05:00", hours=accepted_hours)
    newer = policy(hours_at_purchase, number=2, effective_from=at("2026-11-21T00:00:00-05:00"))
    opened = open_window(agreed, BOUGHT, at_purchase=newer)
    assert opened.clause.code is code
    assert (agreed.policy.number, opened.policy_at_purchase.number) == (1, 2)
    check_boundary(agreed, opened, deadline)


@pytest.mark.parametrize(
    "instant, number",
    [
        ("2025-12-31T23:59:59.999999+00:00", None),
        ("2026-01-01T00:00:00+00:00", 1),
        ("2026-06-30T23:59:59.999999+00:00", 1),
        ("2026-07-01T00:00:00+00:00", 3),
        ("2026-07-01T02:00:00+02:00", 3),
    ],
    ids=["before all", "first instant", "last of the first", "a tie goes to the higher number", "another offset"],
)
def test_a_version_is_in_force_from_its_first_instant(instant: str, number: int | None) -> None:
    july = at("2026-07-01T00:00:00+00:00")
    versions = [policy(number=3, effective_from=july), policy(number=2, effective_from=july)]
    versions.append(policy(number=1, effective_from=at("2026-01-01T00:00:00+00:00")))
    found = in_force(versions, at(instant))
    assert (found.number if found else None) == number


def test_the_clause_says_which_promise_governs_and_why() -> None:
    agreed = terms(BOUGHT)
    better = policy(48, number=2)
    assert [
        open_window(agreed, BOUGHT).clause.text,
        open_window(agreed, BOUGHT, at_purchase=better).clause.text,
        open_window(agreed, BOUGHT, floor(Anchor.ACCEPTANCE, 3, Unit.BUSINESS_DAYS)).clause.text,
        open_window(agreed, BOUGHT, floor(Anchor.PURCHASE, 72, Unit.HOURS)).clause.text,
    ] == [
        "Refund policy version 1, which you accepted with the agreement: 24 hours from your first payment.",
        "Refund policy version 2, in force when you first paid and better for you than the version you accepted: 48 hours from your first payment.",
        "Standard 13 (GA), longer than the school's own policy: 3 business days from when you accepted the agreement.",
        "Standard 13 (GA), longer than the school's own policy: 72 hours from your first payment.",
    ]


def test_the_public_page_says_the_promise_in_plain_words() -> None:
    assert policy(1).sentence == "You get all of your money back if you ask within 1 hour of your first payment."
    assert policy().sentence == "You get all of your money back if you ask within 24 hours of your first payment."


def test_time_left_never_goes_below_zero() -> None:
    deadline = at("2026-11-22T10:00:00-05:00")
    assert remaining(deadline, at("2026-11-22T09:59:59-05:00")) == dt.timedelta(seconds=1)
    assert remaining(deadline, at("2026-11-22T15:00:00+00:00")) == dt.timedelta()
    assert remaining(deadline, at("2026-11-23T10:00:00-05:00")) == dt.timedelta()
    assert is_open(deadline, deadline)
    assert not is_open(deadline, deadline + MICROSECOND)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        policy(effective_from=dt.datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused
    agreed = terms(BOUGHT)
    with pytest.raises(ValueError, match="a time without a zone"):
        window(terms=agreed, purchased_at=dt.datetime(2026, 11, 21), policy_at_purchase=agreed.policy)  # noqa: DTZ001


def test_a_window_of_no_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="a refund window of 0 hours"):
        policy(0)


def test_an_event_that_cannot_be_dated_is_another_anchor() -> None:
    assert [Anchor.of(text) for text in ("acceptance", "purchase", "other", "first_session", "")] == [
        Anchor.ACCEPTANCE,
        Anchor.PURCHASE,
        Anchor.OTHER,
        Anchor.OTHER,
        Anchor.OTHER,
    ]


def test_anchors_and_units_have_words() -> None:
    assert [anchor.label for anchor in Anchor] == ["Acceptance of the agreement", "First payment", "Another event"]
    assert [unit.label for unit in Unit] == ["Hours", "Calendar days", "Business days"]
    assert [floor(amount=amount, unit=unit).length for amount, unit in [(1, H), (3, B), (None, None)]] == [
        "1 hour",
        "3 business days",
        "not read",
    ]
