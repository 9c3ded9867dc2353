"""What staff fill in about money that a card did not take."""

from marshmallow import validate

from provider.kernel.forms import LongText, Schema, Text
from provider.refunds.rules import OTHER_WAYS
from provider.staff.schemas import LONGEST_REASON

_HINTS = {"bank_transfer": "To an account in the student's own name.", "check": "Made out to the student."}


class SendAnotherWay(Schema):
    """How, under what reference and why a card's money went back otherwise."""

    method = Text(
        required=True,
        validate=validate.OneOf([way.value for way in OTHER_WAYS], error="Choose one of the two."),
        metadata={
            "label": "Sent by",
            "widget": "radio",
            "choices": [(way.value, way.label, _HINTS[way.value]) for way in OTHER_WAYS],
        },
    )
    external_reference = Text(
        required=True,
        longest=120,
        metadata={"label": "Reference", "hint": "The check number, or the bank's reference of the transfer."},
    )
    reason = LongText(
        "Why not to the card",
        "How the student told you where to send it. It is kept with the decision.",
        required=True,
        longest=LONGEST_REASON,
    )
