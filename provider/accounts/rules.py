"""Roles and what each permits; what a password must be; what a link is for."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from provider.kernel.lifecycles import Lifecycle

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
# zxcvbn measures this many characters, and 2 of its 4 points stand for more than a million guesses.
MEASURED_PASSWORD = 72
LEAST_PASSWORD_SCORE = 2
PASSWORD_LETTERS_PER_HOUR = 3
LONGEST_THROTTLE_KEY = 120
LINK_HOURS_FIRST_ADMIN = 1
EMAIL_CHANGES_PER_HOUR = 3
STOP_EMAIL_CHANGE_WITHIN = dt.timedelta(days=7)
LONGEST_BROWSER = 200
SEARCH_KIND = "person"
# RFC 6238: a code stands for 30 seconds; the one before and the one after are taken too, for clocks that differ.
CODE_SECONDS = 30
CODE_DIGITS = 6
STEPS_AROUND = 1
RECOVERY_CODES = 10
RECOVERY_LENGTH = 16  # about 78 bits: no list of guesses comes near, so a plain hash keeps them
HALF_SIGNED_IN = dt.timedelta(minutes=10)
# Purposes of signed links, and the subject of the one that has no record yet.
PASSWORD = "password"  # noqa: S105 - a purpose
FIRST_ADMIN = "first_admin"
CHANGE_EMAIL = "change_email"
STOP_EMAIL_CHANGE = "stop_email_change"
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
    Role.COORDINATOR: "Looks after sites and places students in externships.",
    Role.CREDIT_OFFICER: "Verifies exam results and sends credit requests.",
    Role.EDITOR: "Writes programs, plans and answers.",
    Role.AUDITOR: "Sees everything, changes nothing.",
    Role.ADMIN: "May do everything, and lets others in.",
}


class Verb(StrEnum):
    """What is done with a record."""

    SEE = "see"
    CHANGE = "change"


class Whose(StrEnum):
    """Whose record it is: one's own, or anybody's."""

    OWN = "own"
    ANY = "any"


class Outside(StrEnum):
    """Who may do something without a role: a browser that nobody signed in with, and a person who signed in."""

    VISITOR = "visitor"
    STUDENT = "student"


class Kind(StrEnum):
    """The kinds of record that the school holds, as the page of the table names them."""

    DESK = "The student’s own pages"
    ACCOUNT = "One’s own account"
    OFFICE = "The back office"
    ENROLLMENTS = "Enrollments"
    MONEY = "Money"
    PLACEMENTS = "Externships"
    EXAMS = "Exams and college credit"
    CATALOG = "Programs, policies and questions"
    MESSAGES = "Messages"
    MAIL = "Letters"
    LINKS = "Signed links"
    TASKS = "Tasks"
    PEOPLE = "People who work here"
    SCHOOL = "The school itself"
    HISTORY = "The history of all changes"
    PERSONAL = "People’s data"


SEE, CHANGE = Verb
OWN, ANY = Whose
_K, _R = Kind, Role
_STAFF = tuple(Role)
_NEAR_STUDENTS = (_R.ADMISSIONS, _R.BURSAR, _R.COORDINATOR, _R.CREDIT_OFFICER)
_AT_THE_DESK = (_R.ADMISSIONS, _R.BURSAR)


class Permission(StrEnum):
    """The one table of who may do what: a line for each thing that a door or a page may ask for.

    A line says its name, the verb, the kind of record, whose, who may, and what it comes to in words. An administrator
    may do everything and an auditor see everything, so no line names them. A line that no door asks for fails a test,
    and so does a door or a page that asks for what stands in no line.
    """

    verb: Verb
    kind: Kind
    whose: Whose
    holders: frozenset[Role | Outside]
    words: str

    OWN_RECORDS = "own_records", CHANGE, _K.DESK, OWN, (*Outside, *_STAFF), "enrollments, agreements, receipts, refunds"
    OWN_DATA = "own_data", SEE, _K.DESK, OWN, (Outside.STUDENT, *_STAFF), "everything that is held about oneself"
    OWN_ACCOUNT = "own_account", CHANGE, _K.ACCOUNT, OWN, (Outside.STUDENT, *_STAFF), "how one signs in, and where"
    SEE_STAFF_PAGES = "see_staff_pages", SEE, _K.OFFICE, ANY, _STAFF, "the home page and what waits there"
    SEE_ENROLLMENTS = "see_enrollments", SEE, _K.ENROLLMENTS, ANY, _NEAR_STUDENTS, "each one with its agreement"
    CHANGE_ENROLLMENTS = "change_enrollments", CHANGE, _K.ENROLLMENTS, ANY, (_R.ADMISSIONS,), "completion and holds"
    WRITE_NOTES = "write_notes", CHANGE, _K.ENROLLMENTS, ANY, _NEAR_STUDENTS, "notes for colleagues"
    SEE_MONEY = "see_money", SEE, _K.MONEY, ANY, (_R.BURSAR,), "payments, receipts, proofs and refunds"
    RECORD_MONEY = "record_money", CHANGE, _K.MONEY, ANY, (_R.BURSAR,), "payments, payouts, requests, withdrawals"
    OVERRIDE_REFUNDS = "override_refunds", CHANGE, _K.MONEY, ANY, (_R.BURSAR,), "refunds as exceptions, with a reason"
    SEE_SITES = "see_sites", SEE, _K.PLACEMENTS, ANY, (_R.COORDINATOR,), "sites, agreements and openings"
    MANAGE_SITES = "manage_sites", CHANGE, _K.PLACEMENTS, ANY, (_R.COORDINATOR,), "entering, signing and ending those"
    SEE_PLACEMENTS = "see_placements", SEE, _K.PLACEMENTS, ANY, (_R.COORDINATOR,), "requests, plans, placements"
    MANAGE_PLACEMENTS = (
        "manage_placements",
        CHANGE,
        _K.PLACEMENTS,
        ANY,
        (_R.COORDINATOR,),
        "offers, plans, placements",
    )
    EXPORT_PLACEMENTS = (
        "export_placements",
        CHANGE,
        _K.PLACEMENTS,
        ANY,
        (_R.COORDINATOR,),
        "sites, openings and requests as files, each kept as a disclosure",
    )
    SEE_DOCUMENTS = (
        "see_documents",
        SEE,
        _K.PLACEMENTS,
        ANY,
        (_R.COORDINATOR,),
        "uploads of students",
    )
    CHECK_DOCUMENTS = (
        "check_documents",
        CHANGE,
        _K.PLACEMENTS,
        ANY,
        (_R.COORDINATOR,),
        "accepting, refusing them",
    )
    SEE_EXAMS = "see_exams", SEE, _K.EXAMS, ANY, (_R.CREDIT_OFFICER,), "results and the score reports behind them"
    CHECK_EXAMS = "check_exams", CHANGE, _K.EXAMS, ANY, (_R.CREDIT_OFFICER,), "verifying, rejecting, importing them"
    SEE_CREDITS = "see_credits", SEE, _K.EXAMS, ANY, (_R.CREDIT_OFFICER,), "credit requests and what colleges decided"
    SEND_CREDITS = "send_credits", CHANGE, _K.EXAMS, ANY, (_R.CREDIT_OFFICER,), "checking, sending, closing those"
    EXPORT_CREDITS = (
        "export_credits",
        CHANGE,
        _K.EXAMS,
        ANY,
        (_R.CREDIT_OFFICER,),
        "credit requests as a file, each kept as a disclosure",
    )
    SEE_CATALOG = "see_catalog", SEE, _K.CATALOG, ANY, (*_AT_THE_DESK, _R.EDITOR), "all of it, sold or not"
    EDIT_CATALOG = "edit_catalog", CHANGE, _K.CATALOG, ANY, (_R.EDITOR,), "programs, plans, questions, what is on sale"
    EDIT_POLICIES = "edit_policies", CHANGE, _K.CATALOG, ANY, (), "refund policies, state floors, counsel’s word"
    SEE_MESSAGES = "see_messages", SEE, _K.MESSAGES, ANY, _NEAR_STUDENTS, "mail that came in, and the answers"
    ANSWER_MESSAGES = "answer_messages", CHANGE, _K.MESSAGES, ANY, _NEAR_STUDENTS, "answering, sorting, texts for it"
    SEE_ENQUIRIES = "see_enquiries", SEE, _K.MESSAGES, ANY, _AT_THE_DESK, "those of the enquiries mailbox"
    SEE_EXTERNSHIP_MAIL = "see_externship_mail", SEE, _K.MESSAGES, ANY, (_R.COORDINATOR,), "those about externships"
    SEE_CREDIT_MAIL = "see_credit_mail", SEE, _K.MESSAGES, ANY, (_R.CREDIT_OFFICER,), "those about college credit"
    SEE_MAIL = "see_mail", SEE, _K.MAIL, ANY, _AT_THE_DESK, "every letter and what became of it"
    RESEND_MAIL = "resend_mail", CHANGE, _K.MAIL, ANY, _AT_THE_DESK, "sending a letter once more"
    EXPORT_RECORDS = "export_records", CHANGE, _K.OFFICE, ANY, _AT_THE_DESK, "lists as files, each kept as a disclosure"
    SEE_TASKS = "see_tasks", SEE, _K.TASKS, ANY, _STAFF, "what has to be done and by when"
    DO_TASKS = "do_tasks", CHANGE, _K.TASKS, ANY, _NEAR_STUDENTS, "writing, giving away and doing tasks"
    SEE_LINKS = "see_links", SEE, _K.LINKS, ANY, (), "what each opens and whether it was used, never the link itself"
    REVOKE_LINKS = "revoke_links", CHANGE, _K.LINKS, ANY, (), "closing a link before it runs out"
    SEE_PEOPLE = "see_people", SEE, _K.PEOPLE, ANY, (), "accounts of staff, their roles, and this table"
    MANAGE_PEOPLE = "manage_people", CHANGE, _K.PEOPLE, ANY, (), "invitations, roles, locks, sessions, factors"
    SEE_SETUP = "see_setup", SEE, _K.SCHOOL, ANY, (), "what of its setup is done and what is missing"
    SET_UP_SCHOOL = "set_up_school", CHANGE, _K.SCHOOL, ANY, (), "name, zone, mailboxes, color, where to pay"
    SEE_HISTORY = "see_history", SEE, _K.HISTORY, ANY, (), "who changed what and when, before and after"
    SEE_PERSONAL_DATA = "see_personal_data", SEE, _K.PERSONAL, ANY, (), "what was told about people, what was erased"
    ERASE_PEOPLE = "erase_people", CHANGE, _K.PERSONAL, ANY, (), "erasing what is held about a person"

    def __new__(  # noqa: PLR0917 - the columns of the table, in their order
        cls, name: str, verb: Verb, kind: Kind, whose: Whose, holders: Iterable[Role | Outside], words: str
    ) -> Self:
        """Make a line of the table; the administrator and, for reading, the auditor are on every one."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.verb, member.kind, member.whose, member.words = verb, kind, whose, words
        member.holders = frozenset(holders) | {Role.ADMIN} | ({Role.AUDITOR} if verb is SEE else set())
        return member


PERMITS: dict[Role | Outside, frozenset[Permission]] = {
    who: frozenset(permission for permission in Permission if who in permission.holders) for who in (*Outside, *Role)
}
VISITOR, STUDENT = PERMITS[Outside.VISITOR], PERMITS[Outside.STUDENT]


def permissions(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything these roles permit together; a person without any is a student."""
    return STUDENT.union(*(PERMITS[role] for role in roles))


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for what is their own: the person who signed in, and the key of their browser."""

    person_id: int | None
    browser: str | None

    def owns(self, *, person_id: int | None, browser: str | None) -> bool:
        """Say whether a record is theirs: it belongs to its person, and to the browser that typed it until then.

        What belongs to a proven person is never shown to a browser alone.
        """
        if person_id is None:
            return browser is not None and self.browser == browser
        return self.person_id == person_id


class EmailChangeState(StrEnum):
    """Where the change of an address stands."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    STOPPED = "stopped"
    UNDONE = "undone"


EMAIL_CHANGE_LIFECYCLE: Lifecycle[EmailChangeState] = Lifecycle(
    {
        EmailChangeState.ASKED: frozenset({EmailChangeState.CONFIRMED, EmailChangeState.STOPPED}),
        EmailChangeState.CONFIRMED: frozenset({EmailChangeState.UNDONE}),
    }
)


def session_lasts(
    *, now: dt.datetime, began_at: dt.datetime, seen_at: dt.datetime, idle: dt.timedelta, whole: dt.timedelta
) -> bool:
    """Say whether a session still stands: neither left alone for too long nor too old; last instants included."""
    return now - seen_at <= idle and now - began_at <= whole


def needs_confirming(*, now: dt.datetime, confirmed_at: dt.datetime, lasts: dt.timedelta) -> bool:
    """Say whether somebody is asked again who they are; the last instant after a proof is included in it."""
    return now - confirmed_at > lasts


def code_steps(now: dt.datetime) -> range:
    """Return the steps of 30 seconds whose codes are taken at an instant: its own, one before and one after."""
    step = int(now.timestamp()) // CODE_SECONDS
    return range(step - STEPS_AROUND, step + STEPS_AROUND + 1)


def typed_code(text: str) -> str:
    """Return a code as it is compared: without the blanks and dashes that people copy or type, in capitals."""
    return "".join(text.replace("-", " ").split()).upper()


def is_app_code(code: str) -> bool:
    """Say whether a typed code has the shape of those that an app makes; any other is taken for a recovery code."""
    return code.isascii() and code.isdigit() and len(code) == CODE_DIGITS


def grouped(code: str) -> str:
    """Write a long code in groups of four, as people read it aloud."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


class FactorEvent(StrEnum):
    """What happened to somebody's second factor; they get a letter about each."""

    SET = "set"
    RENEWED = "renewed"
    REMOVED = "removed"
    RESET = "reset"
    RECOVERY_CODES = "recovery_codes"
    RECOVERY_CODE_USED = "recovery_code_used"


class LinkState(StrEnum):
    """How a signed link stands."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The state in words."""
        return {LinkState.OPEN: "Opens", LinkState.EXPIRED: "Ran out"}.get(self) or self.value.capitalize()

    @property
    def tone(self) -> str:
        """How it is colored."""
        return {LinkState.OPEN: "good", LinkState.REVOKED: "bad"}.get(self, "neutral")


def link_state(
    *, now: dt.datetime, expires_at: dt.datetime, used_at: dt.datetime | None, revoked_at: dt.datetime | None
) -> LinkState:
    """Say whether a link still opens; its last instant is included."""
    if revoked_at is not None:
        return LinkState.REVOKED
    if used_at is not None:
        return LinkState.USED
    return LinkState.EXPIRED if now > expires_at else LinkState.OPEN
