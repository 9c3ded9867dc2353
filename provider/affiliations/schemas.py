"""What people at a site fill in at their links."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from provider.affiliations.rules import MOST_PLACES
from provider.kernel.forms import Confirmed, Email, Schema, Text
from provider.kernel.inputs import Whole

_PLACES = f"Write a whole number of places, 1 to {MOST_PLACES}."


class SignAgreement(Schema):
    """A typed signature under the file that was shown."""

    fingerprint = Text(required=True, longest=64, metadata={"label": "Fingerprint", "widget": "hidden"})
    read = Confirmed(required=True, metadata={"label": "I have read the agreement and may sign it"})
    signature = Text(
        required=True,
        longest=200,
        metadata={
            "label": "Your signature",
            "hint": "Type your first and last name as they stand above.",
            "autocomplete": "name",
        },
    )


class NewPreceptor(Schema):
    """Somebody who is to supervise and whom the school does not know yet; all blank when one of the list does."""

    new_name = Text(load_default=None, longest=200, metadata={"label": "Their name", "autocomplete": "off"})
    new_title = Text(load_default=None, longest=200, metadata={"label": "What they are", "autocomplete": "off"})
    new_email = Email(load_default=None, metadata={"label": "Their e-mail", "widget": "email", "autocomplete": "off"})

    @validates_schema
    def whole(self, data: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401 - marshmallow's signature
        """Refuse half a person."""
        if data.get("new_name") and not data.get("new_email"):
            raise ValidationError("Write their e-mail: hours are approved by a letter that goes there.", "new_email")
        if data.get("new_email") and not data.get("new_name"):
            raise ValidationError("Write their name.", "new_name")


class ChangePlacesCount(Schema):
    """How many places an opening has."""

    opening = Text(required=True, longest=16, metadata={"label": "Opening", "widget": "hidden"})
    places = Whole("Places", required=True, limits=(1, MOST_PLACES), wrong=_PLACES)
