"""What a student sends to pay by card. The card itself never comes here: its fields are the payment service's own."""

from marshmallow import fields, validate

from provider.cards.rules import What
from provider.kernel.forms import Confirmed, Schema, Text

ENTER_CARD = "Enter your card in the fields of the page. They need JavaScript; without it, pay in another way."
RELOAD = "Reload the page and try again."


class _OfPage(Schema):
    """What every page about cards says of itself."""

    card = Text(
        required=True,
        longest=16,
        error_messages={"required": ENTER_CARD},
        metadata={"label": "Your card", "widget": "radio"},
    )
    shown = Text(
        required=True, longest=64, error_messages={"required": RELOAD}, metadata={"label": "", "widget": "hidden"}
    )


class PayByCard(_OfPage):
    """Paying what a page offers by a card that was entered there, or is kept."""

    what = fields.String(
        required=True,
        validate=validate.OneOf([what.value for what in What], error="Choose one of these."),
        metadata={"label": "What you pay now", "widget": "radio"},
    )
    keep = fields.Boolean(
        load_default=False, metadata={"label": "Keep this card for my installments", "summary": "Keeping this card"}
    )
    after = Text(load_default=None, longest=16, metadata={"label": "", "widget": "hidden"})


class ChangeCard(_OfPage):
    """Keeping another card for the installments; the consent is what makes it so."""

    keep = Confirmed(
        required=True,
        error_messages={"required": "Tick this box, or the card cannot be kept."},
        metadata={"label": "Keep this card for my installments", "summary": "Keeping this card"},
    )
