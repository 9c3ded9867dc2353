"""What staff fill in about recommendations of credit."""

from typing import Any

from marshmallow import fields

from provider.kernel.forms import LongText, Schema, Text
from provider.kernel.inputs import Whole
from provider.programs.rules import MOST_CREDITS

_WHOLE = f"Write a whole number from 1 to {MOST_CREDITS}."
_DAY: dict[str, Any] = {"required": "Choose the day.", "invalid": "Choose the day."}


class EditRecommendation(Schema):
    """What is recommended for a credential, where that was read, and for which days of a pass it holds."""

    credits = Whole("Semester credits", required=True, limits=(1, MOST_CREDITS), wrong=_WHOLE, size=4)
    level = Text(
        load_default=None,
        metadata={"label": "Level", "hint": "As the record says it, such as “lower-division baccalaureate”."},
    )
    subject = Text(
        load_default=None,
        metadata={"label": "Subject", "hint": "As the record says it, such as “medical assisting”."},
    )
    source = LongText(
        "Source",
        "Where the number was read, and when.",
        required=True,
        longest=1_000,
        error_messages={"required": "Write where the number was read."},
    )
    valid_from = fields.Date(
        required=True,
        error_messages=_DAY,
        metadata={"label": "First day", "hint": "It holds for exams passed from this day on.", "widget": "date"},
    )
    valid_to = fields.Date(
        load_default=None,
        error_messages=_DAY,
        metadata={"label": "Last day", "hint": "Leave it empty while no end is known.", "widget": "date"},
    )
    sample = fields.Boolean(
        load_default=False, metadata={"label": "It is an example; pages that show it carry a banner"}
    )


class BeginRecommendation(EditRecommendation):
    """A recommendation for a credential."""

    class Meta:
        """The credential first."""

        fields = ("credential", "credits", "level", "subject", "source", "valid_from", "valid_to", "sample")

    credential = Text(
        required=True,
        longest=32,
        error_messages={"required": "Choose the credential."},
        metadata={"label": "Credential", "widget": "select"},
    )


class EndRecommendation(Schema):
    """Until when a recommendation holds."""

    last_on = fields.Date(
        required=True,
        error_messages=_DAY,
        metadata={"label": "Last day", "hint": "It holds for exams passed on this day, too.", "widget": "date"},
    )


class ConfirmRecommendation(Schema):
    """Somebody saw the record of the American Council on Education itself."""

    name = Text(
        required=True,
        longest=120,
        error_messages={"required": "Write who saw the record."},
        metadata={"label": "Who saw the record", "autocomplete": "name"},
    )
    on = fields.Date(required=True, error_messages=_DAY, metadata={"label": "On which day", "widget": "date"})
