"""What a data file may say: fields for its entries, and each thing wrong with one as a place and a sentence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from provider.kernel import money
from provider.kernel.datafiles import Source, Where
from provider.kernel.forms import Schema, Text

Found = Iterator[tuple[Where, str]]
Messages = dict[str, str | list[Any] | dict[Any, Any]]
SLUG = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Use small letters, digits and hyphens, like clinical-1.")
SECURE = validate.Regexp(r"https://[^\s/]+", error="Write the whole address, beginning with https://.")
WEB = validate.Regexp(r"https?://[^\s/]+", error="Write the whole address, beginning with https:// or http://.")
LONG = 4_000


class Entry(Schema):
    """A part of the file; what it does not know is refused."""

    error_messages = {"unknown": "Nothing of this name belongs here.", "type": "Write this as name: value lines."}  # noqa: RUF012 - as in kernel.forms


class Line(Text):
    """Text on one line; numbers are taken as they are written."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ANN401 - marshmallow's signature
        plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        typed = super()._deserialize(plain, attr, data, **kwargs)
        if self.required and not typed:
            raise self.make_error("required")
        return typed


class Prose(Line):
    """Text of several lines."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(longest=LONG, lines=True, **kwargs)


class Dollars(fields.Field[int]):
    """An amount of dollars, kept as cents."""

    default_error_messages = {"amount": "Write an amount of dollars, like $1,899.00.", "required": "Fill this in."}  # noqa: RUF012 - as in kernel.forms

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:  # noqa: ANN401, ARG002 - marshmallow's signature
        cents = money.parse(str(value))
        if not cents:
            raise self.make_error("amount")
        return cents


def whole(low: int, high: int, **kwargs: Any) -> fields.Integer:  # noqa: ANN401 - passed through
    """Return a field for a whole number within limits."""
    limits = validate.Range(low, high, error=f"Write a whole number from {low:,} to {high:,}.")
    messages: Messages = {"invalid": f"Write a whole number from {low:,} to {high:,}.", "required": "Fill this in."}
    return fields.Integer(strict=True, validate=limits, error_messages=messages, **kwargs)


def one_of(kind: Any, **kwargs: Any) -> fields.Enum[Any]:  # noqa: ANN401 - any of our enums
    """Return a field for one of an enum's values."""
    values = ", ".join(member.value for member in kind)
    messages: Messages = {"unknown": f"Write one of: {values}.", "required": f"Write one of: {values}."}
    return fields.Enum(kind, by_value=True, error_messages=messages, **kwargs)


def day(**kwargs: Any) -> fields.Date:  # noqa: ANN401 - passed through
    """Return a field for a date."""
    messages: Messages = {"invalid": "Write a date like 2026-01-31.", "required": "Write a date like 2026-01-31."}
    return fields.Date(format="iso", error_messages=messages, **kwargs)


def instant(**kwargs: Any) -> fields.AwareDateTime:  # noqa: ANN401 - passed through
    """Return a field for an instant with its zone."""
    sentence = "Write an instant with its zone, like 2026-01-31T05:00:00Z."
    messages: Messages = {"invalid": sentence, "invalid_awareness": sentence, "required": sentence}
    return fields.AwareDateTime(format="iso", error_messages=messages, **kwargs)


def flag(**kwargs: Any) -> fields.Boolean:  # noqa: ANN401 - passed through
    """Return a field for true or false."""
    messages: Messages = {"invalid": "Write true or false.", "required": "Write true or false."}
    return fields.Boolean(truthy={True}, falsy={False}, error_messages=messages, **kwargs)


def several(inner: Any, **kwargs: Any) -> fields.List[Any]:  # noqa: ANN401 - any field
    """Return a field for a list."""
    messages: Messages = {
        "invalid": "Write this as a list, each line with a hyphen.",
        "required": "Fill this in.",
    }
    return fields.List(inner, error_messages=messages, **kwargs)


def part(schema: type[Entry], **kwargs: Any) -> fields.Nested:  # noqa: ANN401 - passed through
    """Return a field for a part of the file."""
    return fields.Nested(schema, error_messages={"required": "This part is missing."}, **kwargs)


def load(schema: Schema, source: Source) -> dict[str, Any]:
    """Return what a file says; raises BrokenFile with every problem that the schema sees."""
    try:
        data: dict[str, Any] = schema.load(source.data)
    except ma.ValidationError as error:
        raise source.broken(list(_flat(error.normalized_messages()))) from error
    return data


def _flat(messages: Any, where: Where = ()) -> Found:  # noqa: ANN401 - marshmallow nests dicts and lists
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, where if name == "_schema" else (*where, name))
        return
    names = [str(step) for step in where if isinstance(step, str)]
    label = ".".join(names) or "This file"
    for sentence in messages if isinstance(messages, list) else [messages]:
        yield where, f"{label}: {sentence}"


def twice(entries: Sequence[Mapping[str, Any]], where: Where, *keys: str) -> Found:
    """Name each entry that has the keys of an earlier one."""
    seen = set()
    for number, entry in enumerate(entries):
        named = tuple(entry[key] for key in keys)
        if named in seen:
            words = " ".join(str(value) for value in named)
            yield (*where, number), f"{where[-1]}: “{words}” is given twice; keep one of them."
        seen.add(named)
