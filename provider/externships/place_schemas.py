"""What students and sites answer to an offer."""

from marshmallow import fields

from provider.kernel.forms import Schema, Text

LONGEST_WORDS = 500


class DeclineOffer(Schema):
    """What a student may say with a no."""

    words = Text(
        load_default=None,
        longest=LONGEST_WORDS,
        lines=True,
        metadata={
            "label": "Why it does not suit you, if you like to say",
            "hint": "It costs you nothing and helps us to find a better place. The site does not read it.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )


class DeclineStudent(Schema):
    """Why a site cannot take a student."""

    reason = Text(
        required=True,
        longest=LONGEST_WORDS,
        lines=True,
        metadata={
            "label": "Why it is not possible",
            "hint": "Only the school reads it.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )


class ProposeDays(Schema):
    """Other days that suit a site better."""

    first_on = fields.Date(
        required=True,
        error_messages={"invalid": "Write a date, like 2026-12-01."},
        metadata={"label": "First day", "widget": "date"},
    )
    last_on = fields.Date(
        required=True,
        error_messages={"invalid": "Write a date, like 2027-01-31."},
        metadata={"label": "Last day", "widget": "date"},
    )
    words = Text(
        load_default=None,
        longest=LONGEST_WORDS,
        lines=True,
        metadata={
            "label": "What the student should know about it",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )
