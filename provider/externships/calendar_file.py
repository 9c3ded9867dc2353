"""A placement as a calendar file (RFC 5545): one event that repeats each week, in the time zone of the site."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from provider.affiliations.rules import ONE_DAY, days_of

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST = 75  # octets of a line
_LOCAL, _UTC = "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"


def calendar_file(values: Mapping[str, Any], *, school: str, domain: str, organizer: str) -> bytes:
    """Return the file of a confirmation's values: from the first day that is attended, through the last one.

    The zone stands in the file with each change of its clocks between the days, so that nothing has to be looked up.
    """
    zone = ZoneInfo(values["zone"])
    first, last = (dt.date.fromisoformat(values[name]) for name in ("first_on", "last_on"))
    days = days_of(values["weekdays"])
    begins = next(day for day in _each(first, last) if day.weekday() in days)
    start, end = (_at(begins, values[name], zone) for name in ("from_minute", "until_minute"))
    until = dt.datetime.combine(last, dt.time(23, 59, 59), tzinfo=zone).astimezone(dt.UTC)
    stamp = dt.datetime.fromisoformat(values["confirmed_at"]).astimezone(dt.UTC)
    contact = f"{values['preceptor']}, {values['preceptor_phone'] or values['preceptor_email']}"
    bring = f"\nBring: {values['bring']}" if values["bring"] else ""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{_text(school)}//Externships//EN", "METHOD:PUBLISH",
        *_zone(zone, first, last),
        "BEGIN:VEVENT", f"UID:{values['placement'].lower()}@{domain}", f"DTSTAMP:{stamp:{_UTC}}",
        f"ORGANIZER:mailto:{organizer}", "STATUS:CONFIRMED",
        f"DTSTART;TZID={zone.key}:{start:{_LOCAL}}", f"DTEND;TZID={zone.key}:{end:{_LOCAL}}",
        f"RRULE:FREQ=WEEKLY;UNTIL={until:{_UTC}};BYDAY={','.join(_DAYS[day] for day in days)}",
        f"SUMMARY:{_text('Externship of ' + values['student'] + ' at ' + values['site'])}",
        f"LOCATION:{_text(', '.join((values['location'], values['street'], values['city'])))}",
        f"DESCRIPTION:{_text('Preceptor: ' + contact + bring)}",
        "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _each(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))


def _at(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone) + dt.timedelta(minutes=minute)


def _zone(zone: ZoneInfo, first: dt.date, last: dt.date) -> Iterator[str]:
    """Write the zone: how its clocks stand on the first day, and each change until after the last."""
    yield from ("BEGIN:VTIMEZONE", f"TZID:{zone.key}")
    before: dt.datetime | None = None
    for day in _each(first - ONE_DAY, last + ONE_DAY):
        noon = dt.datetime.combine(day, dt.time(12), tzinfo=zone)
        if before is None or noon.utcoffset() != before.utcoffset():
            yield from _observance(before or noon, noon)
        before = noon
    yield "END:VTIMEZONE"


def _observance(before: dt.datetime, noon: dt.datetime) -> Iterator[str]:
    kind = "DAYLIGHT" if noon.dst() else "STANDARD"
    onset = dt.datetime.combine(noon.date(), dt.time())
    if before is not noon:  # clocks change at two in the morning in the United States
        onset += dt.timedelta(hours=2)
    yield from (f"BEGIN:{kind}", f"DTSTART:{onset:{_LOCAL}}", f"TZOFFSETFROM:{before:%z}", f"TZOFFSETTO:{noon:%z}")
    yield from (f"TZNAME:{noon:%Z}", f"END:{kind}")


def _text(value: str) -> str:
    """Escape what has a meaning in a value."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return "".join(character for character in value if character.isprintable())


def _folded(line: str) -> str:
    """Break a line after 75 octets at most, never within a character."""
    parts, length = [""], 0
    for character in line:
        size = len(character.encode())
        if length + size > _LONGEST:
            parts.append(" ")
            length = 1
        parts[-1] += character
        length += size
    return "\r\n".join(parts)
