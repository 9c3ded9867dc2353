"""The confirmation of a placement as files: made from the letter's values when it leaves, and again for a download."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from provider.externships.calendar_file import calendar_file
from provider.kernel.days import counted, day_of, written
from provider.kernel.pdf import render
from provider.kernel.registry import Attachment
from provider.kernel.settings import settings

PDF, CALENDAR = "application/pdf", "text/calendar"


def attachments(values: Mapping[str, Any]) -> Sequence[Attachment]:
    """Return the files that go with a confirmation."""
    return (
        Attachment(f"externship-{values['placement']}.pdf", PDF, confirmation(values)),
        Attachment(f"externship-{values['placement']}.ics", CALENDAR, calendar(values)),
    )


def calendar(values: Mapping[str, Any]) -> bytes:
    """Return a confirmation as a calendar file."""
    known = settings()
    return calendar_file(
        values, school=known.SCHOOL_NAME, domain=known.MAIL_DOMAIN, organizer=known.mailbox("externship")
    )


def confirmation(values: Mapping[str, Any]) -> bytes:
    """Return a confirmation as a tagged PDF; it takes about 0.1 s."""
    return render("externships/confirmation.typ", paper(values))


def paper(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the paper prints: where, when, whom, and what to bring; the same for student and site."""
    known = settings()
    confirmed = day_of(dt.datetime.fromisoformat(values["confirmed_at"]), ZoneInfo(values["zone"]))
    return {
        "title": "Your externship place",
        "reference": values["placement"],
        "confirmed": written(confirmed),
        "seller": [known.SCHOOL_NAME, known.mailbox("externship")],
        "parts": [_where(values), _when(values), _whom(values), _bring(values)],
        "notes": [
            "If something changes or anybody cannot come, write to us at once: we tell the other side.",
            "The placement fee is $0, for the student and for the site.",
            "What the site asks the student to show or to bring is the student’s own cost.",
        ],
    }


def local_time(zone: str) -> str:
    """Name the time of a zone: ``New York time``."""
    return f"{zone.rpartition('/')[2].replace('_', ' ')} time"


def _where(values: Mapping[str, Any]) -> dict[str, Any]:
    return _part(
        "Where",
        ("Site", values["site"]),
        ("Location", values["location"]),
        ("Address", f"{values['street']}, {values['city']}"),
    )


def _when(values: Mapping[str, Any]) -> dict[str, Any]:
    names = ("first_on", "last_on", "begins_on")
    first, last, begins = (written(dt.date.fromisoformat(values[name])) for name in names)
    hours = counted(values["hours"], "hour") if values["hours"] else None
    return _part(
        "When",
        ("First day there", begins),
        ("Days", f"{first} to {last}"),
        ("Each week", f"{values['days']}, {values['times']}, {local_time(values['zone'])}"),
        ("The program asks for", hours),
    )


def _whom(values: Mapping[str, Any]) -> dict[str, Any]:
    title = f", {values['preceptor_title']}" if values["preceptor_title"] else ""
    return _part(
        "Whom",
        ("Preceptor", f"{values['preceptor']}{title}"),
        ("Reached at", ", ".join(one for one in (values["preceptor_email"], values["preceptor_phone"]) if one)),
        ("Student", f"{values['student']}, {values['program']}"),
        ("Reached at", ", ".join(one for one in (values["student_email"], values["student_phone"]) if one)),
    )


def _bring(values: Mapping[str, Any]) -> dict[str, Any]:
    return _part(
        "What to bring", ("From the student", values["bring"] or "A photo ID. The site asked for nothing else.")
    )


def _part(heading: str, *facts: tuple[str, str | None]) -> dict[str, Any]:
    return {"heading": heading, "facts": [fact for fact in facts if fact[1]]}
