"""What a student sends to ask that a college be told, to set it right, and to answer a question."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from provider.credits.rules import LONGEST_NUMBER, LONGEST_WORDS, Wanted
from provider.kernel.forms import Confirmed, Email, LongText, Schema, Text

OTHER = "other"
YES, NO = "yes", "no"
_NAME = "Write the name of the college, or choose it from the list."
_MAILBOX = "Write the mailbox of the registrar, like registrar@college.edu."


class ToldCollege(Schema):
    """Which college, and how it knows the student."""

    college = Text(
        required=True,
        longest=20,
        error_messages={"required": "Choose one of these."},
        metadata={
            "label": "College",
            "hint": "Colleges that we have written to before. If yours is not there, choose the last line.",
            "widget": "select",
        },
    )
    college_name = Text(
        load_default="",
        metadata={"label": "Name of another college", "hint": "Only if it is not in the list.", "autocomplete": "off"},
    )
    registrar_email = Email(
        load_default="",
        metadata={
            "label": "Mailbox of its registrar",
            "hint": "The e-mail address on the college’s page of the registrar or of transfer credit. "
            "We write to it; nobody looks it up for you.",
            "autocomplete": "off",
        },
    )
    legal_name = Text(
        required=True,
        metadata={
            "label": "Your name as the college knows it",
            "hint": "As it stands in your application or on your student card there.",
            "autocomplete": "name",
        },
    )
    student_number = Text(
        load_default=None,
        longest=LONGEST_NUMBER,
        metadata={
            "label": "Your student number there",
            "hint": "If you have one. You may leave it empty.",
            "attrs": {"size": "20", "spellcheck": "false"},
            "autocomplete": "off",
        },
    )
    badge_claimed = Text(
        required=True,
        longest=8,
        validate=validate.OneOf([YES, NO], error="Choose one of these."),
        metadata={
            "label": "Have you claimed your digital badge?",
            "hint": "The issuing body sends an invitation to claim it after you pass.",
            "widget": "radio",
            "choices": [(YES, "Yes"), (NO, "Not yet")],
        },
    )
    consent = Confirmed(required=True, metadata={"label": "I agree to this"})

    @ma.validates_schema(skip_on_field_errors=False)
    def named_or_chosen(self, data: dict[str, Any], **_: object) -> None:
        """Let another college be named with a mailbox, and a known one without."""
        if data.get("college") != OTHER:
            return
        wrong = {"college_name": _NAME, "registrar_email": _MAILBOX}
        problems = {name: [sentence] for name, sentence in wrong.items() if name in data and not data[name]}
        if problems:
            raise ma.ValidationError(problems)


class AskCredit(ToldCollege):
    """The same, about one of the student's certificates."""

    certificate = Text(required=True, longest=64, metadata={"widget": "hidden"})


class AnswerCredit(ToldCollege):
    """The same, set right, with an answer to what staff asked."""

    answer = LongText("Your answer", required=True, longest=LONGEST_WORDS, rows=4)

    class Meta(ToldCollege.Meta):
        """Ask for the answer first, and for the consent last."""

        fields = (
            "answer", "college", "college_name", "registrar_email", "legal_name", "student_number", "badge_claimed",
            "consent",
        )  # fmt: skip


def wanted(data: dict[str, Any]) -> Wanted:
    """Return what was loaded as what a student wants."""
    return Wanted(
        college=None if data["college"] == OTHER else data["college"],
        college_name=data["college_name"],
        registrar_email=data["registrar_email"],
        legal_name=data["legal_name"],
        student_number=data["student_number"],
        badge_claimed=data["badge_claimed"] == YES,
    )
