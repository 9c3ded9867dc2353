"""What people type money, instants and files into: fields that turn it into cents, UTC instants and bytes."""

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from typing import Any, cast
from zoneinfo import ZoneInfo

import marshmallow as ma

from provider.kernel import money
from provider.kernel.forms import Schema, Text

FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_INSTANT = 26
ONE_OF_BOTH = "Write the last day on which it is good, or tick that it does not expire."
NOT_BOTH = "Either it has a last day, or it does not expire. Leave one of the two empty."


class Amount(Text):
    """An amount of dollars above zero, as whole cents."""

    default_error_messages = {"amount": "Write an amount above zero, such as 1,299.00."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs["metadata"] = {"inputmode": "decimal", "attrs": {"size": "14"}} | kwargs.get("metadata", {})
        super().__init__(longest=20, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        cents = money.parse(super()._deserialize(value, attr, data, **kwargs))
        if not cents:
            raise self.make_error("amount")
        return cents

    def _validate(self, value: Any) -> None:
        pass


class Whole(ma.fields.Integer):
    """A whole number within limits; one sentence says what to write, whatever is wrong with it."""

    def __init__(
        self, label: str, hint: str = "", *, limits: tuple[int, int], wrong: str, size: int = 5, **kwargs: Any
    ) -> None:
        meta = {"label": label, "hint": hint, "inputmode": "numeric", "attrs": {"size": f"{size}"}}
        said: dict[str, Any] = {"required": wrong, "invalid": wrong}
        within = ma.validate.Range(*limits, error=wrong)
        super().__init__(validate=within, error_messages=said, metadata=meta, **kwargs)


class ZonedSchema(Schema):
    """A schema whose local times are those of one place."""

    def __init__(self, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = zone


class LocalTime(ma.fields.Field[dt.datetime]):
    """A date and time as the clock on the wall shows it in the schema's zone, as an instant in UTC."""

    default_error_messages = {
        "required": "Fill in the date and the time.",
        "invalid": "Write the date and the time, such as 2026-11-21T18:30.",
        "skipped": "The clocks were put forward over this time, so it never was. Check it, and write another.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> dt.datetime:
        zone = cast("ZonedSchema", self.root).zone
        try:
            wall = dt.datetime.fromisoformat(str(value)[:LONGEST_INSTANT])
        except ValueError:
            raise self.make_error("invalid") from None
        if wall.tzinfo is not None or not FIRST_YEAR <= wall.year <= LAST_YEAR:
            raise self.make_error("invalid")
        instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != wall:
            raise self.make_error("skipped")
        return instant


def wall(instant: dt.datetime, zone: ZoneInfo) -> str:
    """Write an instant as a datetime field shows it in a zone, to the minute."""
    return f"{instant.astimezone(zone):%Y-%m-%dT%H:%M}"


class Upload(ma.fields.Field[bytes]):
    """An uploaded file, as its bytes."""

    default_error_messages = {
        "required": "Choose a file.",
        "invalid": "Choose a file.",
        "empty": "This file is empty. Choose another one.",
        "large": "This file is too large. It may have 10 megabytes.",
    }

    def __init__(self, *, most_bytes: int, **kwargs: Any) -> None:
        kwargs["metadata"] = {"widget": "file"} | kwargs.get("metadata", {})
        super().__init__(**kwargs)
        self.most_bytes = most_bytes

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bytes:
        if not hasattr(value, "stream"):
            raise self.make_error("invalid")
        with closing(value.stream) as stream:
            content: bytes = stream.read(self.most_bytes + 1)
        if not content:
            raise self.make_error("empty")
        if len(content) > self.most_bytes:
            raise self.make_error("large")
        return content


class GoodUntil(Schema):
    """The last day on which a document is good, or that there is none."""

    expires_on = ma.fields.Date(
        load_default=None,
        error_messages={"invalid": "Write the date like 2026-11-21."},
        metadata={
            "label": "Good until",
            "hint": "The last day on which it is good, as it stands on the document or follows from its date.",
            "widget": "date",
        },
    )
    no_expiry = ma.fields.Boolean(
        load_default=False, metadata={"label": "It does not expire", "summary": "It does not expire"}
    )

    @ma.validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Let a document have a last day or none, never neither or both."""
        stated: dt.date | None = data.get("expires_on")
        if stated is None and not data.get("no_expiry"):
            raise ma.ValidationError(ONE_OF_BOTH, "expires_on")
        if stated is not None and data.get("no_expiry"):
            raise ma.ValidationError(NOT_BOTH, "expires_on")
