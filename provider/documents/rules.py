"""The documents that sites and programs ask for, their states, and whether one holds through a day."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from provider.kernel.lifecycles import Lifecycle, State, Tone

REQUIREMENT_PREFIX = "RQ"
DOCUMENT_PREFIX = "DO"
REMIND_BEFORE_DAYS = (30, 14, 3)  # before the day on which a document expires


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
