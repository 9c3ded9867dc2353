"""What staff fill in about documents."""

from marshmallow import validate

from provider.documents.rules import DocumentKind
from provider.kernel.forms import Schema, Text

LONGEST_REMARK = 200


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
