"""What staff fill in about externship requests, offers and placements."""

from provider.kernel.forms import LongText, Schema, Text
from provider.staff.schemas import LONGEST_REASON


class TakeBack(Schema):
    """Why an offer is taken back."""

    words = LongText(
        "Why it is taken back",
        "It is kept with the offer. Whoever was asked gets a letter without it.",
        required=True,
        longest=LONGEST_REASON,
    )


class ReleasePlacement(Schema):
    """Why a placement is released."""

    reason = Text(
        required=True,
        longest=32,
        metadata={"label": "What happened", "widget": "radio"},
    )
    words = LongText(
        "What staff should know",
        "It is kept with the placement. Student and site read only what you chose above.",
        required=True,
        longest=LONGEST_REASON,
    )


class ChangePreceptor(Schema):
    """Who supervises from now on."""

    contact = Text(required=True, longest=16, metadata={"label": "New preceptor", "widget": "select"})
