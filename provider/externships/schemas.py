"""What a student sends to ask for an externship, and to change what they wish of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.affiliations.rules import DAY_MINUTES, WEEKDAYS, SiteKind, clock_time, days_of
from provider.externships.rules import CONSENT, FEWEST_MILES, LONGEST_NOTE, MOST_MILES, MOST_PREFERENCES
from provider.kernel.forms import Confirmed, LongText, Schema, Text
from provider.places.rules import is_zip

HALF_HOUR = 30
_BEGINS = tuple((minute, clock_time(minute)) for minute in range(0, DAY_MINUTES, HALF_HOUR))
_ENDS = (*_BEGINS[1:], (DAY_MINUTES, "Midnight"))
_MILES = f"Choose a distance between {FEWEST_MILES} and {MOST_MILES} miles."
_DAYS = "Choose at least one day on which you can be there."
PLACES = tuple(f"place_{rank}" for rank in range(1, MOST_PREFERENCES + 1))
_RANKS = ("The location you would like best", "Second", "Third", "Fourth", "Fifth")


def _minute(label: str, choices: tuple[tuple[int, str], ...]) -> fields.Integer:
    wrong = "Choose a time from the list."
    return fields.Integer(
        required=True,
        validate=validate.OneOf([minute for minute, _ in choices], error=wrong),
        error_messages={"invalid": wrong},
        metadata={"label": label, "widget": "select", "choices": choices},
    )


def _place(rank: int) -> Text:
    hint = "Only locations that take students of your program are listed, the nearest first." if not rank else ""
    return Text(load_default=None, longest=20, metadata={"label": _RANKS[rank], "hint": hint, "widget": "select"})


class Wish(Schema):
    """Where, how far, when and which: what a student wishes of a place."""

    zip = Text(
        required=True,
        longest=5,
        metadata={
            "label": "ZIP code",
            "hint": "Where you set out from. We measure from its middle.",
            "autocomplete": "postal-code",
            "inputmode": "numeric",
            "attrs": {"size": "7"},
        },
    )
    miles = fields.Integer(
        required=True,
        validate=validate.Range(FEWEST_MILES, MOST_MILES, error=_MILES),
        error_messages={"invalid": _MILES},
        metadata={
            "label": "How many miles away a place may be",
            "hint": "As the crow flies. The farther you can go, the sooner we find one.",
            "inputmode": "numeric",
            "attrs": {"size": "7"},
        },
    )
    weekdays = fields.List(
        fields.Integer(validate=validate.Range(0, len(WEEKDAYS) - 1, error="Choose days from the list.")),
        required=True,
        error_messages={"required": _DAYS},
        metadata={
            "label": "Days on which you can be there",
            "summary": "Days",
            "widget": "checkboxes",
            "choices": tuple(enumerate(WEEKDAYS)),
            "attrs": {"short": "yes"},
        },
    )
    from_minute = _minute("From", _BEGINS)
    until_minute = _minute("Until", _ENDS)
    earliest_on = fields.Date(
        required=True,
        error_messages={"invalid": "Write a date, like 2026-12-01."},
        metadata={"label": "The first day you could begin", "widget": "date"},
    )
    site_kind = fields.Enum(
        SiteKind,
        by_value=True,
        load_default=None,
        error_messages={"unknown": "Choose one of the kinds."},
        metadata={
            "label": "Kind of site",
            "hint": "A wish, not a condition.",
            "widget": "select",
            "choices": (("", "Any kind"), *((kind.value, kind.label) for kind in SiteKind)),
        },
    )
    place_1, place_2, place_3, place_4, place_5 = (_place(rank) for rank in range(MOST_PREFERENCES))
    transport_note = LongText(
        "How you get there",
        "Such as: by bus only. Coordinators read it; sites do not. Nothing about your health, please.",
        load_default=None,
        longest=LONGEST_NOTE,
    )

    @validates_schema(skip_on_field_errors=False)
    def check_shapes(self, data: dict[str, Any], **_: object) -> None:
        """Check the ZIP's shape, that there is a day, that the hours go forward, and that no location stands twice."""
        problems: dict[str, list[str]] = {}
        if "zip" in data and not is_zip(data["zip"]):
            problems["zip"] = ["Write the five digits of your ZIP code, like 10001."]
        if "weekdays" in data and not data["weekdays"]:
            problems["weekdays"] = [_DAYS]
        if {"from_minute", "until_minute"} <= data.keys() and data["from_minute"] >= data["until_minute"]:
            problems["until_minute"] = ["Choose an end that lies after the beginning."]
        seen: set[str] = set()
        for name in PLACES:
            place = data.get(name)
            if place in seen:
                problems[name] = ["You have chosen this location above. Choose each one once."]
            seen |= {place} if place else set()
        if problems:
            raise ValidationError(problems)


class AskForPlace(Wish):
    """The wishes of somebody who asks, and the consent on which a site is told their name."""

    consent = Confirmed(required=True, metadata={"label": CONSENT, "summary": "What a site is told"})


def filled_in(wished: Mapping[str, Any]) -> dict[str, Any]:
    """Return wishes as the form shows them."""
    earliest_on: dt.date = wished["earliest_on"]
    kind: SiteKind | None = wished["site_kind"]
    ranked = dict(zip(PLACES, wished["locations"], strict=False))
    return {
        **{name: wished[name] for name in ("zip", "miles", "from_minute", "until_minute")},
        "weekdays": list(days_of(wished["weekdays"])),
        "earliest_on": earliest_on.isoformat(),
        "site_kind": kind.value if kind else "",
        "transport_note": wished["transport_note"] or "",
        **ranked,
    }
