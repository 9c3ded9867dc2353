"""The letter to a registrar as a paper: what it prints, and what the page of its code says."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from provider.kernel.days import written
from provider.kernel.pdf import render
from provider.kernel.registry import Attachment
from provider.kernel.settings import settings
from provider.verification.queries import by_reference
from provider.verification.rules import written_code

TITLE = "Letter about college credit"
SAMPLE_WORDS = "The number of credits is an example. Nobody can rely on it."
Facts = list[tuple[str, str]]


def certificate(values: Mapping[str, Any]) -> str:
    """Write what was passed: the certificate with its code, and the body that gives it."""
    return f"{values['credential_name']} ({values['credential']}), {values['body']}"


def public_facts(values: Mapping[str, Any]) -> Facts:
    """Return what whoever has the code reads; neither number of the student is among it."""
    return [
        ("To the registrar of", values["college"]),
        ("Certificate", certificate(values)),
        ("Passed on", written(dt.date.fromisoformat(values["taken_on"]))),
        *_credit(values),
    ]


def facts(values: Mapping[str, Any]) -> Facts:
    """Return what the college reads of a student, on paper and on the page of its link."""
    numbers = [("Your student number", values["student_number"]), ("Certificate number", values["certificate_number"])]
    student, number = numbers
    found = [
        ("Student", values["student"]),
        student,
        ("Certificate", certificate(values)),
        ("Passed on", written(dt.date.fromisoformat(values["taken_on"]))),
        number,
        *_credit(values),
    ]
    return [(label, value) for label, value in found if value]


def _credit(values: Mapping[str, Any]) -> Facts:
    found = [
        ("Credit", values["stated"]),
        ("Level", values["level"]),
        ("Subject", values["subject"]),
        ("Sample", SAMPLE_WORDS if values["sample_credit"] else None),
    ]
    return [(label, value) for label, value in found if value]


def attachments(values: Mapping[str, Any]) -> Sequence[Attachment]:
    """Return the paper that goes with the letter to a registrar, made when the letter leaves."""
    paper = render("credits/letter.typ", sheet(values))
    return (Attachment(f"college-credit-{values['reference']}.pdf", "application/pdf", paper),)


def sheet(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the printer's template reads: text only."""
    known, document = settings(), by_reference(values["document"])
    code = written_code(document.code)
    return {
        "title": TITLE,
        "school": known.SCHOOL_NAME,
        "mailbox": known.mailbox("collegecredits"),
        "college": values["college"],
        "student": values["student"],
        "credential": values["credential"],
        "reference": values["reference"],
        "written": written(dt.date.fromisoformat(values["written_on"])),
        "facts": [list(pair) for pair in facts(values)],
        "code": code,
        "address": f"{known.BASE_URL}/verify/{code}",
    }
