"""Enrolling, the student’s desk, and enrollments and students in the back office."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from tests.harness.room import OWNER, Case, Objects, Records, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case("enroll", None, "/programs/ccma/enroll?plan=upfront"),
    Case("cancel", Role.ADMISSIONS, "/staff/enrollments/{awaiting}/cancel", {"sure": "on"}),
    Case(
        "revocation of a certificate",
        Role.ADMISSIONS,
        "/staff/enrollments/{completed}/certificate",
        {"reason": "Completed by mistake"},
        "/revocation",
    ),
    Case("note", Role.COORDINATOR, "/staff/enrollments/{late}", {"text": "She calls back"}, "/notes"),
    Case("note about a student", Role.BURSAR, "/staff/students/{student}", {"text": "She calls back"}, "/notes"),
    Case("completions", Role.ADMISSIONS, "/staff/completions", part="/check", file=("csv", b"reference\nE-22222222\n")),
)
BUTTONS = {
    "/my/enrollments/{awaiting}/cancel": "awaiting",
    "/staff/completions": Role.ADMISSIONS,
    "/staff/enrollments/{late}/completion": Role.ADMISSIONS,
    "/staff/enrollments/{late}/hold-release": Role.ADMISSIONS,
    "/staff/enrollments/{uncertified}/certificate": Role.ADMISSIONS,
    "/staff/enrollments/many": Role.ADMISSIONS,
    "/staff/enrollments/many/results": Role.ADMISSIONS,
    "/staff/enrollments/export": Role.BURSAR,
    "/staff/completions/export": Role.BURSAR,
}

STUDENTS = ("awaiting", "completed", "fresh", "graduate", "late", "paying", "settled", "started")


def _public(stage: Stage) -> Iterator[Visit]:
    yield Visit("enroll-choose-plan", "/programs/ccma/enroll")
    upfront = "/programs/ccma/enroll?plan=upfront"
    yield Visit("enroll-upfront", upfront)
    yield Visit("enroll-upfront-errors", upfront, sent_empty=True, status=422)
    yield Visit("enroll-installments", "/programs/cpt/enroll?plan=installments")


def _student(stage: Stage) -> Iterator[Visit]:
    """The student's desk and enrollment in each state."""
    for state, who in stage.season.students.items():
        if state not in {"started", "overpaid", "reversed", "too_late"}:
            yield Visit(f"my-{state}", f"/my/enrollments/{who.enrollment}", who.email)
    paying = stage.season["paying"]
    yield Visit("my", "/my", paying.email)
    yield Visit("my-agreement", f"/my/enrollments/{paying.enrollment}/agreement", paying.email)
    yield Visit("my-schedule", f"/my/enrollments/{paying.enrollment}/schedule", paying.email)


def _staff(stage: Stage) -> Iterator[Visit]:
    season = stage.season
    find = sa.select(Person.reference).where(Person.email == season["paying"].email)
    student = looked_up(stage.app, lambda: first(find))
    paths = {
        "enrollments": "/staff/enrollments",
        "enrollments-found": "/staff/enrollments?q=ana",
        "enrollments-none": "/staff/enrollments?q=nobody+at+all",
        **{f"enrollment-{name}": f"/staff/enrollments/{who.enrollment}" for name, who in season.students.items()},
        "student": f"/staff/students/{student}",
        "student-notes": f"/staff/students/{student}?only=notes",
        "agreement": f"/staff/enrollments/{season['late'].enrollment}/agreement",
        "cancel": f"/staff/enrollments/{season['awaiting'].enrollment}/cancel",
        "certificate": f"/staff/enrollments/{season['completed'].enrollment}/certificate",
        "certificate-revoked": f"/staff/enrollments/{season['graduate'].enrollment}/certificate",
        "certificate-none": f"/staff/enrollments/{season['awaiting'].enrollment}/certificate",
        "completions": "/staff/completions",
    }
    yield from by_staff(stage, paths)
    admin = season.staff[Role.ADMIN]
    yield Visit("staff-many-enrollments", "/staff/enrollments", admin, press="See what would happen")


def _enrollments(school: Flask, season: Season) -> dict[str, str]:
    return {name: season[name].enrollment for name in STUDENTS}


def _student_of(email: str) -> sa.Select[str]:
    return sa.select(Person.reference).where(Person.email == email)


def _objects(season: Season) -> Objects:
    return {
        "/staff/enrollments/": {"reference": season["late"].enrollment, "number": "2"},
        "/staff/students/": {"reference": first(_student_of(season[OWNER].email))},
    }


RECORDS = (
    Records(STUDENTS, _enrollments),
    Records(("uncertified",), lambda _, season: {"uncertified": season["graduate"].enrollment}),
    by_query("student", lambda season: _student_of(season["paying"].email)),
)


ROOM = Room(
    forms=FORMS, buttons=BUTTONS, public=_public, student=_student, staff=_staff, records=RECORDS, objects=_objects
)
