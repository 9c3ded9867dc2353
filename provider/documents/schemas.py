"""What a student sends with a document."""

from marshmallow import fields

from provider.documents.rules import DocumentKind
from provider.files.inputs import Paper
from provider.kernel.inputs import GoodUntil


class UploadDocument(GoodUntil):
    """What it is, the document itself, and the last day on which it is good."""

    kind = fields.Enum(
        DocumentKind,
        by_value=True,
        required=True,
        error_messages={"unknown": "Choose one of these."},
        metadata={
            "label": "What it shows",
            "widget": "select",
            "choices": [("", "Choose one"), *((kind.value, kind.label) for kind in DocumentKind)],
        },
    )
    file = Paper(
        "The document",
        "A PDF, or a photo as JPEG or PNG, of 10 megabytes at most. Each word has to be readable.",
        required=True,
    )

    class Meta(GoodUntil.Meta):
        """Ask for the document first."""

        fields = ("kind", "file", "expires_on", "no_expiry")
