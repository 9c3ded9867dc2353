"""One schema for what a browser posts: trimmed, refused with sentences, nothing typed is lost."""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError, fields, validate, validates_schema
from werkzeug.datastructures import FileStorage, MultiDict

from provider.kernel.forms import Confirmed, Email, Form, Schema, Text
from provider.kernel.inputs import Amount, LocalTime, Upload, ZonedSchema, wall

CHARACTERS = "Remove the characters that cannot be printed, such as line breaks or direction marks."
ONE_ADDRESS = "Write one e-mail address, like name@example.org."
UNKNOWN = "This form has no such field. Reload the page and try again."
TWICE = "This field was sent twice. Reload the page and try again."
NEW_YORK = ZoneInfo("America/New_York")


class Sample(Schema):
    """One field of each kind."""

    name = Text(required=True, longest=20, metadata={"label": "Name", "hint": "As on your ID.", "autocomplete": "name"})
    email = Email(metadata={"label": "E-mail", "widget": "email"})
    note = Text(lines=True, longest=100, load_default=None)
    size = Text(validate=validate.OneOf(["s", "m"], error="Choose one of the sizes."))
    agreed = Confirmed()
    wanted = fields.Boolean(load_default=False)
    picks = fields.List(Text(), load_default=list)

    @validates_schema
    def refuse_pairs(self, data: dict[str, object], **_: object) -> None:
        if data.get("note") == data.get("name"):
            raise ValidationError("Write something else as a note.")


def sent(*pairs: tuple[str, str]) -> Form:
    """Load a browser's post."""
    return Form(Sample(), choices={"size": [("s", "Small"), ("m", "Medium")]}).load_form(MultiDict(pairs))


def test_a_good_post_is_loaded_trimmed_and_in_one_form() -> None:
    form = sent(
        ("csrf_token", "x"),
        ("name", "  Ana N\u0303ez "),
        ("email", " ANA@Example.org"),
        ("note", "one\r\ntwo"),
        ("agreed", "on"),
        ("picks", "a"),
        ("picks", "b"),
    )
    assert form.ok
    assert form.data == {
        "name": "Ana Ñez",
        "email": "ana@example.org",
        "note": "one\ntwo",
        "agreed": True,
        "wanted": False,
        "picks": ["a", "b"],
    }


def test_blank_is_missing_and_an_unticked_box_is_no() -> None:
    form = sent(("name", "   "), ("email", ""), ("note", " "))
    assert form.errors == {"name": ["Fill this in."]}
    assert form.values == {"name": "   ", "email": "", "note": " "}


@pytest.mark.parametrize(
    "pairs, errors",
    [
        ([("name", "x" * 21)], {"name": ["Shorten this to 20 characters or fewer."]}),
        ([("name", "x" * 10_000)], {"name": ["Shorten this to 20 characters or fewer."]}),
        ([("name", "Ana\x00")], {"name": [CHARACTERS]}),
        ([("name", "Ana\r\nBcc: x")], {"name": [CHARACTERS]}),
        ([("name", "Ana\u202e")], {"name": [CHARACTERS]}),
        ([("name", "Ana"), ("note", "a\x00b")], {"note": [CHARACTERS]}),
        ([("name", "Ana"), ("email", "a@b.org,c@d.org")], {"email": [ONE_ADDRESS]}),
        ([("name", "Ana"), ("size", "xl")], {"size": ["Choose one of the sizes."]}),
        ([("name", "Ana"), ("agreed", "off")], {"agreed": ["Tick this box to go on."]}),
        ([("name", "Ana"), ("role", "admin")], {"_schema": [UNKNOWN]}),
        ([("name", "Ana"), ("role", "")], {"_schema": [UNKNOWN]}),
        ([("name", "Ana"), ("name", "Eve")], {"name": [TWICE, "Fill this in."]}),
        ([("name", "Ana"), ("role", "a"), ("role", "b")], {"_schema": [TWICE]}),
        ([("name", "Ana"), ("note", "Ana")], {"_schema": ["Write something else as a note."]}),
        ([("name", "Ana"), ("picks", "a\x00")], {"picks": [CHARACTERS]}),
    ],
    ids=[
        "long", "very long", "nul", "header", "override", "nul in lines", "two addresses", "no choice", "not agreed",
        "unknown", "unknown and blank", "twice", "unknown twice", "whole", "in a list",
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_beside_its_field(pairs: list[tuple[str, str]], errors: dict[str, list[str]]) -> None:
    form = sent(*pairs)
    assert form.errors == errors
    assert not form.ok
    # Everything comes back as it was typed, but for a NUL: a page that holds one is no HTML.
    kept = {name: value.replace("\x00", "") for name, value in pairs}
    assert form.values == {name: [value] if name == "picks" else value for name, value in kept.items()}


def test_thousands_of_unknown_fields_are_one_sentence() -> None:
    form = sent(("name", "Ana"), *((f"f{number}", "x") for number in range(5000)))
    assert form.errors == {"_schema": [UNKNOWN]}


def test_a_field_tells_a_page_how_to_show_it() -> None:
    form = sent(("name", "x" * 21), ("size", "xl"))
    name, size, agreed = form.field("name"), form.field("size"), form.field("agreed")
    assert (name.id, name.label, name.hint, name.widget) == ("field-name", "Name", "As on your ID.", "text")
    assert (name.value, name.required, name.autocomplete, name.maxlength) == ("x" * 21, True, "name", 20)
    assert name.errors == ["Shorten this to 20 characters or fewer."]
    assert (size.choices, size.value) == ([("s", "Small"), ("m", "Medium")], "xl")
    assert (agreed.widget, agreed.value, agreed.required) == ("checkbox", "", False)
    assert [field.name for field in form.fields] == list(Sample().fields)


def test_the_same_schema_loads_plain_values() -> None:
    form = Form(Sample()).load({"name": "Ana", "picks": "no list", "agreed": None})
    assert set(form.errors) == {"picks", "agreed"}
    assert Form(Sample()).load({"name": 7}).errors == {"name": ["Write this as plain text."]}


class Typed(ZonedSchema):
    """The inputs that turn into values."""

    amount = Amount()
    at = LocalTime()
    proof = Upload(most_bytes=10)


def typed(**given: object) -> Form:
    return Form(Typed(NEW_YORK)).load(given)


@pytest.mark.parametrize("given", ["0", "0.00", "-5", "1.5", "ten", "99999999", "1,2,3"])
def test_an_amount_is_above_zero_and_exact(given: str) -> None:
    assert typed(amount=given).errors == {"amount": ["Write an amount above zero, such as 1,299.00."]}


def test_an_amount_becomes_cents() -> None:
    assert typed(amount="$1,299.00").data == {"amount": 129_900}


@pytest.mark.parametrize(
    "given, instant",
    [
        ("2026-11-21T18:30", "2026-11-21T23:30:00+00:00"),
        ("2026-11-21T18:30:59", "2026-11-21T23:30:59+00:00"),
        ("2026-07-01T00:00", "2026-07-01T04:00:00+00:00"),
        ("2026-11-01T01:30", "2026-11-01T05:30:00+00:00"),
    ],
    ids=["winter", "seconds", "summer", "the first of two"],
)
def test_a_local_time_becomes_an_instant(given: str, instant: str) -> None:
    assert typed(at=given).data["at"].isoformat() == instant


def test_a_time_that_never_was_is_refused() -> None:
    sentence = "The clocks were put forward over this time, so it never was. Check it, and write another."
    assert typed(at="2027-03-14T02:30").errors == {"at": [sentence]}


@pytest.mark.parametrize(
    "given",
    ["", "tomorrow", "2026-13-01T10:00", "2026-11-21T18:30Z", "2026-11-21T18:30+02:00", "1999-01-01T00:00", "x" * 9999],
)
def test_what_is_no_local_time_is_refused(given: str) -> None:
    assert typed(at=given).errors == {"at": ["Write the date and the time, such as 2026-11-21T18:30."]}


def test_a_wall_clock_reads_as_it_was_typed() -> None:
    assert wall(dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.UTC), NEW_YORK) == "2026-11-21T18:30"


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "This file is empty. Choose another one."),
        (b"x" * 11, "This file is too large. It may have 10 megabytes."),
    ],
    ids=["empty", "large"],
)
def test_a_file_is_neither_empty_nor_too_large(content: bytes, sentence: str) -> None:
    upload = FileStorage(io.BytesIO(content), filename="../../x.pdf")
    form = Form(Typed(NEW_YORK)).load_form(MultiDict(), {"proof": upload})
    assert form.errors == {"proof": [sentence]}


def test_a_file_is_its_bytes_and_a_text_is_no_file() -> None:
    upload = FileStorage(io.BytesIO(b"x" * 10), filename="x")
    assert Form(Typed(NEW_YORK)).load_form(MultiDict(), {"proof": upload}).data == {"proof": b"x" * 10}
    nameless = FileStorage(io.BytesIO(b""), filename="")
    assert Form(Typed(NEW_YORK)).load_form(MultiDict(), {"proof": nameless}).data == {}
    assert typed(proof="text").errors == {"proof": ["Choose a file."]}
    assert Form(Typed(NEW_YORK)).load_form(MultiDict(), {"other": upload}).errors == {"_schema": [UNKNOWN]}
