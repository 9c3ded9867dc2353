"""What the history of all changes is narrowed to."""

import datetime as dt
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from provider.kernel.forms import Schema, Text
from provider.kernel.inputs import FIRST_YEAR, LAST_YEAR
from provider.search.rules import LONGEST_TYPED

LONGEST_REFERENCE = 64
WRITE_IT = "Write the date like 2026-11-21."


def _date(label: str) -> fields.Date:
    meta = {"label": label, "widget": "date"}
    known = validate.Range(dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 1, 1), error=WRITE_IT)
    return fields.Date(load_default=None, validate=known, error_messages={"invalid": WRITE_IT}, metadata=meta)


def _word(label: str, longest: int, widget: str = "search") -> Text:
    return Text(load_default="", longest=longest, metadata={"label": label, "widget": widget})


class FindChanges(Schema):
    """Who changed what, when; each left open when nothing is given."""

    who = _word("Who: name, e-mail or reference", LONGEST_TYPED)
    by = _word("In which capacity", 32, "select")
    about = _word("Reference of the record", LONGEST_REFERENCE)
    kind = _word("Kind of record", 32, "select")
    event = _word("What happened", 64, "select")
    since = _date("From")
    until = _date("To")
    request = _word("Number of the request", 32)

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 - marshmallow's own
        if data["since"] and data["until"] and data["until"] < data["since"]:
            raise ValidationError("Choose a last day that is not before the first one.", "until")
