"""What staff fill in to correct hours and procedures, always with a reason."""

from provider.fieldwork.entry_schemas import DayFacts, DoneFacts, Duration, number_from
from provider.kernel.forms import LongText, Schema, Text

LONGEST_REASON = 1000


def _reason() -> Text:
    hint = "It is kept in the history and can be read years later. Nothing about patients."
    return LongText("Reason", hint, required=True, longest=LONGEST_REASON)


class CorrectHours(DayFacts):
    """A day that its preceptor has not approved."""

    reason = _reason()


class CorrectProcedure(DoneFacts):
    """A procedure that its preceptor has not approved."""

    reason = _reason()


class LowerHours(Schema):
    """A day that its preceptor approved, to count for less."""

    counts = Duration(
        required=True,
        longest=20,
        metadata={
            "label": "Time that counts",
            "hint": "Hours and minutes, such as 7:30. Less than was approved.",
            "attrs": {"size": "8"},
        },
    )
    reason = _reason()


class LowerProcedure(Schema):
    """A procedure that its preceptor approved, to count for less often."""

    counts = number_from(0, "How often it counts", hint="Less than was approved.")
    reason = _reason()
