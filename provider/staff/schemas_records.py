"""What staff fill in at the end of a placement: a visit, the completion, and a revocation."""

from marshmallow import fields

from provider.kernel.forms import Schema, Text
from provider.staff.schemas import LONGEST_REASON, REASON_HINT


class NoteVisit(Schema):
    """Somebody was at a site, or called it."""

    visited_on = fields.Date(
        required=True,
        error_messages={"required": "Choose the day.", "invalid": "Choose the day."},
        metadata={"label": "Day", "widget": "date"},
    )
    by_phone = fields.Boolean(load_default=False, metadata={"label": "By telephone"})
    words = Text(
        required=True,
        longest=4_000,
        lines=True,
        metadata={
            "label": "What you saw and heard",
            "hint": "Only staff read it. Nothing about patients.",
            "widget": "textarea",
            "attrs": {"rows": "4"},
        },
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

    reason = Text(
        load_default=None,
        longest=LONGEST_REASON,
        lines=True,
        metadata={
            "label": "Reason, if something is missing",
            "hint": f"{REASON_HINT} It does not stand on the record.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )


class RevokeRecord(Schema):
    """The school does not stand by a record any more."""

    prefix = "revoke-"

    reason = Text(
        required=True,
        longest=LONGEST_REASON,
        lines=True,
        metadata={
            "label": "Reason, for staff",
            "hint": REASON_HINT,
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )
    public_reason = Text(
        load_default=None,
        longest=200,
        metadata={
            "label": "Reason, for everybody",
            "hint": "Whoever has the code reads it, and so does the student. Leave it empty to say nothing.",
        },
    )
