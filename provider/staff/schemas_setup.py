"""What an administrator fills in about the school itself."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate

from provider.kernel.forms import Schema, Text
from provider.places.rules import ZONES
from provider.school.accent import is_color
from provider.school.rules import LONGEST_DOMAIN, LONGEST_NAME, LONGEST_PAYMENT_LINE, MOST_PAYMENT_LINES, is_domain


class EditSchool(Schema):
    """The school's name and its time zone."""

    name = Text(
        required=True,
        longest=LONGEST_NAME,
        metadata={
            "label": "Name",
            "hint": "As it stands on pages, papers and letters.",
            "autocomplete": "organization",
        },
    )
    zone = Text(
        required=True,
        validate=validate.OneOf([zone for zone, _ in ZONES], error="Choose one of these."),
        error_messages={"required": "Choose one of these."},
        metadata={
            "label": "Time zone",
            "hint": "Dates of payments and refunds count in it. It stays once the first student has enrolled.",
            "widget": "select",
            "choices": [(zone, f"{words} ({zone})") for zone, words in ZONES],
        },
    )


class Domain(Text):
    """A domain that mail comes from, in lower case; one with letters beyond ASCII is kept as mail writes it."""

    default_error_messages = {  # noqa: RUF012 - the signature of marshmallow
        "domain": "Write only what stands after the @ in your addresses, like school.edu."
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        typed = super()._deserialize(value, attr, data, **kwargs).removesuffix(".")
        try:
            domain = typed.encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise self.make_error("domain") from None
        if not is_domain(domain):
            raise self.make_error("domain")
        return domain


class EditMailboxes(Schema):
    """The domain of the mailboxes."""

    domain = Domain(
        required=True,
        longest=LONGEST_DOMAIN,
        metadata={
            "label": "Domain",
            "hint": "What stands after the @ in the addresses of your school, like school.edu.",
            "inputmode": "url",
            "attrs": {"autocapitalize": "none", "spellcheck": "false"},
        },
    )


class Color(Text):
    """A color as browsers send it, kept in small letters."""

    default_error_messages = {"color": "Write the color like #7a1f5c."}  # noqa: RUF012 - the signature of marshmallow

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        color = super()._deserialize(value, attr, data, **kwargs).lower()
        if not is_color(color):
            raise self.make_error("color")
        return color


class EditColor(Schema):
    """The school's own color."""

    color = Color(
        required=True,
        longest=32,
        error_messages={"required": "Choose a color."},
        metadata={
            "label": "Color",
            "hint": "Of links, buttons and the sign of the school. A lighter shade is made for dark screens.",
            "widget": "color",
        },
    )


class PaymentLines(Text):
    """Lines on how to pay; each short enough for a letter."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        typed = super()._deserialize(value, attr, data, **kwargs)
        lines = [line for line in typed.splitlines() if line.strip()]
        if len(lines) > MOST_PAYMENT_LINES:
            raise ValidationError(f"Write {MOST_PAYMENT_LINES} lines at most.")
        for number, line in enumerate(lines, start=1):
            if len(line) > LONGEST_PAYMENT_LINE:
                raise ValidationError(f"Line {number}: shorten it to {LONGEST_PAYMENT_LINE} characters or fewer.")
            if "|" in line:
                raise ValidationError(f"Line {number}: leave out the upright bar, and begin a new line instead.")
        return typed


class EditPayment(Schema):
    """Where students pay."""

    lines = PaymentLines(
        required=True,
        longest=MOST_PAYMENT_LINES * (LONGEST_PAYMENT_LINE + 2),
        lines=True,
        metadata={
            "label": "How to pay",
            "hint": "Line by line, as a student should read it: the account for transfers, who checks are made out to, "
            "and the postal address for them.",
            "widget": "textarea",
            "attrs": {"rows": "7"},
        },
    )
