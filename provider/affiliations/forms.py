"""What an opening is filled in with: the same fields for staff and for the site at its link, and what they mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.affiliations.models import Opening
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import (
    DAY_MINUTES,
    MOST_PLACES,
    WEEK,
    WEEKDAYS,
    Pattern,
    Period,
    days_of,
    field_time,
    mask,
    minute_of,
)
from provider.kernel.forms import Choices, Form, LongText, Schema, Text
from provider.kernel.inputs import Whole

LONGEST_BRING = 1000
_DATE = "Write the date like 2026-11-21."
_PLACES = f"Write a whole number of places, 1 to {MOST_PLACES}."


def day(label: str, hint: str = "") -> fields.Date:
    """Declare a date that has to be given."""
    return fields.Date(
        required=True,
        error_messages={"required": "Fill in the date.", "invalid": _DATE},
        metadata={"label": label, "hint": hint, "widget": "date"},
    )


class TimeOfDay(Text):
    """A time of day, as minutes from midnight."""

    default_error_messages = {"time": "Write a time of day, like 8:30 AM or 16:30."}

    def __init__(self, label: str) -> None:
        super().__init__(required=True, longest=12, metadata={"label": label, "widget": "time"})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        minute = minute_of(super()._deserialize(value, attr, data, **kwargs))
        if minute is None:
            raise self.make_error("time")
        return minute

    def _validate(self, value: Any) -> None:
        pass


class OfferPlaces(Schema):
    """Places at a location: for whom, when, with whom."""

    location = Text(required=True, longest=16, metadata={"label": "Location", "widget": "select"})
    program = Text(required=True, longest=16, metadata={"label": "Program", "widget": "select"})
    first_on = day("First day")
    last_on = day("Last day", "The last day counts whole.")
    weekdays = fields.List(
        Text(validate=validate.OneOf([str(number) for number in WEEK], error="Choose from the days of the week.")),
        required=True,
        error_messages={"required": "Tick at least one day."},
        validate=validate.Length(min=1, error="Tick at least one day."),
        metadata={
            "label": "Days of the week",
            "widget": "checkboxes",
            "choices": [(str(number), WEEKDAYS[number]) for number in WEEK],
            "attrs": {"short": "yes"},
        },
    )
    from_time = TimeOfDay("From")
    until_time = TimeOfDay("Until")
    places = Whole(
        "Places",
        "How many students can be there at the same time.",
        required=True,
        limits=(1, MOST_PLACES),
        wrong=_PLACES,
    )
    preceptor = Text(required=True, longest=16, metadata={"label": "Preceptor", "widget": "select"})
    bring = LongText(
        "What to bring",
        "Students read it in the letter that confirms their place.",
        load_default=None,
        longest=LONGEST_BRING,
    )

    @validates_schema
    def in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse days and hours that end before they begin."""
        if {"first_on", "last_on"} <= data.keys() and data["last_on"] < data["first_on"]:
            raise ValidationError("The last day lies before the first.", "last_on")
        if {"from_time", "until_time"} <= data.keys() and until(data) <= data["from_time"]:
            raise ValidationError(
                "The end lies before the beginning. A night that goes on is two openings.", "until_time"
            )


class ChangePlaces(OfferPlaces):
    """An opening that there is: its location stays."""

    class Meta(Schema.Meta):
        """Leave out the location."""

        exclude = ("location",)


def until(data: Mapping[str, Any]) -> int:
    """Return the end of a day's hours; midnight is the end of the day, not its beginning."""
    return int(data["until_time"]) or DAY_MINUTES


def facts(data: Mapping[str, Any], *, program_id: int, preceptor_id: int) -> OpeningFacts:
    """Return what was filled in as an opening keeps it."""
    return OpeningFacts(
        program_id=program_id,
        preceptor_id=preceptor_id,
        period=Period(data["first_on"], data["last_on"]),
        pattern=Pattern(mask(int(number) for number in data["weekdays"]), data["from_time"], until(data)),
        capacity=data["places"],
        bring=data["bring"],
    )


def values(opening: Opening) -> dict[str, Any]:
    """Return an opening as the form shows it."""
    return {
        "location": opening.location.reference,
        "program": opening.program.reference,
        "first_on": opening.first_on.isoformat(),
        "last_on": opening.last_on.isoformat(),
        "weekdays": [str(number) for number in days_of(opening.weekdays)],
        "from_time": field_time(opening.from_minute),
        "until_time": field_time(opening.until_minute),
        "places": opening.capacity,
        "preceptor": opening.preceptor.reference,
        "bring": opening.bring or "",
    }


def only_offered(form: Form) -> Form:
    """Refuse, beside its field, whatever was chosen that the form did not offer."""
    for name, choices in form.choices.items():
        given = form.data.get(name) or []
        offered = {choice[0] for choice in choices}
        if not set(given if isinstance(given, list) else [given]) <= offered:
            form.add_error(name, "Choose from the list.")
    return form


def options(first: str, pairs: Sequence[tuple[str, str]]) -> Choices:
    """Return what a select offers: nothing chosen where there is more than one, else the only one."""
    return pairs if len(pairs) == 1 else [("", first), *pairs]
