"""The calendar file of a placement, read back by a strict parser: every line, the zone, and each day it stands for."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.affiliations.rules import mask
from provider.externships.calendar_file import calendar_file

NEW_YORK = "America/New_York"
VALUES: Mapping[str, Any] = {
    "placement": "PL-7K2M9Q4T",
    "student": "Ana Ñúñez",
    "site": "Riverside; Hospital, North \\ Wing",
    "location": "Main building",
    "street": "1 River Road",
    "city": "Albany, NY 12207",
    "zone": NEW_YORK,
    "first_on": "2027-03-09",
    "last_on": "2027-03-19",
    "weekdays": mask([0, 2, 4]),
    "from_minute": 8 * 60,
    "until_minute": 16 * 60 + 30,
    "preceptor": "Dr. Mia Ortiz",
    "preceptor_phone": None,
    "preceptor_email": "mia@hospital.example",
    "bring": "Closed shoes, a watch",
    "confirmed_at": "2026-11-22T23:31:59+00:00",
}
Lines = list[tuple[str, str]]


def made(**changed: object) -> bytes:
    who = {"school": "The Sample School", "domain": "example.org", "organizer": "externship@example.org"}
    return calendar_file({**VALUES, **changed}, **who)


def parsed(content: bytes) -> Lines:
    """Unfold and split the lines as RFC 5545 has them; whatever is not exactly so fails."""
    assert content.endswith(b"\r\n")
    raw = content[:-2].split(b"\r\n")
    assert [line for line in raw if len(line) > 75 or b"\r" in line or b"\n" in line] == []
    unfolded: list[str] = []
    for line in (one.decode() for one in raw):
        if line.startswith(" "):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    found = [re.fullmatch(r"([A-Z-]+(?:;[A-Z]+=[^:;]+)*):(.*)", line) for line in unfolded]
    assert all(found), unfolded
    lines = [(match[1], match[2]) for match in found if match]
    depth: list[str] = []
    for name, value in lines:
        if name == "BEGIN":
            depth.append(value)
        elif name == "END":
            assert depth.pop() == value
    assert depth == []
    return lines


def local(value: str) -> dt.datetime:
    """Read the time on the wall; its zone stands elsewhere in the file."""
    assert re.fullmatch(r"\d{8}T\d{6}", value)
    return dt.datetime.fromisoformat(value)


def plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)


def one(lines: Lines, name: str) -> str:
    (value,) = [value for known, value in lines if known == name]
    return value


def attended(content: bytes, zone: str = NEW_YORK) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return each time that the event stands for, as instants, by the zone that stands in the file itself."""
    lines = parsed(content)
    start, end = (local(one(lines, f"{name};TZID={zone}")) for name in ("DTSTART", "DTEND"))
    rule = dict(part.split("=") for part in one(lines, "RRULE").split(";"))
    assert rule.pop("FREQ") == "WEEKLY"
    until = dt.datetime.strptime(rule.pop("UNTIL"), "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    days = [("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(day) for day in rule.pop("BYDAY").split(",")]
    assert rule == {}
    assert start.weekday() in days
    found, day = [], start
    while instant(lines, day) <= until:
        if day.weekday() in days:
            found.append((instant(lines, day), instant(lines, day + (end - start))))
        day += dt.timedelta(days=1)
    return found


def instant(lines: Lines, here: dt.datetime) -> dt.datetime:
    """Return the time on the wall as an instant by the observances of the file."""
    onsets = [local(value) for name, value in lines if name == "DTSTART"]
    offsets = [value for name, value in lines if name == "TZOFFSETTO"]
    offset = [offset for onset, offset in zip(onsets, offsets, strict=True) if onset <= here][-1]
    minutes = int(offset[:3]) * 60 + int(offset[0] + offset[3:])
    return here.replace(tzinfo=dt.timezone(dt.timedelta(minutes=minutes))).astimezone(dt.UTC)


def test_it_stands_for_each_day_in_the_hours_of_the_site_across_the_change_of_clocks() -> None:
    zone = ZoneInfo(NEW_YORK)
    wanted = [
        (
            dt.datetime(2027, 3, day, 8, tzinfo=zone).astimezone(dt.UTC),
            dt.datetime(2027, 3, day, 16, 30, tzinfo=zone).astimezone(dt.UTC),
        )
        for day in (10, 12, 15, 17, 19)
    ]
    assert attended(made()) == wanted
    assert [begin.hour for begin, _ in wanted] == [13, 13, 12, 12, 12]


def test_names_and_notes_come_back_as_they_were_typed() -> None:
    lines = parsed(made())
    assert one(lines, "UID") == "pl-7k2m9q4t@example.org"
    assert one(lines, "DTSTAMP") == "20261122T233159Z"
    assert (one(lines, "METHOD"), one(lines, "ORGANIZER")) == ("PUBLISH", "mailto:externship@example.org")
    assert plain(one(lines, "SUMMARY")) == "Externship of Ana Ñúñez at Riverside; Hospital, North \\ Wing"
    assert plain(one(lines, "LOCATION")) == "Main building, 1 River Road, Albany, NY 12207"
    assert plain(one(lines, "DESCRIPTION")) == (
        "Preceptor: Dr. Mia Ortiz, mia@hospital.example\nBring: Closed shoes, a watch"
    )


@pytest.mark.parametrize("zone", ["America/Phoenix", "Pacific/Honolulu", "America/Los_Angeles"])
def test_a_zone_stands_in_the_file_with_its_own_offsets(zone: str) -> None:
    expected = dt.datetime(2027, 3, 19, 8, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    assert attended(made(zone=zone), zone)[-1][0] == expected


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_whatever_a_site_is_called_the_file_stays_whole(name: str) -> None:
    kept = "".join(character for character in name if character.isprintable() or character == "\n")
    lines = parsed(made(site=name))
    assert plain(one(lines, "SUMMARY")) == f"Externship of Ana Ñúñez at {kept}"
    assert len(attended(made(site=name))) == 5
