"""Credit requests: their states, what keeps one from being sent, what a college may decide, when it is reminded."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from provider.kernel.days import counted
from provider.kernel.lifecycles import Lifecycle, State, Tone

REQUEST_PREFIX = "CR"
COLLEGE_PREFIX = "CG"
REMIND_REGISTRAR_DAYS = (14, 30)  # after the letter to the registrar was sent
FEWEST_PUBLISHED = 5  # decisions of a college before it is named with numbers
LINK_DAYS = 180  # how long a registrar's link opens
MOST_REQUESTS = 40  # of one person
LONGEST_NUMBER = 40
LONGEST_WORDS = 1000
LONGEST_COURSE = 200
MOST_CREDITS = 60
NEEDS_STUDENT = "needs_information"  # why the clock stands still
AT_ITS_COLLEGE = "at_college"  # the same, while a letter was there that was taken back
CONSENT = (
    "I ask the school to write to the college and mailbox that I named, and to tell it about my {credential} "
    "certificate: my name as I wrote it, the exam and the day I passed it, the number of the certificate and my "
    "student number if they are known, and the credit that is recommended. The college may answer the school. I can "
    "take this back until the letter has been sent."
)


class CreditState(State):
    """Where a credit request stands (PRODUCT.md)."""

    REQUESTED = "requested"
    VERIFIED = "verified"
    NEEDS_INFORMATION = "needs_information"
    SENT = "sent"
    RECEIVED = "received"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    DENIED = "denied"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return _LABELS.get(self) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _TONES.get(self, "neutral")


_S = CreditState
_LABELS = {
    _S.REQUESTED: "Being checked",
    _S.VERIFIED: "Ready to send",
    _S.SENT: "Sent to the college",
    _S.RECEIVED: "Received by the college",
    _S.DENIED: "Not granted",
}
_TONES: dict[CreditState, Tone] = {
    _S.NEEDS_INFORMATION: "warn",
    _S.GRANTED: "good",
    _S.PARTLY_GRANTED: "good",
    _S.DENIED: "bad",
}
DECIDED = frozenset({_S.GRANTED, _S.PARTLY_GRANTED, _S.DENIED})
ENDED = frozenset({_S.CLOSED, _S.WITHDRAWN})
UNSENT = frozenset({_S.REQUESTED, _S.VERIFIED, _S.NEEDS_INFORMATION})
AT_COLLEGE = frozenset({_S.SENT, _S.RECEIVED})
_TAKEN_BACK = frozenset({_S.REQUESTED, _S.NEEDS_INFORMATION})
LIFECYCLE: Lifecycle[CreditState] = Lifecycle(
    {
        _S.REQUESTED: frozenset({_S.VERIFIED, _S.NEEDS_INFORMATION, _S.WITHDRAWN, _S.CLOSED}),
        _S.VERIFIED: frozenset({_S.SENT, _S.NEEDS_INFORMATION, _S.WITHDRAWN, _S.CLOSED}),
        _S.NEEDS_INFORMATION: frozenset({_S.REQUESTED, _S.WITHDRAWN, _S.CLOSED}),
        # A registrar may decide without a word of receipt before it; staff close what nobody ever answers.
        # A letter that is taken back is checked again, or needs the student's word about the right mailbox first.
        _S.SENT: frozenset({_S.RECEIVED, *DECIDED, _S.CLOSED, *_TAKEN_BACK}),
        _S.RECEIVED: frozenset({*DECIDED, _S.CLOSED, *_TAKEN_BACK}),
        **{state: frozenset({_S.CLOSED}) for state in DECIDED},
    }
)


class EndReason(StrEnum):
    """Why a request is over."""

    STUDENT_WITHDREW = "student_withdrew"
    REFUNDED = "refunded"
    DECIDED = "decided"
    ANOTHER_COLLEGE = "another_college"
    NO_ANSWER = "no_answer"
    NO_INFORMATION = "no_information"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The reason in words."""
        return {
            "student_withdrew": "The student took it back",
            "refunded": "The tuition was refunded",
            "decided": "The college has decided",
            "another_college": "The student asked for another college",
            "no_answer": "The college does not answer",
            "no_information": "The student does not answer",
            "other": "Another reason",
        }[self.value]


# What staff may close a request for; the others happen by themselves.
CLOSED_BY_STAFF = (EndReason.DECIDED, EndReason.NO_ANSWER, EndReason.NO_INFORMATION, EndReason.OTHER)


class DecisionChannel(StrEnum):
    """How the word of a college came."""

    LINK = "link"
    MAIL = "mail"
    PHONE = "phone"
    POST = "post"

    @property
    def label(self) -> str:
        """The way in words."""
        return {"link": "By the link in our letter", "mail": "By e-mail", "phone": "By phone", "post": "By post"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a college decided: credits granted as a course, a part of them, or none, for a reason."""

    outcome: CreditState
    credits: int | None = None
    course: str | None = None
    reason: str | None = None
    by: str | None = None  # who at the college said so, if that is known


@dataclass(frozen=True, slots=True)
class DecisionProblem:
    """What is wrong with a decision that somebody wrote: the field, and what to do."""

    field: str
    sentence: str


def why_no_decision(decision: Decision, *, recommended: int) -> DecisionProblem | None:
    """Say what keeps words from being a decision about so many recommended credits; None when nothing does.

    A grant names the course it counts as. A part is at least one credit and fewer than were recommended. A denial has
    a reason, and no credits.
    """
    if decision.outcome is CreditState.DENIED:
        if not decision.reason:
            return DecisionProblem("reason", "Write why the college grants no credit, as it says it.")
        given = decision.credits or decision.course
        return (
            DecisionProblem("credits", "Where nothing is granted there are no credits and no course.")
            if given
            else None
        )
    if not decision.course:
        return DecisionProblem("course", "Write the course as which the credit counts, such as an elective.")
    if decision.outcome is CreditState.GRANTED:
        return None if decision.credits == recommended else DecisionProblem("credits", _WHOLE.format(recommended))
    if decision.credits is None or not 1 <= decision.credits < recommended:
        return DecisionProblem("credits", _PART.format(recommended))
    return None


_WHOLE = "What was recommended is {}: where fewer credits are granted, choose “in part”."
_PART = "Write how many credits are granted: one or more, and fewer than the {} that were recommended."


def granted_whole(*, recommended: int, course: str, by: str | None = None) -> Decision:
    """Return the decision that grants all that was recommended, as a course."""
    return Decision(CreditState.GRANTED, recommended, course, None, by)


class Missing(StrEnum):
    """What keeps a request from being asked for or sent, or may make it fail."""

    NO_ENROLLMENT = "no_enrollment"
    BEING_CHECKED = "being_checked"
    NOT_VERIFIED = "not_verified"
    NO_RECOMMENDATION = "no_recommendation"
    NAME_DIFFERS = "name_differs"
    BADGE_NOT_CLAIMED = "badge_not_claimed"
    NO_CERTIFICATE_NUMBER = "no_certificate_number"
    NOT_CONFIRMED = "not_confirmed"

    @property
    def stops(self) -> bool:
        """Say whether nothing may be asked for until it is mended; the others are told, and left to the student."""
        return self in {
            Missing.NO_ENROLLMENT,
            Missing.BEING_CHECKED,
            Missing.NOT_VERIFIED,
            Missing.NO_RECOMMENDATION,
        }

    @property
    def is_ours(self) -> bool:
        """Say whether the school has to mend it, not the student."""
        return self in {Missing.BEING_CHECKED, Missing.NOT_CONFIRMED}

    @property
    def sentence(self) -> str:
        """Say to the student what is missing and what to do."""
        return _SENTENCES[self]

    @property
    def for_staff(self) -> str:
        """Say the same to staff, of what may be missing in a request that was made."""
        return _FOR_STAFF.get(self) or self.sentence


_SENTENCES: Mapping[Missing, str] = {
    Missing.NO_ENROLLMENT: (
        "We send credit only for programs that you paid for with us and that were not refunded. None of yours leads to "
        "this certificate."
    ),
    Missing.BEING_CHECKED: (
        "We are checking the result that you reported. Once it is verified, you can ask that a college be told."
    ),
    Missing.NOT_VERIFIED: "No pass of this exam is verified yet. Report your result first; we check it.",
    Missing.NO_RECOMMENDATION: "For the day of your pass we know of no recommendation of credit. Write to us.",
    Missing.NAME_DIFFERS: (
        "The name differs from the one we know you by. Write the name that the college has. If your certificate has "
        "another one, add to your student number that the names differ, or the college may not find you."
    ),
    Missing.BADGE_NOT_CLAIMED: (
        "Claim your digital badge. The official transcript comes from its platform, and the college compares our "
        "letter with it."
    ),
    Missing.NO_CERTIFICATE_NUMBER: (
        "We do not know the number of your certificate. The letter goes without it; colleges find you more easily "
        "by it."
    ),
    Missing.NOT_CONFIRMED: (
        "Nobody here has seen the official record of this recommendation yet, so the letter says that the school "
        "states the number."
    ),
}


_FOR_STAFF: Mapping[Missing, str] = {
    Missing.NAME_DIFFERS: "The name that the college has differs from the one of the account. Ask if it looks wrong.",
    Missing.BADGE_NOT_CLAIMED: "The student has not claimed the badge, so no official transcript can be ordered yet.",
    Missing.NO_CERTIFICATE_NUMBER: "The number of the certificate is not known; the letter goes without it.",
    Missing.NOT_CONFIRMED: (
        "Nobody has seen the official record of this recommendation, so the letter says that the school states the "
        "number."
    ),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known before a request is sent."""

    enrolled: bool
    passed: bool
    recommended: bool
    reported: bool = False  # a pass that waits for its check
    confirmed: bool = True
    has_number: bool = True
    same_name: bool = True
    badge_claimed: bool = True


def preflight(facts: Facts) -> tuple[Missing, ...]:
    """Return what is missing or will fail, what stops everything first; nothing else is told beside that."""
    found = [
        (facts.enrolled, Missing.NO_ENROLLMENT),
        (facts.passed or not facts.reported, Missing.BEING_CHECKED),
        (facts.passed, Missing.NOT_VERIFIED),
        (facts.recommended, Missing.NO_RECOMMENDATION),
        (facts.same_name, Missing.NAME_DIFFERS),
        (facts.badge_claimed, Missing.BADGE_NOT_CLAIMED),
        (facts.has_number, Missing.NO_CERTIFICATE_NUMBER),
        (facts.confirmed, Missing.NOT_CONFIRMED),
    ]
    lacking = [one for fine, one in found if not fine]
    stops = [one for one in lacking if one.stops]
    return tuple(stops[:1] or lacking)


def recommended(number: int, *, confirmed: bool) -> str:
    """Say what may be said of the number that a request states: ACE recommends, the college decides (R20, R21)."""
    if not confirmed:
        return f"The school states {number}; ask us for the ACE record. The college decides."
    return f"ACE recommends {counted(number, 'semester credit')}. The college decides."


def reminder(sent_on: dt.date, today: dt.date, reminded_days: int) -> int | None:
    """Return the reminder that a registrar is due: 14 or 30 days after the letter, the last that has come; or None.

    When the jobs did not run for some days, the newest reminder speaks for the one that was missed.
    """
    gone = (today - sent_on).days
    due = max((days for days in REMIND_REGISTRAR_DAYS if days <= gone), default=0)
    return due if due > reminded_days else None


def mailbox_problem(address: str, *, students: str, schools: str) -> str | None:
    """Say why an address cannot be a registrar's mailbox; None when it can. Nothing is looked up.

    Its shape was checked before. Neither the student's own address, nor one of the school's domain: each would
    let somebody decide on their own.
    """
    if address.casefold() == students.casefold():
        return "This is your own address. Write the mailbox of the college’s registrar."
    if address.rpartition("@")[2].casefold() == schools.casefold():
        return "This is an address of ours. Write the mailbox of the college’s registrar."
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a student asks for: a known college by its reference, or another by name and mailbox; who they are there."""

    college: str | None
    college_name: str
    registrar_email: str
    legal_name: str
    student_number: str | None
    badge_claimed: bool


def still_agreed(*, mailbox: str, corrected: str) -> bool:
    """Say whether what a student agreed to covers a college that was set right: it named the mailbox (CONSENT)."""
    return mailbox == corrected


def agree_again(*, college: str, mailbox: str, was_sent: bool) -> str:
    """Ask a student to agree to another mailbox than the one that was named."""
    why = "Our letter did not reach the registrar, and we have taken it back. " if was_sent else ""
    return (
        f"{why}You named a mailbox that is not the right one. The registrar of {college} is reached at {mailbox}. "
        "Please look whether that is your college, and agree that we write there; then we send it."
    )


def college_key(name: str) -> str:
    """Return a college's name as two of them are compared: letters and digits alone, whatever the case."""
    return " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
