"""What a college decided, as its registrar or the school's staff write it down, in the same words."""

from typing import Any

from marshmallow import validate

from provider.credits.rules import DECIDED, LONGEST_COURSE, LONGEST_WORDS, MOST_CREDITS, CreditState, Decision
from provider.kernel.forms import LongText, Schema, Text
from provider.kernel.inputs import Whole

_ORDER = (CreditState.GRANTED, CreditState.PARTLY_GRANTED, CreditState.DENIED)
_LABELS = {
    CreditState.GRANTED: "All that was recommended",
    CreditState.PARTLY_GRANTED: "A part of it",
    CreditState.DENIED: "No credit",
}
_WHOLE_NUMBER = f"Write a whole number from 1 to {MOST_CREDITS}."


class DecideCredit(Schema):
    """What is granted and as which course, or why nothing is."""

    outcome = Text(
        required=True,
        longest=20,
        error_messages={"required": "Choose one of these."},
        validate=validate.OneOf(sorted(DECIDED), error="Choose one of these."),
        metadata={
            "label": "What is granted",
            "widget": "radio",
            "choices": [(state.value, _LABELS[state]) for state in _ORDER],
        },
    )
    credits = Whole(
        "How many credits",
        "Only if a part is granted.",
        load_default=None,
        limits=(1, MOST_CREDITS),
        wrong=_WHOLE_NUMBER,
        size=4,
    )
    course = Text(
        load_default=None,
        longest=LONGEST_COURSE,
        metadata={
            "label": "Counts as",
            "hint": "The course, or the kind of credit, such as “MED 110” or “elective”. Leave it empty if no credit "
            "is granted.",
        },
    )
    reason = LongText(
        "Why", "Needed if no credit is granted. The student reads it.", load_default=None, longest=LONGEST_WORDS
    )
    by = Text(
        load_default=None,
        metadata={"label": "Who decided", "hint": "Name and office, if that is known.", "autocomplete": "off"},
    )


class DecideByLink(DecideCredit):
    """The same, by the registrar who was written to."""

    by = Text(
        required=True,
        longest=200,
        error_messages={"required": "Write your name, and your office if you like."},
        metadata={
            "label": "Your name and office",
            "hint": "The student reads what you decide.",
            "autocomplete": "name",
        },
    )


def decided(data: dict[str, Any], *, recommended: int) -> Decision:
    """Return what was loaded as a decision about so many recommended credits; all of them need not be counted out."""
    outcome, number = CreditState(data["outcome"]), data["credits"]
    if outcome is CreditState.GRANTED and number is None:
        number = recommended
    return Decision(outcome, number, data["course"], data["reason"], data["by"])
