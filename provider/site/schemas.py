"""What people write to the school."""

from marshmallow import ValidationError, fields, validate

from provider.kernel.forms import Email, LongText, Schema, Text
from provider.site.rules import Topic
from provider.verification.rules import typed_code

LONGEST_MESSAGE = 5_000
NO_CODE = "A code has 16 letters and digits, such as ABCD-EFGH-JKMN-PQRS. Compare it with the paper and type it again."


def _is_code(typed: str) -> None:
    if typed_code(typed) is None:
        raise ValidationError(NO_CODE)


class TypedCode(Schema):
    """A code that somebody read on a paper."""

    code = Text(
        required=True,
        longest=40,
        validate=_is_code,
        error_messages={"required": "Type the code that stands on the document."},
        metadata={
            "label": "Code",
            "hint": "16 letters and digits in groups of four. Capitals and dashes do not matter.",
            "autocomplete": "off",
            "attrs": {"autocapitalize": "characters", "spellcheck": "false"},
        },
    )


class Message(Schema):
    """A question by contact form."""

    name = Text(
        required=True,
        longest=120,
        error_messages={"required": "Tell us your name."},
        metadata={"label": "Your name", "autocomplete": "name"},
    )
    email = Email(
        required=True,
        error_messages={"required": "Write the e-mail address that we should answer to."},
        metadata={
            "label": "Your e-mail address",
            "hint": "Our answer goes there.",
            "widget": "email",
            "autocomplete": "email",
        },
    )
    topic = fields.Enum(
        Topic,
        by_value=True,
        required=True,
        error_messages={"required": "Choose what it is about.", "unknown": "Choose what it is about."},
        metadata={
            "label": "What is it about?",
            "widget": "select",
            "choices": [("", "Choose one"), *((topic.value, topic.label) for topic in Topic)],
        },
    )
    message = LongText(
        "Your message",
        "If it is about an enrollment, add its reference, such as E-7K2M9Q4T. Leave out card numbers.",
        required=True,
        longest=LONGEST_MESSAGE,
        validate=validate.Length(min=10, error="Write a little more, so that we can answer: 10 characters or more."),
        error_messages={"required": "Write your question."},
        rows=8,
    )
