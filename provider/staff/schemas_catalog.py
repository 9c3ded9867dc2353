"""What staff fill in about programs, plans, the refund policy and the questions people ask."""

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.kernel.entries import SLUG
from provider.kernel.forms import LongText, Schema, Text
from provider.kernel.inputs import Amount, LocalTime, Whole, ZonedSchema
from provider.places.rules import STATE_NAMES
from provider.policies.rules import DEFAULT_HOURS
from provider.programs.rules import (
    EXAM_FEE,
    MOST_EXTERNSHIP_HOURS,
    Availability,
    Inclusion,
    InclusionLine,
    Link,
    StateRule,
)
from provider.tuition.rules import MAX_CLASS_WEEKS, MAX_COUNT, PlanKind

BAR = " | "
LONGEST_HOURS = 24 * 366
MOST_LINES = 60


class Lines(Text):
    """One thing a line, its parts parted by upright bars; read to values, and written back from them."""

    shape = ""
    fewest = most = 1

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        kwargs["metadata"] = {"widget": "textarea"} | kwargs.get("metadata", {})
        super().__init__(longest=20_000, lines=True, load_default=(), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401
        typed = super()._deserialize(value, attr, data, **kwargs)
        lines = [line for line in typed.splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"Write {MOST_LINES} lines at most.")
        return tuple(self._line(number, line) for number, line in enumerate(lines, start=1))

    def _validate(self, value: Any) -> None:  # noqa: ANN401 - lines are checked one by one
        pass

    def _line(self, number: int, line: str) -> Any:  # noqa: ANN401 - each kind of line has its own value
        parts = [part.strip() for part in line.split("|")]
        if not self.fewest <= len(parts) <= self.most or not all(parts[: self.fewest]):
            raise ValidationError(f"Line {number}: write it as {self.shape}")
        try:
            return self.read(*parts, *[""] * (self.most - len(parts)))
        except ValueError as problem:
            raise ValidationError(f"Line {number}: {problem}") from None

    def read(self, *parts: str) -> Any:  # noqa: ANN401 - as above
        """Return one line's value; ValueError says what is wrong with it."""
        return parts[0]


def _one_of(kind: type[enum.StrEnum], typed: str) -> Any:  # noqa: ANN401 - a member of the enum given
    wanted = typed.lower().replace(" ", "_")
    if wanted not in set(kind):
        raise ValueError("write one of " + ", ".join(member.value.replace("_", " ") for member in kind) + ".")
    return kind(wanted)


class Inclusions(Lines):
    """What tuition covers: ``exam_fee | Exam fee | not included | note``."""

    shape = "key | name | included, not included or not stated | note"
    fewest, most = 3, 4

    def read(self, *parts: str) -> InclusionLine:
        key, label, status, note = parts
        return InclusionLine(key.lower().replace(" ", "_"), label, _one_of(Inclusion, status), note)


class StateRules(Lines):
    """Where the program is closed or needs a notice: ``CA | closed | sentence | source | 2026-11-21``."""

    shape = "state | open, notice or closed | sentence | source | 2026-11-21"
    fewest = most = 5

    def read(self, *parts: str) -> StateRule:
        state, availability, sentence, source, as_of = parts
        if state.upper() not in STATE_NAMES:
            raise ValueError(f"“{state}” is not the postal code of a state.")
        try:
            day = dt.date.fromisoformat(as_of)
        except ValueError:
            raise ValueError("write the day like 2026-11-21.") from None
        return StateRule(state.upper(), _one_of(Availability, availability), sentence, source, day)


class Links(Lines):
    """Places on the web: ``Classroom | https://… | hint``."""

    shape = "name | https://address | hint"
    fewest, most = 2, 3

    def read(self, *parts: str) -> Link:
        label, url, hint = parts
        if not url.startswith("https://") or not urlsplit(url).netloc:
            raise ValueError("write the address with https:// at its beginning.")
        return Link(label, url, hint)


def written(values: tuple[Any, ...]) -> str:
    """Write lines back as they are typed."""
    return "\n".join(_written(value) for value in values)


def _written(value: Any) -> str:  # noqa: ANN401 - each kind of line has its own value
    if isinstance(value, InclusionLine):
        parts = [value.key, value.label, value.status.value.replace("_", " "), value.note]
    elif isinstance(value, StateRule):
        parts = [value.state, value.availability.value, value.sentence, value.source, value.as_of.isoformat()]
    elif isinstance(value, Link):
        parts = [value.label, value.url, value.hint]
    else:
        parts = [str(value)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return BAR.join(parts)


_HOURS = f"An externship takes 1 to {MOST_EXTERNSHIP_HOURS:,} hours."
_WEEKS = f"A class takes 1 to {MAX_CLASS_WEEKS} weeks."


class EditProgram(Schema):
    """What a program says of itself; saving makes its next version."""

    based_on = fields.Integer(required=True, metadata={"label": "Version", "widget": "hidden"})
    title = Text(required=True, longest=200, metadata={"label": "Title"})
    summary = LongText("Summary", required=True, longest=2000, rows=4)
    outcome = LongText("What it leads to", required=True, longest=2000, rows=4)
    teaching = LongText("How it is taught", required=True, longest=2000, rows=4)
    class_weeks = Whole("Length of the class in weeks", required=True, limits=(1, MAX_CLASS_WEEKS), wrong=_WEEKS)
    externship_hours = Whole(
        "Hours of an externship",
        "Leave it empty if you have not settled it: then no number of hours is promised or asked for.",
        load_default=None,
        limits=(1, MOST_EXTERNSHIP_HOURS),
        wrong=_HOURS,
    )
    credentials = fields.List(
        Text(longest=32), load_default=list, metadata={"label": "Credentials", "widget": "checkboxes"}
    )
    inclusions = Inclusions(
        metadata={
            "label": "What tuition includes",
            "hint": "One a line: key | name | included, not included or not stated | note. One key is exam_fee.",
            "attrs": {"rows": "8"},
        }
    )
    prerequisites = Lines(
        metadata={
            "label": "Prerequisites",
            "hint": "One a line. The student confirms each of them when enrolling.",
            "attrs": {"rows": "4"},
        }
    )
    state_rules = StateRules(
        metadata={
            "label": "States",
            "hint": "Where not open, one a line: state | notice or closed | sentence | source | 2026-11-21.",
            "attrs": {"rows": "4"},
        }
    )
    links = Links(
        metadata={
            "label": "Links for students",
            "hint": "Classroom, meetings, exam preparation, one a line: name | https://address | hint.",
            "attrs": {"rows": "4"},
        }
    )
    sample = fields.Boolean(
        load_default=False,
        metadata={"label": "This is sample data", "hint": "Pages and letters that show it say so."},
    )


class AddProgram(EditProgram):
    """A new program: its code and its address once, and what its first version says."""

    class Meta(Schema.Meta):
        """Name it first; there is no version yet that it could be based on."""

        fields = (
            "title",
            "code",
            "slug",
            "summary",
            "outcome",
            "teaching",
            "class_weeks",
            "externship_hours",
            "credentials",
            "inclusions",
            "prerequisites",
            "state_rules",
            "links",
            "sample",
        )

    code = Text(
        required=True,
        longest=32,
        validate=validate.Regexp(
            r"[A-Za-z0-9][A-Za-z0-9 /&.-]*\Z", error="Use letters, digits and hyphens, like CCMA."
        ),
        metadata={"label": "Code", "hint": "A short name for lists and receipts, like CCMA.", "attrs": {"size": "14"}},
    )
    slug = Text(
        required=True,
        longest=64,
        validate=SLUG,
        metadata={
            "label": "Address",
            "hint": "The end of its address, like medical-assistant in /programs/medical-assistant. It stays as it is.",
            "attrs": {"autocapitalize": "none", "spellcheck": "false"},
        },
    )


# What a new program's list of what tuition includes begins with: the line that every program needs (R26).
FIRST_INCLUSIONS = (InclusionLine(EXAM_FEE, "Exam fee", Inclusion.NOT_STATED),)


def _count(hint: str) -> fields.Integer:
    return Whole(
        "Installments", hint, load_default=1, limits=(1, MAX_COUNT), wrong=f"Choose 1 to {MAX_COUNT} installments."
    )


class EditPlan(Schema):
    """One way of paying; saving makes its next version."""

    title = Text(required=True, longest=120, metadata={"label": "Title"})
    total = Amount(required=True, metadata={"label": "Total in dollars"})
    count = _count("The first is due when the student accepts, the last inside the class.")
    sample = fields.Boolean(
        load_default=False,
        metadata={"label": "This is a sample price", "hint": "Pages and letters that show it say so."},
    )


class AddPlan(EditPlan):
    """One more way of paying."""

    class Meta(Schema.Meta):
        """How it is paid comes before how much."""

        fields = ("kind", "title", "total", "count", "sample")

    count = _count("Only for installments. The first is due when the student accepts, the last inside the class.")

    kind = Text(
        required=True,
        validate=validate.OneOf([kind.value for kind in PlanKind], error="Choose one of these."),
        error_messages={"required": "Choose one of these."},
        metadata={
            "label": "How it is paid",
            "widget": "radio",
            "choices": [(kind.value, kind.label) for kind in PlanKind],
        },
    )

    @validates_schema
    def ask_for_several(self, data: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401 - marshmallow's signature
        """Refuse installments that are only one."""
        if data.get("kind") == PlanKind.INSTALLMENTS and data.get("count", 1) == 1:
            raise ValidationError(f"Choose 2 to {MAX_COUNT} installments.", "count")


class ConfirmCounsel(Schema):
    """Word that counsel was asked about Truth in Lending."""

    name = Text(required=True, longest=120, metadata={"label": "Your name", "autocomplete": "name"})
    on = fields.Date(
        required=True,
        error_messages={"required": "Fill in the date.", "invalid": "Write the date like 2026-11-21."},
        metadata={"label": "Counsel was asked on", "widget": "date"},
    )


_HOURS = f"Write a whole number of hours, {DEFAULT_HOURS} or more."


class AddPolicy(ZonedSchema):
    """The next version of the refund policy."""

    hours = Whole(
        "Hours after the first payment",
        f"{DEFAULT_HOURS} or more. They are elapsed hours: weekends and nights count.",
        required=True,
        limits=(DEFAULT_HOURS, LONGEST_HOURS),
        wrong=_HOURS,
        size=6,
    )
    summary = LongText(
        "In plain words", "It stands on the public page of the policy.", required=True, longest=2000, rows=4
    )
    effective_from = LocalTime(
        required=True,
        metadata={"label": "In force from", "hint": "By the clock of the school.", "widget": "datetime"},
    )


class EditFaq(Schema):
    """A question with its answer."""

    question = Text(required=True, longest=200, metadata={"label": "Question"})
    answer = LongText("Answer", required=True, longest=5000, rows=8)
    position = Whole(
        "Place on the page",
        "Small numbers stand first.",
        load_default=100,
        limits=(0, 10_000),
        wrong="Write a whole number from 0 to 10,000.",
        size=6,
    )
