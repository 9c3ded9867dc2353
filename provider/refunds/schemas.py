"""What a student sends to ask for tuition back."""

from provider.kernel.forms import LongText, Schema
from provider.refunds.rules import MOST_NOTE


class AskRefund(Schema):
    """A request for the money back; no reason is needed."""

    note = LongText("Anything we should know", "You need not give a reason.", load_default=None, longest=MOST_NOTE)
