"""What staff fill in about documents."""

from marshmallow import validate

from provider.documents.rules import LONGEST_REASON, DocumentKind, DocumentState
from provider.kernel.forms import LongText, Schema, Text
from provider.kernel.inputs import GoodUntil

LONGEST_REMARK = 200


class FindDocuments(Schema):
    """What the list of documents is narrowed to."""

    state = Text(
        load_default="",
        longest=16,
        validate=validate.OneOf(["", *(state.value for state in DocumentState)], error="Choose one of these."),
        metadata={"widget": "hidden"},
    )


class AcceptDocument(GoodUntil):
    """The last day on which a document is good, as staff read it."""


class RefuseDocument(Schema):
    """Why a document is not accepted."""

    reason = LongText(
        "Why it cannot be accepted",
        "The student reads this in a letter. Say what is wrong and what would do instead.",
        required=True,
        longest=LONGEST_REASON,
    )


class AskDocument(Schema):
    """A document that a program, a site, or a site for one program asks for."""

    kind = Text(
        required=True,
        longest=32,
        validate=validate.OneOf([kind.value for kind in DocumentKind], error="Choose one of these."),
        metadata={
            "label": "Document",
            "widget": "select",
            "choices": [(kind.value, kind.label) for kind in DocumentKind],
        },
    )
    program = Text(
        load_default=None,
        longest=64,
        metadata={"label": "Of students in", "widget": "select"},
    )
    site = Text(
        load_default=None,
        longest=16,
        metadata={
            "label": "At the site",
            "hint": "Its reference (SI-…). Leave it empty if the program asks wherever the student goes.",
            "attrs": {"size": "16", "spellcheck": "false"},
        },
    )
    remark = Text(
        load_default=None,
        longest=LONGEST_REMARK,
        metadata={
            "label": "What the student should know",
            "hint": "For example “not older than 12 months”. You need not write anything.",
        },
    )
