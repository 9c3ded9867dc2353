"""What students enter of hours and procedures; times are those of the clock on the wall of the site."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from provider.fieldwork.days import read_minutes
from provider.fieldwork.rules import ProcedureKind
from provider.kernel.forms import LongText, Schema, Text

LONGEST_REMARK = 500
LONGEST_BREAK = 12 * 60
MOST_AT_ONCE = 200  # as the table says
FIRST_YEAR, LAST_YEAR = 2000, 2100
_KEY = validate.Regexp(r"[\w-]{8,64}\Z", error="Reload the page and try again.")
Said = dict[str, str | list[Any] | dict[Any, Any]]
_WRITE_DAY = "Write the date, like 2026-11-21."
_WRITE_TIME = "Write the time of day, like 08:30 or 16:45."
REMARK_HINT = (
    "Nothing about patients: no name, no date of birth, no number. What looks like one is refused; please do not rely "
    "on that."
)


def _remark() -> Text:
    return LongText("Remark", REMARK_HINT, load_default=None, longest=LONGEST_REMARK, rows=2)


def _break() -> fields.Integer:
    sentence = f"Write the minutes of your break as a whole number from 0 to {LONGEST_BREAK}."
    return fields.Integer(
        strict=False,
        load_default=0,
        validate=validate.Range(0, LONGEST_BREAK, error=sentence),
        error_messages={"invalid": sentence, "too_large": sentence},
        metadata={"label": "Break in minutes", "inputmode": "numeric", "attrs": {"size": "4"}},
    )


def _day(label: str = "Day") -> fields.Date:
    known = validate.Range(dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31), error=_WRITE_DAY)
    said: Said = {"invalid": _WRITE_DAY, "required": "Choose the day."}
    return fields.Date(required=True, validate=known, error_messages=said, metadata={"label": label, "widget": "date"})


class WallTime(fields.Field[dt.time]):
    """A time as the clock on the wall shows it, to the minute."""

    default_error_messages = {"required": "Fill in the time.", "invalid": _WRITE_TIME}  # noqa: RUF012 - marshmallow's

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> dt.time:  # noqa: ANN401, ARG002 - marshmallow's signature
        try:
            found = dt.time.fromisoformat(str(value).strip())
        except ValueError:
            raise self.make_error("invalid") from None
        if found.tzinfo is not None:
            raise self.make_error("invalid")
        return found.replace(second=0, microsecond=0)


def _time(label: str, hint: str = "") -> WallTime:
    return WallTime(required=True, metadata={"label": label, "hint": hint, "widget": "time"})


class Duration(Text):
    """A time as people type it, kept as minutes."""

    default_error_messages = {"duration": "Write hours and minutes, such as 7:30."}  # noqa: RUF012 - marshmallow's

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        minutes = read_minutes(super()._deserialize(value, attr, data, **kwargs))
        if minutes is None:
            raise self.make_error("duration")
        return minutes

    def _validate(self, value: Any) -> None:  # noqa: ANN401 - as above
        pass


def number_from(least: int, label: str, hint: str = "") -> fields.Integer:
    """Return a field for how often something was done."""
    said = f"Write a whole number from {least} to {MOST_AT_ONCE}."
    return fields.Integer(
        strict=False,
        required=True,
        validate=validate.Range(least, MOST_AT_ONCE, error=said),
        error_messages={"invalid": said, "too_large": said},
        metadata={"label": label, "hint": hint, "inputmode": "numeric", "attrs": {"size": "4"}},
    )


class FromPage(Schema):
    """What every entry carries besides: whose placement it is of, and the key that its page made."""

    placement = Text(required=True, longest=20, metadata={"widget": "hidden"})
    client_key = fields.String(required=True, validate=_KEY, metadata={"widget": "hidden"})


class FromClock(FromPage):
    """A press of the clock; ``at`` is when, if the page kept it while the line was down."""

    at = fields.AwareDateTime(
        format="iso",
        default_timezone=None,
        load_default=None,
        validate=validate.Range(min=dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC), error="Reload and try again."),
        error_messages={"invalid": "Reload the page and try again.", "invalid_awareness": "Reload and try again."},
        metadata={"widget": "hidden"},
    )


class ClockIn(FromClock):
    """A student comes."""


class ClockOut(FromClock):
    """A student leaves, or left and forgot to say so."""

    rest = _break()
    left = WallTime(
        load_default=None,
        metadata={
            "label": "Forgot to clock out? Time you left",
            "hint": "Leave it empty if you are leaving now.",
            "widget": "time",
        },
    )
    note = _remark()


class DayFacts(Schema):
    """A day as somebody types it."""

    day_on = _day()
    begins = _time("From")
    ends = _time("Until", "After midnight counts to this day, too.")
    break_minutes = _break()
    remark = _remark()


class EnterDay(FromPage, DayFacts):
    """A day entered by hand."""


class DoneFacts(Schema):
    """What was done how often on a day."""

    kind = fields.Enum(
        ProcedureKind,
        by_value=True,
        required=True,
        error_messages={"unknown": "Choose one of these."},
        metadata={
            "label": "Procedure",
            "widget": "select",
            "choices": (("", "Choose"), *((kind.value, kind.label) for kind in ProcedureKind)),
        },
    )
    number = number_from(1, "How often")
    day_on = _day()
    remark = _remark()


class EnterProcedure(FromPage, DoneFacts):
    """A procedure entered by hand."""


class SendWeek(Schema):
    """The week that goes to the preceptor at once."""

    placement = Text(required=True, longest=20, metadata={"widget": "hidden"})
    week = _day("Week")
