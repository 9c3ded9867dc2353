"""What a student sends with a document."""

from marshmallow import fields

from provider.documents.rules import DocumentKind
from provider.files.rules import LARGEST_BYTES
from provider.kernel.inputs import GoodUntil, Upload


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
    file = Upload(
        required=True,
        most_bytes=LARGEST_BYTES,
        metadata={
            "label": "The document",
            "hint": "A PDF, or a photo as JPEG or PNG, of 10 megabytes at most. Each word has to be readable.",
            "attrs": {"accept": "application/pdf,image/jpeg,image/png"},
        },
    )

    class Meta(GoodUntil.Meta):
        """Ask for the document first."""

        fields = ("kind", "file", "expires_on", "no_expiry")
