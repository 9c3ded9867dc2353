"""What staff fill in about sites, their locations and contacts, and affiliation agreements."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.affiliations.rules import LONGEST_NOTICE, SiteKind
from provider.files.rules import LARGEST_BYTES
from provider.kernel.forms import Confirmed, Email, LongText, Schema, Text
from provider.kernel.inputs import Upload, Whole
from provider.places.rules import STATES, ZONES

LONGEST_NOTES = 4000
_WRITTEN: dict[str, Any] = {"required": "Fill in the date.", "invalid": "Write the date like 2026-11-21."}
_DAYS = f"Write a whole number of days, 0 to {LONGEST_NOTICE}."


def _notes() -> Text:
    return LongText("Notes", "Only staff read them.", load_default=None, longest=LONGEST_NOTES, rows=4)


class EditSite(Schema):
    """A hospital, clinic or laboratory."""

    name = Text(required=True, longest=200, metadata={"label": "Name"})
    kind = Text(
        required=True,
        validate=validate.OneOf([kind.value for kind in SiteKind], error="Choose one of these."),
        metadata={
            "label": "Kind",
            "widget": "radio",
            "choices": [(kind.value, kind.label) for kind in SiteKind],
        },
    )
    programs = fields.List(
        Text(longest=16),
        load_default=list,
        metadata={"label": "Programs whose students it takes", "widget": "checkboxes"},
    )
    notes = _notes()


class EditLocation(Schema):
    """Where a site works."""

    name = Text(required=True, longest=200, metadata={"label": "Name", "hint": "Such as Main building, or Northside."})
    street = Text(required=True, longest=200, metadata={"label": "Street and number"})
    city = Text(required=True, longest=64, metadata={"label": "City"})
    state = Text(
        required=True,
        validate=validate.OneOf([code for code, _ in STATES], error="Choose one of the states."),
        metadata={"label": "State", "widget": "select", "choices": [("", "Choose a state"), *STATES]},
    )
    zip = Text(
        required=True,
        longest=5,
        validate=validate.Regexp(r"[0-9]{5}\Z", error="Write the five digits of the ZIP code."),
        metadata={"label": "ZIP code", "inputmode": "numeric", "attrs": {"size": "7"}},
    )
    zone = Text(
        load_default=None,
        validate=validate.OneOf([zone for zone, _ in ZONES], error="Choose one of the time zones."),
        metadata={
            "label": "Time zone",
            "hint": "Only asked for a ZIP code that we do not know; for all others it follows from the code.",
            "widget": "select",
            "choices": [("", "That of the ZIP code, or the usual one of the state"), *ZONES],
        },
    )
    notes = _notes()


class EditContact(Schema):
    """Somebody at a site."""

    name = Text(required=True, longest=200, metadata={"label": "Name"})
    title = Text(load_default=None, longest=200, metadata={"label": "What they are", "hint": "Such as Nurse manager."})
    email = Email(required=True, metadata={"label": "E-mail", "widget": "email"})
    phone = Text(load_default=None, longest=40, metadata={"label": "Telephone", "widget": "tel"})
    location = Text(load_default=None, longest=16, metadata={"label": "Where", "widget": "select"})
    supervises = fields.Boolean(
        load_default=False,
        metadata={"label": "Supervises students", "hint": "Can be the preceptor of an opening."},
    )
    signs = fields.Boolean(
        load_default=False,
        metadata={"label": "Signs for the site", "hint": "Affiliation agreements are sent to them."},
    )


class Close(Schema):
    """The box that closes a site or a location."""

    sure = Confirmed(required=True, metadata={"label": "Yes, close it"})


def _day(label: str, hint: str = "") -> fields.Date:
    return fields.Date(
        required=True, error_messages=_WRITTEN, metadata={"label": label, "hint": hint, "widget": "date"}
    )


def _file(label: str, hint: str) -> Upload:
    return Upload(
        most_bytes=LARGEST_BYTES,
        load_default=None,
        metadata={"label": label, "hint": hint, "attrs": {"accept": "application/pdf"}},
    )


class EditAgreement(Schema):
    """What an affiliation agreement says."""

    first_on = _day("First day")
    last_on = _day("Last day", "It counts whole, by the clock of each location.")
    notice_days = Whole(
        "Days of notice",
        "How long before the end either side has to say that it ends early.",
        required=True,
        limits=(0, LONGEST_NOTICE),
        wrong=_DAYS,
    )
    locations = fields.List(
        Text(longest=16),
        load_default=list,
        metadata={
            "label": "Only for these locations",
            "hint": "None ticked: all of them, later ones too.",
            "widget": "checkboxes",
        },
    )
    programs = fields.List(
        Text(longest=16),
        load_default=list,
        metadata={
            "label": "Only for these programs",
            "hint": "None ticked: all of them, later ones too.",
            "widget": "checkboxes",
        },
    )
    school_name = Text(
        load_default=None,
        longest=200,
        metadata={
            "label": "The school, as the agreement names it",
            "hint": "The name of the school, unless it says another.",
        },
    )
    file = _file(
        "The agreement", "A PDF of 10 megabytes at most. It can be added later, and is needed before it is sent."
    )

    @validates_schema
    def in_order(self, data: Mapping[str, Any], **_: Any) -> None:  # noqa: ANN401 - marshmallow's signature
        """Refuse days that end before they begin."""
        if {"first_on", "last_on"} <= data.keys() and data["last_on"] < data["first_on"]:
            raise ValidationError("The last day lies before the first.", "last_on")


class SendAgreement(Schema):
    """Who signs, one after the other."""

    signer = Text(required=True, longest=16, metadata={"label": "Signs for the site", "widget": "select"})
    countersigner_name = Text(
        required=True, longest=200, metadata={"label": "Countersigns for the school", "hint": "First and last name."}
    )
    countersigner_email = Email(required=True, metadata={"label": "Their e-mail", "widget": "email"})


class RecordPaper(Schema):
    """Who signed on paper, and when."""

    signed_by = Text(required=True, longest=200, metadata={"label": "Signed for the site by"})
    signed_on = _day("On")
    countersigned_by = Text(required=True, longest=200, metadata={"label": "Signed for the school by"})
    countersigned_on = _day("On this day")
    file = _file("The signed agreement", "A scan as PDF. Leave it out when the file of the draft is the signed one.")


class EndAgreement(Schema):
    """When an agreement ends, and why."""

    on = _day("Last day in force")
    both_agree = fields.Boolean(
        load_default=False, metadata={"label": "Both agreed to this day, though the notice would be longer"}
    )
    reason = LongText("Why", "The site reads it, too.", required=True, longest=1000)


class DropAgreement(Schema):
    """Why an agreement does not come into force."""

    reason = LongText("Why", required=True, longest=1000)
