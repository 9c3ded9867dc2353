"""What the history of all changes is narrowed to, and which days of the ledger are taken along."""

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


JOURNAL, BALANCES = "journal", "balances"


def _day(label: str) -> fields.Date:
    known = validate.Range(dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 1, 1), error=WRITE_IT)
    said: dict[str, str | list[Any] | dict[Any, Any]] = {"invalid": WRITE_IT, "required": WRITE_IT}
    return fields.Date(required=True, validate=known, error_messages=said, metadata={"label": label, "widget": "date"})


class TakeJournal(Schema):
    """Which days of the ledger are taken along, and how."""

    what = Text(
        required=True,
        validate=validate.OneOf([JOURNAL, BALANCES], error="Choose one of the two."),
        metadata={
            "label": "What",
            "widget": "radio",
            "choices": [
                (JOURNAL, "Journal", "Every line of the ledger, with account, debit, credit, enrollment and method."),
                (BALANCES, "Totals of the accounts", "What each account came to. All of them together balance."),
            ],
        },
    )
    since = _day("First day")
    until = _day("Last day")
    format = Text(load_default="", longest=8, metadata={"label": "File", "widget": "hidden"})

    @validates_schema(skip_on_field_errors=True)
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 - marshmallow's own
        if data["until"] < data["since"]:
            raise ValidationError("Choose a last day that is not before the first one.", "until")


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
