"""Roles and what each permits; what a password must be; what a link is for."""

import datetime as dt
from enum import StrEnum

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
# zxcvbn measures this many characters, and 2 of its 4 points stand for more than a million guesses.
MEASURED_PASSWORD = 72
LEAST_PASSWORD_SCORE = 2
PASSWORD_LETTERS_PER_HOUR = 3
LONGEST_THROTTLE_KEY = 120
LINK_HOURS_FIRST_ADMIN = 1
LONGEST_BROWSER = 200
# Purposes of signed links, and the subject of the one that has no record yet.
PASSWORD = "password"  # noqa: S105 - a purpose
FIRST_ADMIN = "first_admin"
FIRST_ADMIN_SUBJECT = "first-admin"


class Role(StrEnum):
    """The roles of staff; a student needs none."""

    ADMISSIONS = "admissions"
    BURSAR = "bursar"
    COORDINATOR = "coordinator"
    CREDIT_OFFICER = "credit_officer"
    EDITOR = "editor"
    AUDITOR = "auditor"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The role in words."""
        return self.value.replace("_", " ").capitalize()

    @property
    def duty(self) -> str:
        """What it is for, in a sentence."""
        return _DUTIES[self]


_DUTIES = {
    Role.ADMISSIONS: "Follows enrollments, marks completions, answers letters.",
    Role.BURSAR: "Records payments, pays refunds out, decides exceptions.",
    Role.COORDINATOR: "Sees enrollments to arrange externships.",
    Role.CREDIT_OFFICER: "Sees enrollments to send credit requests.",
    Role.EDITOR: "Writes programs, plans and answers.",
    Role.AUDITOR: "Sees everything, changes nothing.",
    Role.ADMIN: "May do everything, and lets others in.",
}


class Permission(StrEnum):
    """What a door may ask for."""

    OWN_RECORDS = "own_records"
    SEE_STAFF_PAGES = "see_staff_pages"
    SEE_ENROLLMENTS = "see_enrollments"
    CHANGE_ENROLLMENTS = "change_enrollments"
    SEE_MONEY = "see_money"
    RECORD_MONEY = "record_money"
    OVERRIDE_REFUNDS = "override_refunds"
    SEE_CATALOG = "see_catalog"
    EDIT_CATALOG = "edit_catalog"
    EDIT_POLICIES = "edit_policies"
    SEE_MAIL = "see_mail"
    RESEND_MAIL = "resend_mail"
    SEE_TASKS = "see_tasks"
    DO_TASKS = "do_tasks"
    SEE_PEOPLE = "see_people"
    MANAGE_PEOPLE = "manage_people"


_P = Permission
_STAFF = frozenset({_P.OWN_RECORDS, _P.SEE_STAFF_PAGES, _P.SEE_TASKS})
_SEE_ALL = _STAFF | {_P.SEE_ENROLLMENTS, _P.SEE_MONEY, _P.SEE_CATALOG, _P.SEE_MAIL, _P.SEE_PEOPLE}
PERMITS: dict[Role, frozenset[Permission]] = {
    Role.ADMISSIONS: _STAFF
    | {_P.SEE_ENROLLMENTS, _P.CHANGE_ENROLLMENTS, _P.SEE_CATALOG, _P.SEE_MAIL, _P.RESEND_MAIL, _P.DO_TASKS},
    Role.BURSAR: _STAFF
    | {
        _P.SEE_ENROLLMENTS,
        _P.SEE_MONEY,
        _P.RECORD_MONEY,
        _P.OVERRIDE_REFUNDS,
        _P.SEE_CATALOG,
        _P.SEE_MAIL,
        _P.RESEND_MAIL,
        _P.DO_TASKS,
    },
    Role.COORDINATOR: _STAFF | {_P.SEE_ENROLLMENTS, _P.DO_TASKS},
    Role.CREDIT_OFFICER: _STAFF | {_P.SEE_ENROLLMENTS, _P.DO_TASKS},
    Role.EDITOR: _STAFF | {_P.SEE_CATALOG, _P.EDIT_CATALOG},
    Role.AUDITOR: _SEE_ALL,
    Role.ADMIN: frozenset(Permission),
}
STUDENT = frozenset({_P.OWN_RECORDS})


def permissions(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything these roles permit together; a person without any is a student."""
    return STUDENT.union(*(PERMITS[role] for role in roles))


def session_lasts(
    *, now: dt.datetime, began_at: dt.datetime, seen_at: dt.datetime, idle: dt.timedelta, whole: dt.timedelta
) -> bool:
    """Say whether a session still stands: neither left alone for too long nor too old; last instants included."""
    return now - seen_at <= idle and now - began_at <= whole


class LinkState(StrEnum):
    """How a signed link stands."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


def link_state(
    *, now: dt.datetime, expires_at: dt.datetime, used_at: dt.datetime | None, revoked_at: dt.datetime | None
) -> LinkState:
    """Say whether a link still opens; its last instant is included."""
    if revoked_at is not None:
        return LinkState.REVOKED
    if used_at is not None:
        return LinkState.USED
    return LinkState.EXPIRED if now > expires_at else LinkState.OPEN
