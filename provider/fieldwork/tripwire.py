"""The tripwire: a remark that looks as if it told who a patient is gets refused before it is kept. Pure.

It is a tripwire and no promise. It knows what a name with a title, a date, a record number, a telephone number, an
e-mail address and a Social Security number look like; a bare name in a sentence it cannot tell from any other word.
"""

import re
from dataclasses import dataclass

from provider.kernel.lifecycles import State

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)
_YEAR = r"(?:(?:19|20)\d\d|['’]?\d\d)"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_RECORDS = r"MRN|M\.R\.N|medical record|chart|record|account|acct|encounter|visit"
_NAME = r"(?:[^\W\d_](?:[^\W\d_]|['’-])*)"
_CAPITAL = r"(?:[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’-])*[^\W\d_A-ZÀ-ÖØ-Þ])"
_INITIALS = r"(?:[A-Z]\.\s?[A-Z]\b\.?)"
# Words that begin with a capital after “patient” and are no names.
_ORDINARY_WORDS = (
    "Access Admission Advocate Aide Assessment Bathing Billing Care Centered Check Chart Charting Communication "
    "Comfort Consent Contact Coordinator Declined Demographics Discharge Education Escort Experience Flow Height "
    "History Home Identification Identifiers Information Intake Interaction Interview Is Lift Lookup Monitoring "
    "Movement Navigator Ok Okay Population Portal Positioning Prep Preparation Privacy Questionnaire Questions "
    "Reception Refused Registration Relations Rights Room Rooming Safety Satisfaction Scheduling Screening "
    "Service Services Side Skills Status Support Teaching Technician Test Testing Transfer Transfers Transport "
    "Transportation Triage Verification Vital Vitals Volume Was Weight Monday Tuesday Wednesday Thursday Friday "
    "Saturday Sunday January February March April May June July August September October November December "
    "Spanish English Medicare Medicaid Epic"
)
_ORDINARY = frozenset(_ORDINARY_WORDS.split())


class Looks(State):
    """What a text looks as if it held."""

    NAME = "name"
    DATE = "date"
    BIRTH = "birth"
    RECORD_NUMBER = "record_number"
    SOCIAL_SECURITY = "social_security"
    PHONE = "phone"
    EMAIL = "email"

    @property
    def label(self) -> str:
        """Return it in words that follow "This looks like"."""
        return {
            "name": "a person’s name",
            "date": "a full date",
            "birth": "a date of birth",
            "record_number": "a record number",
            "social_security": "a Social Security number",
            "phone": "a phone number",
            "email": "an e-mail address",
        }[self.value]

    @property
    def instead(self) -> str:
        """Say what to write in its place."""
        return {
            "name": "Write “the patient”, or the role of somebody who works there, such as “my preceptor”.",
            "date": "The entry has its day already. Leave the date out, or write “on Tuesday”.",
            "birth": "Leave it out. If the age matters, write “an adult” or “a child”.",
            "record_number": "Leave the number out. Write what you did, such as “second try, left arm”.",
            "social_security": "Leave the number out.",
            "phone": "Leave the number out.",
            "email": "Leave the address out.",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Tripped:
    """What was seen, and the words that look like it."""

    looks: Looks
    words: str

    @property
    def sentence(self) -> str:
        """Say why the text was refused and what to write instead."""
        return (
            f"“{self.words}” looks like {self.looks.label}. Nothing that tells who a patient is may stand here, "
            f"because the school must not hold it. {self.looks.instead} Everything else you typed is still here."
        )


_FOUND_BY: tuple[tuple[Looks, str], ...] = (
    (Looks.EMAIL, r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    (Looks.BIRTH, r"(?i)\b(?:DOB|D\.O\.B\.?|date of birth|birth ?date|born (?:on|in))\b[\s:#]*[\w/.-]*"),
    (Looks.SOCIAL_SECURITY, r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"),
    (Looks.SOCIAL_SECURITY, r"(?i)\b(?:SSN|social security)\b[\s:#]*(?:number|no\.?)?[\s:#]*\d[\d -]*"),
    (Looks.PHONE, r"(?<!\d)(?:\+?1[-. ]?)?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"),
    (Looks.PHONE, r"(?<![\d-])\d{3}-\d{4}(?![\d-])"),
    (Looks.DATE, rf"(?<![\d/.-])(?:19|20)\d\d([-/.]){_MONTH}\1{_DAY}(?![\d/-])"),
    (Looks.DATE, rf"(?<![\d/.-]){_MONTH}([-/.]){_DAY}\1{_YEAR}(?![\d/-])"),
    (Looks.DATE, rf"(?<![\d/.-]){_DAY}([-/.]){_MONTH}\1{_YEAR}(?![\d/-])"),
    (Looks.DATE, rf"(?i)\b(?:{_MONTHS})\b\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{_YEAR}\b"),
    (Looks.DATE, rf"(?i)\b\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?[\s-]+(?:{_MONTHS})\b\.?,?[\s-]+{_YEAR}\b"),
    (Looks.RECORD_NUMBER, rf"(?i)\b(?:{_RECORDS})\b\.?\s*(?:number|num|no\.?|#|:)+\s*#?\s*[\w-]*\d[\w-]*"),
    (Looks.RECORD_NUMBER, r"(?i)\bMRN\b[\s:#]*[\w-]*\d[\w-]*"),
    (Looks.RECORD_NUMBER, r"\d(?:[ -]?\d){5,}"),
    (Looks.NAME, rf"\b(?:Mr|Mrs|Ms|Miss|Mister|MR|MRS|mr|mrs|mister)\b\.?\s+{_NAME}"),
    (Looks.NAME, rf"\b(?:ms)\.\s+{_NAME}"),
)
_PATTERNS = tuple((looks, re.compile(pattern)) for looks, pattern in _FOUND_BY)
_AFTER_PATIENT = re.compile(
    r"\b(?:[Pp]atients?|PATIENT|[Pp]t|PT|[Cc]lient|[Rr]esident|[Bb]aby)(?:\s+(?:named?|called))?[:,]?\s+"
    rf"({_CAPITAL}(?:\s+{_CAPITAL})?|{_INITIALS})"
)
_NAMED = re.compile(rf"\b(?:[Nn]amed|[Nn]ame is|[Nn]ame was|[Nn]ame:)\s+({_CAPITAL}(?:\s+{_CAPITAL})?)")


def tripped(text: str | None) -> Tripped | None:
    """Say what a text looks as if it told of a patient; None when nothing in it does."""
    if not text:
        return None
    for looks, pattern in _PATTERNS:
        found = pattern.search(text)
        if found is not None:
            return Tripped(looks, _short(found[0]))
    return _named(text)


def _named(text: str) -> Tripped | None:
    for pattern in (_AFTER_PATIENT, _NAMED):
        for found in pattern.finditer(text):
            if found[1].split()[0] not in _ORDINARY:
                return Tripped(Looks.NAME, _short(found[0]))
    return None


def _short(words: str) -> str:
    """Return the words as a sentence quotes them."""
    plain = " ".join(words.split()).rstrip(" .:,#")
    return plain if len(plain) <= 60 else f"{plain[:59]}…"
