"""The documents that sites and programs ask for, their states, and whether one holds through a day."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from provider.kernel.lifecycles import Lifecycle, State, Tone

REQUIREMENT_PREFIX = "RQ"
DOCUMENT_PREFIX = "DO"
REMIND_BEFORE_DAYS = (30, 14, 3)  # before the last day on which a document is good
MOST_DOCUMENTS = 80  # of one person: what is required, several times over
MOST_BYTES = 200 * 1024 * 1024  # of one person together
MOST_YEARS = 20


class DocumentKind(State):
    """What a document shows (R18)."""

    TB = "tb"
    HEPATITIS_B = "hepatitis_b"
    MMR = "mmr"
    VARICELLA = "varicella"
    TDAP = "tdap"
    INFLUENZA = "influenza"
    BACKGROUND_CHECK = "background_check"
    DRUG_SCREEN = "drug_screen"
    CPR_CARD = "cpr_card"
    HIPAA_TRAINING = "hipaa_training"
    BLOODBORNE_TRAINING = "bloodborne_training"
    LIABILITY_COVER = "liability_cover"
    CONFIDENTIALITY_FORM = "confidentiality_form"

    @property
    def label(self) -> str:
        """Name the document as people know it."""
        return _LABELS.get(self) or super().label


_K = DocumentKind
_LABELS = {
    _K.TB: "TB test",
    _K.MMR: "MMR vaccination",
    _K.HEPATITIS_B: "Hepatitis B vaccination",
    _K.VARICELLA: "Varicella (chickenpox) vaccination",
    _K.TDAP: "Tdap vaccination",
    _K.INFLUENZA: "Flu shot",
    _K.CPR_CARD: "BLS or CPR card",
    _K.HIPAA_TRAINING: "HIPAA training certificate",
    _K.BLOODBORNE_TRAINING: "Bloodborne pathogen training certificate",
    _K.LIABILITY_COVER: "Liability insurance",
}


class DocumentState(State):
    """Where an uploaded document stands."""

    UPLOADED = "uploaded"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {"uploaded": "Being checked"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"uploaded": "warn", "accepted": "good", "refused": "bad", "expired": "bad"}
        return tones[self.value]


LIFECYCLE: Lifecycle[DocumentState] = Lifecycle(
    {
        DocumentState.UPLOADED: frozenset({DocumentState.ACCEPTED, DocumentState.REFUSED}),
        DocumentState.ACCEPTED: frozenset({DocumentState.EXPIRED}),
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One uploaded document: what it shows, how it stands, and its last good day (None: it does not expire)."""

    kind: DocumentKind
    state: DocumentState
    expires_on: dt.date | None


class Standing(State):
    """How a required document stands for somebody, through a day."""

    HOLDS = "holds"
    BEING_CHECKED = "being_checked"
    EXPIRES_TOO_EARLY = "expires_too_early"
    REFUSED = "refused"
    EXPIRED = "expired"
    MISSING = "missing"

    @property
    def label(self) -> str:
        """Return it in words."""
        return {"holds": "Accepted", "refused": "Not accepted"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"holds": "good", "being_checked": "warn"}
        return tones.get(self.value, "bad")

    @property
    def waits_for_student(self) -> bool:
        """Say whether it is the student's turn; what is being checked is the school's."""
        return self not in {Standing.HOLDS, Standing.BEING_CHECKED}


_S, _D = Standing, DocumentState
_ORDER = (_S.HOLDS, _S.BEING_CHECKED, _S.EXPIRES_TOO_EARLY, _S.EXPIRED, _S.REFUSED, _S.MISSING)


def holds(one: Shown, through: dt.date) -> bool:
    """Say whether an accepted document is good through a day, its last one included (R18)."""
    return one.state is _D.ACCEPTED and (one.expires_on is None or one.expires_on >= through)


def standing(kind: DocumentKind, shown: Iterable[Shown], *, through: dt.date, today: dt.date) -> Standing:
    """Say how a required document stands, by the best of those that were uploaded."""
    found = {_stands(one, through, today) for one in shown if one.kind is kind}
    return next(one for one in _ORDER if one is _S.MISSING or one in found)


def _stands(one: Shown, through: dt.date, today: dt.date) -> Standing:
    if one.state is _D.REFUSED:
        return _S.REFUSED
    if one.state is _D.EXPIRED or (one.expires_on is not None and one.expires_on < today):
        return _S.EXPIRED
    if one.state is _D.UPLOADED:
        return _S.BEING_CHECKED
    return _S.HOLDS if holds(one, through) else _S.EXPIRES_TOO_EARLY


def worst(standings: Iterable[Standing]) -> Standing:
    """Return the standing that asks for the most; a document that is needed twice stands as it does for the worse."""
    return max(standings, key=_ORDER.index)


class Uploaded(Protocol):
    """Something uploaded, as the rules read it."""

    @property
    def shown(self) -> Shown: ...


U = TypeVar("U", bound=Uploaded)


def best(uploads: Sequence[U], *, through: dt.date, today: dt.date) -> U | None:
    """Return the upload by which a document stands as it does, of equal ones the first; None of none."""
    return min(uploads, key=lambda one: _ORDER.index(_stands(one.shown, through, today)), default=None)


def why_not_good(expires_on: dt.date | None, *, today: dt.date) -> str | None:
    """Say why a stated last good day cannot be taken; None when it can."""
    if expires_on is None:
        return None
    if expires_on < today:
        return "This day has passed. A document that is not good any more cannot be used; get a new one first."
    if expires_on > today + dt.timedelta(days=366 * MOST_YEARS):
        return "This day is too far away to be meant. If it does not expire, say so in the box."
    return None


def reminder(expires_on: dt.date, today: dt.date) -> int | None:
    """Return the reminder that is due before a document expires: 30, 14 or 3 days, the last that has come; or None.

    When the jobs did not run for some days, the newest reminder speaks for those that were missed.
    """
    left = (expires_on - today).days
    return min((days for days in REMIND_BEFORE_DAYS if 0 <= left <= days), default=None)


def next_step(standing: Standing, *, through: str) -> str:
    """Say what somebody has to do about a document that stands so."""
    return {
        _S.HOLDS: "Nothing to do.",
        _S.BEING_CHECKED: "Nothing to do. We check it, and write to you if something is missing.",
        _S.EXPIRES_TOO_EARLY: f"It ends before {through}. Renew it and upload the new one.",
        _S.EXPIRED: "It is not good any more. Get a new one and upload it.",
        _S.REFUSED: "Read why it was not accepted, and upload another one.",
        _S.MISSING: "Upload it as soon as you have it.",
    }[standing]


@dataclass(frozen=True, slots=True)
class Explained:
    """What a document is, in the words of the page: what will do, and why sites ask for it."""

    what: str
    why: str


_PATIENTS = "Sites must keep patients and you safe from infection."
_ABOUT: Mapping[DocumentKind, Explained] = {
    _K.TB: Explained("The result of a TB skin or blood test, with its date.", _PATIENTS),
    _K.HEPATITIS_B: Explained("Your vaccination record, a titer, or a signed declination form.", _PATIENTS),
    _K.MMR: Explained("Your record of two doses against measles, mumps and rubella, or a titer.", _PATIENTS),
    _K.VARICELLA: Explained("Your record of two doses against chickenpox, or a titer.", _PATIENTS),
    _K.TDAP: Explained("Your record of one dose within ten years.", _PATIENTS),
    _K.INFLUENZA: Explained("Your record of this season’s flu shot.", _PATIENTS),
    _K.BACKGROUND_CHECK: Explained(
        "The report of a criminal background check.", "You work with people who depend on trust."
    ),
    _K.DRUG_SCREEN: Explained("The result of a drug screen.", "Many sites require it of everybody who works there."),
    _K.CPR_CARD: Explained(
        "Your BLS or CPR card, both sides. Many sites do not take courses that were online only.",
        "You may be the first to help somebody.",
    ),
    _K.HIPAA_TRAINING: Explained(
        "The certificate of your HIPAA training.", "You will see what is private to patients."
    ),
    _K.BLOODBORNE_TRAINING: Explained(
        "The certificate of your OSHA bloodborne pathogen training.", "You may handle blood and needles."
    ),
    _K.LIABILITY_COVER: Explained(
        "Proof of liability insurance for students.", "Sites ask who pays if somebody is harmed."
    ),
    _K.CONFIDENTIALITY_FORM: Explained(
        "The confidentiality form, signed by you.", "You promise to keep what you see to yourself."
    ),
}


def explained(kind: DocumentKind) -> Explained:
    """Return what a document is and why it is asked for."""
    return _ABOUT[kind]


# What the sample catalog asks for (FACTS.md 7): practice of schools and sites, no law. A school sets it as it needs.
SAMPLE_REQUIREMENTS: tuple[DocumentKind, ...] = (
    _K.TB,
    _K.HEPATITIS_B,
    _K.MMR,
    _K.VARICELLA,
    _K.TDAP,
    _K.INFLUENZA,
    _K.BACKGROUND_CHECK,
    _K.DRUG_SCREEN,
    _K.CPR_CARD,
    _K.HIPAA_TRAINING,
    _K.BLOODBORNE_TRAINING,
    _K.CONFIDENTIALITY_FORM,
)
