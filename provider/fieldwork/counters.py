"""Counters toward credentials: how often something must be done on live people, as dated data with its source. Pure.

Only what a preceptor approved counts (R19). Where a figure was read and when stands with it; whether it is enough, the
body that issues the credential decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provider.fieldwork.rules import ProcedureKind

_K = ProcedureKind


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was read, and in which month."""

    title: str
    url: str
    read: str


@dataclass(frozen=True, slots=True)
class Counter:
    """What a credential asks for, of each kind; ``remark`` is what counting alone does not give."""

    key: str
    credential: str
    body: str
    asks: Mapping[ProcedureKind, int]
    source: Source
    remark: str | None = None
    is_license: bool = False


COUNTERS: tuple[Counter, ...] = (
    Counter(
        "nha-cpt",
        "CPT",
        "National Healthcareer Association",
        {_K.VENIPUNCTURE: 30, _K.CAPILLARY: 10},
        Source(
            "National Healthcareer Association, News Center: CPT eligibility",
            "https://info.nhanow.com/mediacenter/topic/cpt-certification",
            "July 2026",
        ),
    ),
    Counter(
        "amt-rpt",
        "RPT",
        "American Medical Technologists",
        {_K.VENIPUNCTURE: 50, _K.CAPILLARY: 10},
        Source(
            "PhlebotomyNow: a license in four states, and the RPT",
            "https://www.phlebotomynow.co/phlebotomy-license-in-four-states/",
            "July 2026",
        ),
    ),
    Counter(
        "ca-cpt-1",
        "CPT I",
        "State of California",
        {_K.VENIPUNCTURE: 50, _K.CAPILLARY: 10},
        Source(
            "California Code of Regulations, title 17: certification of phlebotomists (a copy)",
            "http://cclme.org/viewcontents/?f=2-CCR17div01.txt&o=3",
            "November 2026",
        ),
        remark="This is a license of the state, not a certificate of a private body. Only a training program that the "
        "State of California has approved counts toward it; these numbers alone give no right to it.",
        is_license=True,
    ),
    Counter(
        "nha-cet",
        "CET",
        "National Healthcareer Association",
        {_K.EKG: 10},
        Source("Trelos: CET guide", "https://trelos.ai/guides/cet", "July 2026"),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """How far one kind of a counter is."""

    kind: ProcedureKind
    asked: int
    approved: int

    @property
    def missing(self) -> int:
        """How often it has still to be done and approved."""
        return max(0, self.asked - self.approved)

    @property
    def percent(self) -> int:
        """How far it is, never more than all of it."""
        return min(100, 100 * self.approved // self.asked)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a counter is."""

    counter: Counter
    lines: tuple[Line, ...]

    @property
    def reached(self) -> bool:
        """Say whether nothing is missing."""
        return not any(line.missing for line in self.lines)


def standings(approved: Mapping[ProcedureKind, int]) -> tuple[Standing, ...]:
    """Return how far each counter is with what preceptors approved."""
    return tuple(
        Standing(counter, tuple(Line(kind, asked, approved.get(kind, 0)) for kind, asked in counter.asks.items()))
        for counter in COUNTERS
    )
