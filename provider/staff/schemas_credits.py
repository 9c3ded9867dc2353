"""What staff fill in about credit requests."""

from marshmallow import fields, validate

from provider.credits.decision_schemas import DecideCredit
from provider.credits.rules import CLOSED_BY_STAFF, LONGEST_WORDS, DecisionChannel
from provider.kernel.forms import Email, LongText, Schema, Text

LONGEST_REFERENCE = 16
_CHOOSE = "Choose one of these."
_CHANNELS = [(one.value, one.label) for one in DecisionChannel if one is not DecisionChannel.LINK]


def _channel(label: str) -> Text:
    return Text(
        required=True,
        longest=16,
        error_messages={"required": _CHOOSE},
        validate=validate.OneOf([value for value, _ in _CHANNELS], error=_CHOOSE),
        metadata={"label": label, "widget": "radio", "choices": _CHANNELS},
    )


class VerifyCredit(Schema):
    """That what was looked at may go to the college."""

    seen = fields.AwareDateTime(
        required=True,
        error_messages={"required": "Reload the page and check again.", "invalid": "Reload the page and check again."},
        metadata={"widget": "hidden"},
    )


class AssignCredit(Schema):
    """Who sees a request through."""

    owner = Text(
        load_default=None, longest=LONGEST_REFERENCE, metadata={"label": "Who looks after it", "widget": "select"}
    )


class AskInformation(Schema):
    """What the student has to say or set right before the letter can go."""

    words = LongText(
        "What we need",
        "The student reads this in a letter and answers on the page. Say what is missing and where to find it.",
        required=True,
        longest=LONGEST_WORDS,
    )


class RecordAnswer(Schema):
    """What a student answered by mail, and in which messages it stands."""

    answer = LongText(
        "What the student answered",
        "In the words of the mail. What the college is told stays as the student wrote it on the page.",
        required=True,
        longest=LONGEST_WORDS,
        error_messages={"required": "Write what the student answered."},
    )
    thread = Text(
        load_default=None, longest=LONGEST_REFERENCE, metadata={"label": "Messages it stands in", "widget": "select"}
    )


class ReceiveCredit(Schema):
    """How a college said that it has the letter."""

    how = _channel("How it said so")


class RecordDecision(DecideCredit):
    """A decision that came by mail, by phone or by post, and where it can be read again."""

    channel = _channel("How it came")
    evidence = LongText(
        "Where you have it from",
        "The day, who wrote or called, and where the letter is kept.",
        required=True,
        longest=LONGEST_WORDS,
        rows=2,
    )


class CorrectCollege(Schema):
    """What a college is called, and where its registrar is reached."""

    name = Text(required=True, metadata={"label": "Name of the college", "autocomplete": "off"})
    registrar_email = Email(required=True, metadata={"label": "Mailbox of its registrar", "autocomplete": "off"})


class CloseCredit(Schema):
    """Why a request is closed."""

    end = Text(
        required=True,
        longest=32,
        error_messages={"required": _CHOOSE},
        validate=validate.OneOf([one.value for one in CLOSED_BY_STAFF], error=_CHOOSE),
        metadata={
            "label": "Why it is closed",
            "widget": "radio",
            "choices": [(one.value, one.label) for one in CLOSED_BY_STAFF],
        },
    )
    note = LongText(
        "What the student should know",
        "It stands in the letter. You may leave it empty.",
        load_default=None,
        longest=LONGEST_WORDS,
        rows=2,
    )
