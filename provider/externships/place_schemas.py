"""What students and sites answer to an offer."""

from marshmallow import fields

from provider.kernel.forms import LongText, Schema

LONGEST_WORDS = 500


class DeclineOffer(Schema):
    """What a student may say with a no."""

    words = LongText(
        "Why it does not suit you, if you like to say",
        "It costs you nothing and helps us to find a better place. The site does not read it.",
        load_default=None,
        longest=LONGEST_WORDS,
    )


class DeclineStudent(Schema):
    """Why a site cannot take a student."""

    reason = LongText("Why it is not possible", "Only the school reads it.", required=True, longest=LONGEST_WORDS)


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
    words = LongText("What the student should know about it", load_default=None, longest=LONGEST_WORDS)
