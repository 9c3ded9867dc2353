"""What staff fill in about externship requests, offers and placements."""

from provider.kernel.forms import Schema, Text
from provider.staff.schemas import LONGEST_REASON


class TakeBack(Schema):
    """Why an offer is taken back."""

    words = Text(
        required=True,
        longest=LONGEST_REASON,
        lines=True,
        metadata={
            "label": "Why it is taken back",
            "hint": "It is kept with the offer. Whoever was asked gets a letter without it.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )


class ReleasePlacement(Schema):
    """Why a placement is released."""

    reason = Text(
        required=True,
        longest=32,
        metadata={"label": "What happened", "widget": "radio"},
    )
    words = Text(
        required=True,
        longest=LONGEST_REASON,
        lines=True,
        metadata={
            "label": "What staff should know",
            "hint": "It is kept with the placement. Student and site read only what you chose above.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )


class ChangePreceptor(Schema):
    """Who supervises from now on."""

    contact = Text(required=True, longest=16, metadata={"label": "New preceptor", "widget": "select"})
