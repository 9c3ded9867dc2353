"""What staff fill in at the end of a placement: a visit, the completion, and a revocation."""

from marshmallow import fields

from provider.kernel.forms import LongText, Schema, Text
from provider.staff.schemas import LONGEST_REASON, REASON_HINT


class NoteVisit(Schema):
    """Somebody was at a site, or called it."""

    visited_on = fields.Date(
        required=True,
        error_messages={"required": "Choose the day.", "invalid": "Choose the day."},
        metadata={"label": "Day", "widget": "date"},
    )
    by_phone = fields.Boolean(load_default=False, metadata={"label": "By telephone"})
    words = LongText(
        "What you saw and heard", "Only staff read it. Nothing about patients.", required=True, longest=4_000, rows=4
    )


class SignRecord(Schema):
    """The school signs a new record in the place of one that was revoked."""

    signature = Text(
        required=True,
        longest=120,
        error_messages={"required": "Type your name, which signs the record for the school."},
        metadata={"label": "Your full name, as the school’s signature", "autocomplete": "name"},
    )


class CompletePlacement(SignRecord):
    """The school signs that an externship is done."""

    reason = LongText(
        "Reason, if something is missing",
        f"{REASON_HINT} It does not stand on the record.",
        load_default=None,
        longest=LONGEST_REASON,
    )


class RevokeRecord(Schema):
    """The school does not stand by a record any more."""

    prefix = "revoke-"

    reason = LongText("Reason, for staff", REASON_HINT, required=True, longest=LONGEST_REASON)
    public_reason = Text(
        load_default=None,
        longest=200,
        metadata={
            "label": "Reason, for everybody",
            "hint": "Whoever has the code reads it, and so does the student. Leave it empty to say nothing.",
        },
    )
