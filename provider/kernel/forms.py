"""One contract, two doors: a marshmallow schema, and the form that gives a browser's post the same shape."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from provider.kernel import text

Choices = Sequence[tuple[str, str]]
_LISTS = (fields.List,)


class Text(fields.String):
    """A typed text: trimmed, NFC, without control or direction-override characters; ``lines`` allows line ends."""

    default_error_messages = {
        "characters": "Remove the characters that cannot be printed, such as line breaks or direction marks.",
        "required": "Fill this in.",
        "null": "Fill this in.",
        "invalid": "Write this as plain text.",
    }

    def __init__(self, *, longest: int = 200, lines: bool = False, **kwargs: Any) -> None:
        checks = kwargs.pop("validate", None)
        length = validate.Length(max=longest, error=f"Shorten this to {longest:,} characters or fewer.")
        super().__init__(validate=[length, *_listed(checks)], **kwargs)
        self.lines = lines
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        typed = text.normal(super()._deserialize(value, attr, data, **kwargs))
        if text.refused_characters(typed, lines=self.lines):
            raise self.make_error("characters")
        return typed


class LongText(Text):
    """A text of several lines, typed into a box of so many rows."""

    def __init__(self, label: str, hint: str = "", *, rows: int = 3, **kwargs: Any) -> None:
        meta = {"label": label, "hint": hint, "widget": "textarea", "attrs": {"rows": f"{rows}"}}
        super().__init__(lines=True, metadata=meta, **kwargs)


class Email(Text):
    """Exactly one e-mail address, in lower case; a second one in the field is refused."""

    default_error_messages = {"address": "Write one e-mail address, like name@example.org."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=text.LONGEST_EMAIL, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        address = text.email_address(super()._deserialize(value, attr, data, **kwargs))
        if address is None:
            raise self.make_error("address")
        return address


class Confirmed(fields.Boolean):
    """A box that must be ticked by the person."""

    default_error_messages = {"confirmed": "Tick this box to go on.", "required": "Tick this box to go on."}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not super()._deserialize(value, attr, data, **kwargs):
            raise self.make_error("confirmed")
        return True


class Schema(ma.Schema):
    """The base of every schema: unknown fields are refused, each message says what to do.

    ``prefix`` begins the ids of its fields' elements, for a form that stands beside another with fields of these names.
    """

    prefix: ClassVar[str] = ""

    class Meta:
        """Refuse what was not asked for."""

        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say what to do about a field that was left out, unless it says so itself."""
        super().on_bind_field(field_name, field_obj)
        if field_obj.error_messages["required"] == fields.Field.default_error_messages["required"]:
            chosen = field_obj.metadata.get("widget") in {"select", "radio"}
            field_obj.error_messages["required"] = "Choose one of these." if chosen else "Fill this in."

    error_messages = {"unknown": "This form has no such field. Reload the page and try again."}


def _listed(checks: Any) -> list[Any]:
    if checks is None:
        return []
    return list(checks) if isinstance(checks, (list, tuple)) else [checks]


@dataclass(frozen=True, slots=True)
class Field:
    """One field as a page shows it; ``summary`` is its short name in the list of errors."""

    name: str
    label: str
    summary: str
    hint: str
    widget: str
    value: Any
    errors: list[str]
    required: bool
    choices: Choices = ()
    autocomplete: str | None = None
    inputmode: str | None = None
    maxlength: int | None = None
    attrs: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    @property
    def id(self) -> str:
        """The element's id, which its label and the error summary point to."""
        return f"field-{self.prefix}{self.name}"

    @property
    def type(self) -> str:
        """The kind of input; what is no date is typed as text, for a date field would show nothing of it."""
        read = {"date": dt.date.fromisoformat, "datetime": dt.datetime.fromisoformat}.get(self.widget)
        if read is None:
            return self.widget or "text"
        try:
            if self.value:
                read(str(self.value))
        except ValueError:
            return "text"
        return "datetime-local" if self.widget == "datetime" else self.widget


class Form:
    """A schema with what a person typed, what it loaded to, and what is wrong with it."""

    def __init__(
        self,
        schema: Schema,
        *,
        choices: Mapping[str, Choices] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.schema = schema
        self.choices = dict(choices or {})
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, list[str]] = {}
        self.data: dict[str, Any] = {}

    def load_form(self, posted: MultiDict[str, str], files: Mapping[str, Any] | None = None) -> "Form":
        """Give the post the schema's shape (blanks dropped, boxes to booleans) and load it."""
        shaped: dict[str, Any] = {}
        for name in posted:
            if name == "csrf_token":
                continue
            given = posted.getlist(name)
            declared = self.schema.fields.get(name)
            shown = [value.replace("\0", "") for value in given]  # HTML cannot carry it back
            self.values[name] = shown if isinstance(declared, _LISTS) else shown[-1]
            if len(given) > 1 and not isinstance(declared, _LISTS):
                self.add_error(name, "This field was sent twice. Reload the page and try again.")
            elif isinstance(declared, _LISTS):
                shaped[name] = given
            elif given[0].strip() or declared is None:
                shaped[name] = given[0]
        shaped |= {name: upload for name, upload in (files or {}).items() if upload and upload.filename}
        return self.load(shaped)

    def load(self, given: Mapping[str, Any]) -> "Form":
        """Load the schema and keep its sentences."""
        try:
            self.data = dict(self.schema.load(given))
        except ma.ValidationError as error:
            for name, sentences in error.normalized_messages().items():
                for sentence in _sentences(sentences):
                    self.add_error(name, sentence)
        return self

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong with it."""
        return not self.errors

    def add_error(self, name: str, sentence: str) -> None:
        """Put a sentence beside a field, or above the form when the field is not one that people see."""
        key = name if name in self.schema.fields else "_schema"
        sentences = self.errors.setdefault(key, [])
        if sentence not in sentences:
            sentences.append(sentence)

    def field(self, name: str) -> Field:
        """Return one field for a page."""
        declared = self.schema.fields[name]
        meta = declared.metadata
        return Field(
            name=name,
            label=meta.get("label", name),
            summary=meta.get("summary", meta.get("label", name)),
            hint=meta.get("hint", ""),
            widget=meta.get("widget", "checkbox" if isinstance(declared, fields.Boolean) else "text"),
            value=self.values.get(name, ""),
            errors=self.errors.get(name, []),
            required=declared.required,
            choices=self.choices.get(name, meta.get("choices", ())),
            autocomplete=meta.get("autocomplete"),
            inputmode=meta.get("inputmode"),
            maxlength=getattr(declared, "longest", None),
            attrs=meta.get("attrs", {}),
            prefix=self.schema.prefix,
        )

    @property
    def fields(self) -> Iterator[Field]:
        """All fields in the order of the schema."""
        return (self.field(name) for name in self.schema.fields)


def _sentences(messages: Any) -> Iterator[str]:
    if isinstance(messages, str):
        yield messages
    elif isinstance(messages, Mapping):
        for inner in messages.values():
            yield from _sentences(inner)
    else:
        for inner in messages:
            yield from _sentences(inner)
