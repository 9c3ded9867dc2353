"""Every form with every kind of bad answer: a sentence beside the field, nothing stored, never an error of ours."""

import pytest
from flask import Flask

from tests.harness.checksums import checksums
from tests.harness.forms import BUTTONS, CASES, EXTRA, Sender, arrived, path_of
from tests.harness.matrix import addresses
from tests.harness.room import Case
from tests.harness.season import Season
from tests.harness.visitor import Visitor

ONE_LINE = {
    "CR LF": "Ana\r\nBcc: thief@evil.example",
    "LF": "Ana\nBcc: thief@evil.example",
    "tab": "Ana\tLi",
}
ANYWHERE = {
    "10,000 characters": "x" * 10_000,
    "NUL": "An\x00a",
    "right-to-left override": "Ana\u202eilgo",
    "left-to-right isolate": "Ana\u2066ilgo",
    "escape": "Ana\x1b[31m",
}
ADDRESSES = {
    "two addresses": "ana@example.org, thief@evil.example",
    "two addresses by a semicolon": "ana@example.org;thief@evil.example",
    "a name and an address": "Ana <ana@example.org>",
    "an encoded word": "=?utf-8?q?ana=40example.org?=",
    "no domain": "ana@",
    "two at signs": "ana@example.org@evil.example",
}
NUMBERS = {"too long a number": "9" * 400, "below zero": "-1", "a power": "1e9", "not a number": "NaN", "half": "1.5"}
OF_CARDS = {"cards.create", "cards.change"}  # need a payment service: tests/cards/test_hostile_forms.py


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_good_answers_are_taken(school: Flask, season: Season, case: Case) -> None:
    """Without this, a form that refuses everything would pass all of the others."""
    status, text = Sender(school, season, case).send({})
    assert (status in {200, 303}) is (case.name != "sign in"), text


def bad_answers(sender: Sender) -> None:
    for name, kind in sender.kinds().items():
        vectors = {**ANYWHERE, **({} if kind == "area" else ONE_LINE), **(ADDRESSES if kind == "email" else {})}
        if sender.inputs[name].attrs.get("inputmode") == "numeric":
            vectors |= NUMBERS
        if kind == "password":
            vectors = {"10,000 characters": "x" * 10_000}
        longest = int(sender.inputs[name].attrs.get("maxlength", "9999"))
        for what, value in vectors.items():
            if len(value) > longest or len(value) < 10_000:
                sender.refused(f"{name}: {what}", {name: value})
        if "required" in sender.inputs[name].attrs:
            for what, nothing in {"missing": None, "blank": "", "blanks": "  \u00a0 "}.items():
                sender.refused(f"{name}: {what}", {name: nothing})


def what_was_not_asked_for(sender: Sender) -> None:
    for name in EXTRA:
        sender.refused(name, {name: "1"})
    for name in sender.kinds():
        if sender.good.get(name):
            sender.refused(f"{name} twice", {name: [sender.good[name], sender.good[name]]})


def choices_that_were_not_offered(sender: Sender) -> None:
    for choice in sender.form.query("select, input[type=radio]"):
        for value in ("no such thing", "x" * 10_000, "a\x00b"):
            sender.refused(f"{choice.attrs['name']}={value[:20]!r}", {choice.attrs["name"]: value})
    for box in sender.form.query("input[type=checkbox]"):
        sender.refused(f"{box.attrs['name']}: neither yes nor no", {box.attrs["name"]: "perhaps"})


def without_our_token(sender: Sender) -> None:
    stranger = Visitor(sender.visitor.app)
    stranger.get("/sign-in")
    for token in (None, "", "wrong", stranger.token()):
        status, text = sender.send({"csrf_token": token})
        assert (token, status, "nothing was changed" in text) == (token, 400, True)


def to_another_host(sender: Sender) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example"):
        response = sender.visitor.client.post(sender.action, data=sender.good, headers={"Host": host})
        assert (host, response.status_code) == (host, 400)
        assert host not in response.get_data(as_text=True)


TRIES = (bad_answers, what_was_not_asked_for, choices_that_were_not_offered, without_our_token, to_another_host)


@pytest.mark.one_database("postgresql")
def test_whatever_is_wrong_with_a_form_is_refused_and_nothing_is_stored(
    school: Flask, season: Season, case: Case
) -> None:
    """On PostgreSQL, which takes less than SQLite does: no NUL, no number that is too long."""
    sender = Sender(school, season, case)
    before = checksums(school)
    for attempt in TRIES:
        attempt(sender)
    assert checksums(school) == before


@pytest.mark.one_database("postgresql")
@pytest.mark.parametrize("path", BUTTONS)
def test_a_button_that_is_sent_with_more_or_from_elsewhere_changes_nothing(
    school: Flask, season: Season, path: str
) -> None:
    visitor, address = arrived(school, season, BUTTONS[path]), path_of(school, season, path)
    visitor.get("/contact")
    before, token = checksums(school), visitor.token()
    for name in EXTRA:
        response = visitor.client.post(address, data={"csrf_token": token, name: "1"})
        assert (name, response.status_code) == (name, 422)
        assert "Nothing was changed" in response.get_data(as_text=True)
    for wrong in ("", "wrong"):
        assert visitor.client.post(address, data={"csrf_token": wrong}).status_code == 400
    other = visitor.client.post(address, data={"csrf_token": token}, headers={"Host": "evil.example"})
    assert other.status_code == 400
    assert checksums(school) == before


def test_every_form_and_button_is_tried(school: Flask, season: Season) -> None:
    adapter = school.url_map.bind("localhost")
    tried = {adapter.match(path_of(school, season, path), "POST")[0] for path in BUTTONS}
    tried |= {adapter.match(Sender(school, season, case).action.partition("?")[0], "POST")[0] for case in CASES}
    posts = {endpoint for endpoint, method in addresses(school) if method == "POST"}
    assert posts - tried == {"hooks.stripe", *OF_CARDS}
