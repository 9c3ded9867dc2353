"""What an evaluation asks: a rating for each point, one overall, words, and a typed name from a preceptor."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from provider.fieldwork.evaluating import BEST, BY_PRECEPTOR, NOT_SEEN, OVERALL, POINTS, Point, words_of
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.forms import LongText, Schema, Text

LONGEST_WORDS = 2_000
_RATE = "Choose a number from 1 to 5."


def _rating(point: Point, kind: EvaluationKind, count: str, *, may_be_unseen: bool) -> fields.Integer:
    lowest = NOT_SEEN if may_be_unseen else 1
    choices = [(str(number), words) for number, words in words_of(kind).items()]
    unseen = [(str(NOT_SEEN), "I have not seen this")] if may_be_unseen else []
    return fields.Integer(
        required=True,
        validate=validate.Range(lowest, BEST, error=_RATE),
        error_messages={"required": _RATE, "invalid": _RATE},
        metadata={
            "label": point.label,
            "hint": point.hint,
            "widget": "scale",
            "choices": choices + unseen,
            "attrs": {"count": count},
        },
    )


def _overall(kind: EvaluationKind) -> Point:
    if kind in BY_PRECEPTOR:
        return Point(OVERALL, "Overall")
    return Point(OVERALL, "Overall: would you send a friend there?")


def _words(kind: EvaluationKind) -> Text:
    label = "In your words: what goes well, and what to work on" if kind in BY_PRECEPTOR else "In your words"
    return LongText(label, "Please write nothing about patients.", load_default=None, longest=LONGEST_WORDS, rows=5)


def schema_of(kind: EvaluationKind) -> Schema:
    """Return the form of a kind of evaluation."""
    number = len(POINTS[kind]) + 1
    asked: dict[str, Any] = {
        point.key: _rating(point, kind, f"{place} of {number}", may_be_unseen=kind in BY_PRECEPTOR)
        for place, point in enumerate(POINTS[kind], 1)
    }
    asked[OVERALL] = _rating(_overall(kind), kind, f"{number} of {number}", may_be_unseen=False)
    asked["words"] = _words(kind)
    if kind in BY_PRECEPTOR:
        asked["signature"] = Text(
            required=True,
            longest=120,
            error_messages={"required": "Type your name, which signs this."},
            metadata={"label": "Your full name, as a signature", "autocomplete": "name"},
        )
    else:
        asked["evaluation"] = Text(required=True, longest=16, metadata={"label": "Evaluation", "widget": "hidden"})
    return Schema.from_dict(asked, name=f"{kind.value.title()}Evaluation")()  # type: ignore[return-value]


def ratings(kind: EvaluationKind, data: Mapping[str, Any]) -> dict[str, int]:
    """Return only the ratings of what the form loaded, in the order of the form."""
    return {key: data[key] for key in (*(point.key for point in POINTS[kind]), OVERALL)}
