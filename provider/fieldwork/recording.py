"""What an externship record says, written from its frozen content for page, printer and public page alike. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provider.fieldwork.counters import Standing
from provider.fieldwork.days import spoken
from provider.fieldwork.evaluating import OVERALL, SKILLS, rated
from provider.fieldwork.rules import EvaluationKind, ProcedureKind
from provider.kernel.days import counted, written

TITLE = "Externship record"
Content = Mapping[str, Any]
Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reached:
    """What a placement has come to when somebody wants to complete it."""

    approved_minutes: int
    required_hours: int
    evaluated: bool
    waiting_minutes: int = 0

    @property
    def approved(self) -> str:
        """The approved hours in words."""
        return spoken(self.approved_minutes)

    @property
    def missing(self) -> tuple[str, ...]:
        """Say what is missing, each in a sentence; nothing when it can be completed without a reason."""
        found = []
        if self.approved_minutes < self.required_hours * 60:
            found.append(
                f"{spoken(self.approved_minutes)} of {counted(self.required_hours, 'hour')} are approved"
                + (f"; {spoken(self.waiting_minutes)} more wait." if self.waiting_minutes else ".")
            )
        if not self.evaluated:
            found.append("The preceptor has not given the final evaluation.")
        return tuple(found)


def procedures(approved: Mapping[ProcedureKind, int]) -> list[dict[str, Any]]:
    """Freeze what was done with approval, in the order of the kinds."""
    return [{"label": kind.label, "number": approved[kind]} for kind in ProcedureKind if approved.get(kind)]


def counters(standings: Sequence[Standing]) -> list[dict[str, Any]]:
    """Freeze how far each counter toward a credential is, of those that anything counts for."""
    return [
        {
            "name": f"{one.counter.credential} ({one.counter.body})",
            "lines": [f"{line.kind.label}: {line.approved} of {line.asked}" for line in one.lines],
            "remark": one.counter.remark,
        }
        for one in standings
        if any(line.approved for line in one.lines)
    ]


def hours(content: Content) -> str:
    """Write the hours with what they are measured by."""
    required = content["required_hours"]
    return spoken(content["minutes"]) + (f" of {required:,} required" if required else "")


def place(content: Content) -> str:
    """Write where it was."""
    return f"{content['site']}, {content['location']}, {content['city']}"


def days(content: Content) -> str:
    """Write from when until when it was."""
    first, last = (written(dt.date.fromisoformat(content[name])) for name in ("first_on", "last_on"))
    return f"{first} to {last}"


def ratings(content: Content) -> Facts:
    """Write what the preceptor rated at the end; nothing when nobody did."""
    evaluation = content["evaluation"]
    if evaluation is None:
        return []
    final, answers = EvaluationKind.FINAL, evaluation["answers"]
    points = [(point.key, point.label) for point in SKILLS] + [(OVERALL, "Overall")]
    return [(label, rated(final, answers.get(key, 0))) for key, label in points]


def public_facts(content: Content) -> Facts:
    """Return what whoever has the code reads; no more than the paper says, and no way to reach anybody."""
    done: Facts = [(f"{one['label']}, approved", f"{one['number']:,}") for one in content["procedures"]]
    evaluation = content["evaluation"]
    overall: Facts = []
    if evaluation is not None:
        overall = [("Final evaluation", rated(EvaluationKind.FINAL, evaluation["answers"].get(OVERALL, 0)))]
    return [
        ("Program", content["program"]),
        ("Site", place(content)),
        ("Days", days(content)),
        ("Hours approved", hours(content)),
        *done,
        *overall,
    ]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands beside the content: number, code and its address, and since when it is revoked, if it is."""

    reference: str
    code: str
    address: str
    made_on: dt.date
    revoked_on: dt.date | None


def sheet(content: Content, stamp: Stamp) -> dict[str, Any]:
    """Return what the printer's template reads: text only."""
    evaluation = content["evaluation"]
    signed = None
    if evaluation is not None:
        signed = f"Signed “{evaluation['signature']}” on {written(dt.date.fromisoformat(evaluation['on']))}"
    return {
        "title": TITLE,
        "name": content["name"],
        "school": content["school"],
        "reference": stamp.reference,
        "made": written(stamp.made_on),
        "code": stamp.code,
        "address": stamp.address,
        "revoked": written(stamp.revoked_on) if stamp.revoked_on else None,
        "facts": [
            ["Program", content["program"]],
            ["Site", place(content)],
            ["Days", days(content)],
            ["Hours approved by the preceptor", hours(content)],
        ],
        "procedures": [[one["label"], f"{one['number']:,}"] for one in content["procedures"]],
        "counters": [[one["name"], "; ".join(one["lines"]), one["remark"]] for one in content["counters"]],
        "ratings": [list(pair) for pair in ratings(content)],
        "preceptor": [content["preceptor"], content["preceptor_title"], signed],
        "signed": [content["signature"], content["school"], f"Signed on {written(stamp.made_on)}"],
    }
