"""What a student sends to enroll."""

import functools
from typing import Any, cast

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.enrollments.rules import CONSENT, same_signature
from provider.kernel.forms import Confirmed, Email, Schema, Text
from provider.places.rules import STATES, ZONES, is_zip

LONGEST_NAME = 120
PREREQUISITE = "prerequisite_"


class AskLetter(Schema):
    """The address that the confirmation letter is sent to once more."""

    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email", "autocomplete": "email"})


class Enroll(Schema):
    """The answers of the enrollment form; a program's prerequisites are added to it one by one."""

    plan = fields.String(required=True, metadata={"label": "Tuition plan", "widget": "radio"})
    terms_shown = fields.String(required=True, metadata={"label": "Terms", "widget": "hidden"})
    legal_name = Text(
        required=True,
        longest=LONGEST_NAME,
        metadata={"label": "Full legal name", "hint": "As on your government ID.", "autocomplete": "name"},
    )
    email = Email(
        required=True,
        metadata={
            "label": "E-mail address",
            "hint": "We send the agreement, receipts and a link to confirm this address.",
            "widget": "email",
            "autocomplete": "email",
        },
    )
    phone = Text(
        load_default=None,
        longest=40,
        validate=validate.Regexp(
            r"[0-9+().\- ]{7,40}\Z", error="Write the phone number with digits, like (555) 010-0199."
        ),
        metadata={"label": "Phone number", "widget": "tel", "autocomplete": "tel", "inputmode": "tel"},
    )
    state = fields.String(
        required=True,
        validate=validate.OneOf([code for code, _ in STATES], error="Choose the state you live in."),
        metadata={
            "label": "State",
            "hint": "Where you live. Some programs have a notice for it.",
            "widget": "select",
            "autocomplete": "address-level1",
            "choices": (("", "Choose your state"), *STATES),
        },
    )
    zip = Text(
        required=True,
        longest=5,
        metadata={
            "label": "ZIP code",
            "hint": "Five digits.",
            "autocomplete": "postal-code",
            "inputmode": "numeric",
        },
    )
    zone = fields.String(
        load_default=None,
        validate=validate.OneOf([zone for zone, _ in ZONES], error="Choose one of the time zones."),
        metadata={
            "label": "Time zone",
            "hint": "Deadlines are shown in it. Leave it as it is to use the zone of your ZIP code.",
            "widget": "select",
            "choices": (("", "The zone of my ZIP code"), *ZONES),
        },
    )
    notice = fields.Boolean(
        load_default=False, metadata={"label": "I have read the notice for my state", "widget": "checkbox"}
    )

    @validates_schema(skip_on_field_errors=False)
    def check_shapes(self, data: dict[str, Any], **_: object) -> None:
        """Check what depends on two fields, and the ZIP's shape."""
        problems = {}
        if "zip" in data and not is_zip(data["zip"]):
            problems["zip"] = ["Write the five digits of your ZIP code, like 10001."]
        if {"legal_name", "signature"} <= data.keys() and not same_signature(data["legal_name"], data["signature"]):
            problems["signature"] = ["Type your name just as you wrote it in “Full legal name”."]
        if problems:
            raise ValidationError(problems)


@functools.lru_cache(maxsize=64)
def enroll_schema(prerequisites: tuple[str, ...]) -> Schema:
    """Return the form of one program: its prerequisites are confirmed one by one, just above the signature."""
    confirmations: dict[str, fields.Field[Any]] = {
        f"{PREREQUISITE}{number}": Confirmed(required=True, metadata={"label": sentence})
        for number, sentence in enumerate(prerequisites, 1)
    }
    signing: dict[str, fields.Field[Any]] = {
        "signature": Text(
            required=True,
            longest=LONGEST_NAME,
            metadata={"label": "Your signature", "hint": "Type your full legal name.", "autocomplete": "off"},
        ),
        "consent": Confirmed(required=True, metadata={"label": CONSENT, "summary": "Electronic records"}),
    }
    return cast("type[Schema]", Enroll.from_dict(confirmations | signing, name="EnrollInProgram"))()
