"""The words of the agreement: written once from the offer, frozen, and shown, printed and signed as they are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from provider.kernel.days import counted, written
from provider.kernel.money import dollars
from provider.policies.rules import STATE_LAW_NOTE, PolicyVersion
from provider.programs.rules import ACE_SENTENCE, Inclusion
from provider.tuition.rules import Row

HEADING = "# "
LATE = (
    "A late payment costs no fee. Finishing early makes nothing due sooner. "
    "As long as you have not paid, you can cancel free of charge."
)
REFUND_TERMS = (
    "The time counts from the instant we record your first payment and send its receipt, around the clock, weekends "
    "and holidays included. The receipt prints the deadline to the second. What counts is when your request reaches "
    "us. Inside that time it is approved at once, nobody has to agree, and everything you paid goes back to where it "
    "came from, 7 to 10 business days after approval."
)
LEAVING = (
    "After the refund window there is no refund. If you have to leave the program later, write to us; the school "
    "decides, with a reason, whether payments that are still to come are waived."
)
EXTERNSHIP = (
    "An externship is optional and free: the school charges nothing for a placement. Once you have completed the "
    "program you may ask for one, and then the school keeps looking until you are placed near you or withdraw your "
    "request. Costs outside the school, such as immunizations, a background check, a CPR card or travel, are yours. "
    "You do not need an externship to complete the program."
)


@dataclass(frozen=True, slots=True)
class Included:
    """One line of what tuition includes."""

    label: str
    status: Inclusion
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """Everything that goes into the words of an agreement."""

    school: str
    program_title: str
    program_code: str
    program_version: int
    class_weeks: int
    plan_title: str
    plan_version: int
    total_cents: int
    rows: Sequence[Row]
    policy: PolicyVersion
    inclusions: Sequence[Included]
    prerequisites: Sequence[str]
    credits: Sequence[str]
    unpaid_days: int
    sample: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


def write(offered: Offered) -> str:
    """Write the agreement as plain text: a heading line for each section, a blank line between paragraphs."""
    sections = (
        ("Program", _program(offered)),
        ("Tuition", _tuition(offered)),
        ("What tuition includes", [f"{line.label}: {_included(line)}" for line in offered.inclusions]),
        ("Refunds", _refunds(offered)),
        ("Leaving later", _leaving()),
        ("Externship", _externship()),
        ("College credit", [ACE_SENTENCE, *offered.credits]),
        ("What you confirm", list(offered.prerequisites) or ["There is nothing to confirm for this program."]),
    )
    return "\n\n".join("\n\n".join([HEADING + heading, *paragraphs]) for heading, paragraphs in sections)


def sections(text: str) -> list[Section]:
    """Read an agreement's text back into its sections."""
    found = []
    for block in text.split(HEADING)[1:]:
        heading, *paragraphs = block.strip().split("\n\n")
        found.append(Section(heading, tuple(paragraphs)))
    return found


def fingerprint(text: str) -> str:
    """Return the SHA-256 of an agreement's text, by which a form says which terms it showed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _program(offered: Offered) -> list[str]:
    sample = ["These are sample terms: prices and plans are examples."] if offered.sample else []
    return [
        (
            f"{offered.school} teaches you {offered.program_title} ({offered.program_code}, version "
            f"{offered.program_version}) fully online and at your own pace. The nominal length of the class is "
            f"{counted(offered.class_weeks, 'week')}; finishing earlier is fine."
        ),
        *sample,
    ]


def _tuition(offered: Offered) -> list[str]:
    rows = [f"Payment {row.number}: {dollars(row.amount_cents)}, due {written(row.due_on)}." for row in offered.rows]
    return [
        f"Plan: {offered.plan_title} (version {offered.plan_version}). Tuition: {dollars(offered.total_cents)} in all.",
        *rows,
        f"{LATE} Without a payment the enrollment ends by itself after {counted(offered.unpaid_days, 'day')}.",
    ]


def _included(line: Included) -> str:
    note = f". {line.note}" if line.note else ""
    return f"{line.status.label.lower()}{note}"


def _refunds(offered: Offered) -> list[str]:
    return [
        (
            f"Refund policy version {offered.policy.number}, in force since "
            f"{written(offered.policy.effective_from.date())}: {offered.policy.sentence}"
        ),
        REFUND_TERMS,
        STATE_LAW_NOTE,
    ]


def _leaving() -> list[str]:
    return [LEAVING]


def _externship() -> list[str]:
    return [EXTERNSHIP]
