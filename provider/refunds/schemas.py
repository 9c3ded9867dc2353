"""What a student sends to ask for tuition back."""

from provider.kernel.forms import Schema, Text
from provider.refunds.rules import MOST_NOTE


class AskRefund(Schema):
    """A request for the money back; no reason is needed."""

    note = Text(
        load_default=None,
        longest=MOST_NOTE,
        lines=True,
        metadata={
            "label": "Anything we should know",
            "hint": "You need not give a reason.",
            "widget": "textarea",
            "attrs": {"rows": "3"},
        },
    )
