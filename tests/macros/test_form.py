"""The form macros: each widget has its label, words and errors tied to it, and nothing typed becomes markup."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
from marshmallow import fields

from provider.kernel.forms import Form, Schema, Text

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = '{% from "_macros/form.html" import error_summary, field, fields %}'
PLANS = [("a", "Upfront"), ("b", "Parts")]
BOXES = [("x", "One"), ("y", "Two")]
GRADES = [("1", "Poor"), ("2", "Good"), ("0", "Not seen")]
STATES = [("NY", "New York"), ("CA", "California")]


class Everything(Schema):
    """One field of each widget."""

    name = Text(required=True, metadata={"label": "Legal name", "hint": "As on your ID.", "autocomplete": "name"})
    phone = Text(metadata={"label": "Phone", "widget": "tel"})
    note = Text(lines=True, longest=500, metadata={"label": "Note", "widget": "textarea"})
    plan = Text(required=True, metadata={"label": "Plan", "widget": "radio", "choices": PLANS})
    grade = Text(
        required=True,
        metadata={"label": "Grade", "widget": "scale", "choices": GRADES, "attrs": {"count": "2 of 6"}},
    )
    boxes = fields.List(Text(), metadata={"label": "Boxes", "widget": "checkboxes", "choices": BOXES})
    state = Text(metadata={"label": "State", "widget": "select", "choices": STATES})
    at = Text(metadata={"label": "At", "widget": "datetime", "attrs": {"step": "1"}})
    secret = Text(metadata={"label": "Password", "widget": "password"})
    agreed = fields.Boolean(required=True, metadata={"label": "I agree"})
    key = Text(metadata={"label": "Key", "widget": "hidden"})


def render(source: str, **values: Any) -> str:  # noqa: ANN401 - whatever a page would pass
    loader = jinja2.FileSystemLoader(str(ROOT / "templates"))
    env = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return env.from_string(TEMPLATE + source).render(**values)


def drawn(which: str, **values: Any) -> str:  # noqa: ANN401 - whatever a person may have typed
    return render("{{ field(form.field(which)) }}", form=Form(Everything(), values=values), which=which)


def test_an_input_is_tied_to_its_label_hint_and_error() -> None:
    form = Form(Everything())
    form.add_error("name", "Write your name.")
    html = render("{{ field(form.field('name')) }}", form=form)
    assert '<label for="field-name">Legal name</label>' in html
    assert 'aria-describedby="field-name-hint field-name-error" aria-invalid="true" required>' in html
    assert 'id="field-name-error"' in html


def test_what_is_no_instant_can_be_read_and_mended() -> None:
    assert 'type="datetime-local"' in drawn("at", at="2026-11-21T18:30")
    assert 'type="datetime-local"' in drawn("at")
    wrong = drawn("at", at="tomorrow at nine")
    assert 'type="text"' in wrong
    assert 'value="tomorrow at nine"' in wrong


def test_what_is_not_required_says_so() -> None:
    assert "(optional)" in drawn("phone")
    assert "(optional)" not in drawn("name")


def test_typed_markup_stays_text() -> None:
    assert "&lt;script&gt;" in drawn("note", note="<script>")
    assert 'value="&#34;&gt;&lt;b&gt;"' in drawn("name", name='"><b>')


def test_a_password_is_never_sent_back() -> None:
    assert "hunter2" not in drawn("secret", secret="hunter2")


@pytest.mark.parametrize(
    "name,value,expected",
    [
        ("plan", "b", 'value="b" required="" checked>'),
        ("grade", "2", 'value="2" checked required>'),
        ("grade", "0", 'value="0" checked required>'),
        ("boxes", ["y"], 'value="y" checked>'),
        ("state", "CA", '<option value="CA" selected>'),
        ("at", "2026-11-21T10:00:00", 'type="datetime-local"'),
        ("agreed", "true", 'value="true" checked required>'),
        ("key", "abc", '<input type="hidden" name="key" value="abc">'),
    ],
    ids=["radio", "scale", "apart", "checkboxes", "select", "datetime", "checkbox", "hidden"],
)
def test_every_widget_keeps_what_was_chosen(name: str, value: str, expected: str) -> None:
    assert expected in drawn(name, **{name: value})


def test_a_rating_says_its_place_in_the_form_and_each_number_its_words() -> None:
    html = drawn("grade")
    assert '<legend>Grade <span class="scale__count">2 of 6</span></legend>' in html
    assert '<label for="field-grade"><span class="scale__number">1</span> <span>Poor</span></label>' in html
    assert '<label for="field-grade-3"><span>Not seen</span></label>' in html


def test_the_first_choice_carries_the_id_that_the_summary_links_to() -> None:
    assert '<input type="radio" name="plan" id="field-plan" value="a"' in drawn("plan")


def test_the_summary_links_to_each_wrong_field_and_tells_what_belongs_to_none() -> None:
    form = Form(Everything())
    form.add_error("name", "Write your name.")
    form.add_error("elsewhere", "Reload the page.")
    html = render("{{ error_summary(form) }}", form=form)
    assert '<a href="#field-name">Legal name: Write your name.</a>' in html
    assert "<li>Reload the page.</li>" in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert render("{{ error_summary(form) }}", form=Form(Everything())) == ""
