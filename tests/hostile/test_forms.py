"""Every form with every kind of bad answer: a sentence beside the field, nothing stored, never an error of ours."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.links import make_link, token_of
from provider.accounts.models import Person
from provider.accounts.rules import PASSWORD as SET_PASSWORD
from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from provider.tuition.models import TuitionPlan
from tests.harness.checksums import checksums
from tests.harness.matrix import addresses
from tests.harness.season import Season
from tests.harness.stories import PASSWORD, answers, sign_in, token_for
from tests.harness.visitor import Visitor, prefilled

TEXTS = {"text", "email", "tel", "search", "date", "datetime-local", "password", "number"}
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
YESTERDAY = f"{clock.now() - dt.timedelta(days=1):%Y-%m-%dT%H:%M}"
# What a student might send to change what is not theirs to change.
EXTRA = (
    "role",
    "is_staff",
    "is_admin",
    "admin",
    "price",
    "total_cents",
    "paid_at",
    "purchased_at",
    "person_id",
    "student_id",
    "state_code",
    "capacity",
    "refunded_cents",
    "proved_at",
    "__class__",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A form: who fills it in, on which page, and good answers for what is blank there."""

    name: str
    who: Role | str | None
    path: str
    good: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    first: bool = False  # of several on the page
    file: tuple[str, bytes] | None = None


CASES = (
    Case(
        "contact",
        None,
        "/contact",
        {"name": "Dana", "email": "dana@example.org", "topic": "other", "message": "May I study at night?"},
    ),
    Case("enroll", None, "/programs/ccma/enroll?plan=upfront"),
    Case("sign in", None, "/sign-in", {"email": "nobody@example.org", "password": PASSWORD}),
    Case("confirm", Role.BURSAR, "/account/confirm", {"confirm_password": PASSWORD}),
    Case("forgot password", None, "/forgot-password", {"email": "nobody@example.org"}),
    Case("refund", "fresh", "/my/enrollments/{fresh}/refund"),
    Case("refund link", None, "/links/{link}"),
    Case(
        "payment",
        Role.BURSAR,
        "/staff/enrollments/{late}/payments/new",
        {"external_reference": "CHECK-77", "proof_note": "In the safe"},
    ),
    Case("reverse", Role.BURSAR, "/staff/payments/{payment}/reverse", {"reason": "The wrong student of that name"}),
    Case(
        "mailed request",
        Role.BURSAR,
        "/staff/enrollments/{late}/refunds/new",
        {"received_at": YESTERDAY, "evidence": "A mail"},
    ),
    Case("override", Role.BURSAR, "/staff/refunds/{declined}", {"reason": "In hospital all the time"}, "override"),
    Case("payout", Role.BURSAR, "/staff/refunds/{refunding}", {"external_reference": "OUT-1"}, "payouts"),
    Case(
        "withdraw",
        Role.BURSAR,
        "/staff/enrollments/{late}/withdrawal",
        {"reason": "Moves to another country", "unpaid": "keep"},
    ),
    Case("cancel", Role.ADMISSIONS, "/staff/enrollments/{awaiting}/cancel", {"sure": "on"}),
    Case("invite", Role.ADMIN, "/staff/people/new", {"name": "Nia", "email": "nia@example.org", "roles": "editor"}),
    Case("program", Role.EDITOR, "/staff/programs/{program}/edit"),
    Case(
        "new program",
        Role.EDITOR,
        "/staff/programs/new",
        {
            "title": "Clinical assistant",
            "code": "CA-2",
            "slug": "clinical-assistant",
            "summary": "In 16 weeks.",
            "outcome": "An exam.",
            "teaching": "Online.",
            "class_weeks": "16",
            "credentials": "CCMA",
        },
    ),
    Case("plan", Role.EDITOR, "/staff/programs/{program}/plans/{plan}", first=True),
    Case(
        "new plan",
        Role.EDITOR,
        "/staff/programs/{program}/plans/new",
        {"kind": "installments", "title": "Six parts", "total": "2,300.00", "count": "6"},
    ),
    Case(
        "policy",
        Role.ADMIN,
        "/staff/policies/new",
        {"hours": "48", "summary": "Two days.", "effective_from": "2031-01-01T00:00"},
    ),
    Case("counsel", Role.ADMIN, "/staff/policies/counsel", {"name": "Ada Admin", "on": "2026-01-02"}),
    Case("question", Role.EDITOR, "/staff/faq/new", {"question": "Is it online?", "answer": "Yes, all of it."}),
    Case("question again", Role.EDITOR, "/staff/faq/{faq}", first=True),
    Case("task", Role.ADMIN, "/staff/tasks/{task}", {"remark": "Called the student"}, first=True),
    Case("task's plan", Role.ADMIN, "/staff/tasks/{task}", {"due_on": ""}, "/plan"),
    Case("new task", Role.ADMIN, "/staff/tasks/new", {"sentence": "Call the student"}),
    Case("roles", Role.ADMIN, "/staff/people/{colleague}", first=True),
    Case("completions", Role.ADMISSIONS, "/staff/completions", part="/check", file=("csv", b"reference\nE-22222222\n")),
    Case("password", None, "/links/{password}", {"password": "a new and quiet password"}),
)
# Buttons without fields: who presses them, and where.
BUTTONS = {
    "/sign-out": Role.EDITOR,
    "/my/enrollments/{awaiting}/cancel": "awaiting",
    "/links/{prove}": None,
    "/staff/completions": Role.ADMISSIONS,
    "/staff/enrollments/{late}/completion": Role.ADMISSIONS,
    "/staff/enrollments/{late}/hold-release": Role.ADMISSIONS,
    "/staff/faq/{faq}/remove": Role.EDITOR,
    "/staff/mail/{letter}/resend": Role.ADMISSIONS,
    "/staff/payments/{late_payment}/return": Role.BURSAR,
    "/staff/people/{colleague}/disable": Role.ADMIN,
    "/staff/people/{colleague}/enable": Role.ADMIN,
    "/staff/programs/{program}/plans/{plan}/retirement": Role.EDITOR,
    "/staff/policies/floors/{floor}/off": Role.ADMIN,
    "/staff/policies/floors/{floor}/on": Role.ADMIN,
    "/staff/programs/{program}/sale": Role.EDITOR,
    "/staff/tasks/{task}/take": Role.ADMISSIONS,
    "/staff/tasks/{task}/reopen": Role.ADMISSIONS,
    "/staff/programs/{program}/sale-end": Role.EDITOR,
}


def _path(school: Flask, season: Season, path: str) -> str:
    known = {name: season[name].enrollment for name in ("awaiting", "fresh", "late", "started")}
    known |= {"prove": token_for(school, "prove_email", season["started"].enrollment)}
    known |= {"late_payment": season["too_late"].payments[0]}
    known |= {name: season[name].refund for name in ("declined", "refunding")}
    known |= {"payment": season["fresh"].payments[0], "link": token_for(school, "refund", season["fresh"].enrollment)}
    return path.format(**known, **_known(school, season))


def _known(school: Flask, season: Season) -> dict[str, str]:
    """Return what else a path may name: one of each kind."""
    with school.app_context(), unit_of_work():
        queries = {
            "colleague": sa.select(Person.reference).where(Person.email == season.staff[Role.BURSAR]),
            "program": sa.select(Program.reference).where(Program.slug == "ccma"),
            "plan": sa.select(TuitionPlan.reference).join(Program).where(Program.slug == "ccma"),
            "faq": sa.select(FaqItem.slug),
            "floor": sa.select(StateFloorRow.reference),
            "task": sa.select(Task.reference).where(Task.state == TaskState.OPEN),
            "letter": sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.FAILED),
        }
        known = {name: db.session.scalars(query.limit(1)).one() for name, query in queries.items()}
        lasts = dt.timedelta(hours=1)
        link = make_link(purpose=SET_PASSWORD, subject=known["colleague"], at=clock.now(), lasts=lasts)
        return known | {"password": token_of(link)}


class Sender:
    """Somebody in front of an open form, who may change one answer after the other."""

    def __init__(self, school: Flask, season: Season, case: Case) -> None:
        self.visitor = Visitor(school)
        if isinstance(case.who, Role):
            sign_in(self.visitor, season.staff[case.who])
        elif case.who is not None:
            sign_in(self.visitor, season[case.who].email)
        path = _path(school, season, case.path)
        page = self.visitor.get(path)
        forms = [form for form in page.all("main form") if form.attrs.get("method", "").lower() == "post"]
        forms = [form for form in forms if case.part in (form.attrs.get("action") or path)]
        self.form = forms[0 if case.first else -1]
        self.file = case.file
        self.action = self.form.attrs.get("action") or path.partition("?")[0]
        self.good = {**prefilled(self.form), **{name: value for name, value in case.good.items() if value}}
        if case.name == "enroll":
            self.good |= {name: value for name, value in answers(self.visitor).items() if value is not None}
        self.inputs = {each.attrs["name"]: each for each in self.form.query("input, textarea") if "name" in each.attrs}

    def kinds(self) -> dict[str, str]:
        """Return the type of each field that one can type into."""
        found = {
            name: "area" if each.name == "textarea" else each.attrs.get("type", "text")
            for name, each in self.inputs.items()
        }
        return {name: kind for name, kind in found.items() if kind in TEXTS | {"area"}}

    def send(self, changed: Mapping[str, Any]) -> tuple[int, str]:
        values = {name: value for name, value in {**self.good, **changed}.items() if value is not None}
        if self.file is not None:
            name, content = self.file
            values[name] = (BytesIO(content), "list.csv")
        response = self.visitor.client.post(self.action, data=values)
        return response.status_code, response.get_data(as_text=True)

    def refused(self, what: str, changed: Mapping[str, Any]) -> None:
        status, text = self.send(changed)
        told = re.search(r'class="error-summary".*?<li>(.*?)</li>', text, re.DOTALL)
        assert (what, status, bool(told)) == (what, 422, True), text[:2000]


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_good_answers_are_taken(school: Flask, season: Season, case: Case) -> None:
    """Without this, a form that refuses everything would pass all of the others."""
    status, text = Sender(school, season, case).send({})
    assert (status in {200, 303}) is (case.name != "sign in"), text


def test_each_bad_answer_is_refused_in_a_sentence_and_nothing_is_stored(
    school: Flask, season: Season, case: Case
) -> None:
    sender = Sender(school, season, case)
    before = checksums(school)
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
    assert checksums(school) == before


def test_what_was_not_asked_for_is_refused(school: Flask, season: Season, case: Case) -> None:
    sender = Sender(school, season, case)
    before = checksums(school)
    for name in EXTRA:
        sender.refused(name, {name: "1"})
    for name in sender.kinds():
        if sender.good.get(name):
            sender.refused(f"{name} twice", {name: [sender.good[name], sender.good[name]]})
    assert checksums(school) == before


def test_a_choice_that_was_not_offered_is_refused(school: Flask, season: Season, case: Case) -> None:
    sender = Sender(school, season, case)
    before = checksums(school)
    for choice in sender.form.query("select, input[type=radio]"):
        for value in ("no such thing", "x" * 10_000, "a\x00b"):
            sender.refused(f"{choice.attrs['name']}={value[:20]!r}", {choice.attrs["name"]: value})
    for box in sender.form.query("input[type=checkbox]"):
        sender.refused(f"{box.attrs['name']}: neither yes nor no", {box.attrs["name"]: "perhaps"})
    assert checksums(school) == before


def test_a_form_without_our_token_changes_nothing(school: Flask, season: Season, case: Case) -> None:
    sender = Sender(school, season, case)
    before = checksums(school)
    stranger = Visitor(school)
    stranger.get("/sign-in")
    for token in (None, "", "wrong", stranger.token()):
        status, text = sender.send({"csrf_token": token})
        assert (status, "nothing was changed" in text) == (400, True)
    assert checksums(school) == before


def test_a_form_sent_to_another_host_changes_nothing(school: Flask, season: Season, case: Case) -> None:
    sender = Sender(school, season, case)
    before = checksums(school)
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example"):
        response = sender.visitor.client.post(sender.action, data=sender.good, headers={"Host": host})
        assert response.status_code == 400
        assert host not in response.get_data(as_text=True)
    assert checksums(school) == before


@pytest.mark.parametrize("path", BUTTONS)
def test_a_button_that_is_sent_with_more_or_from_elsewhere_changes_nothing(
    school: Flask, season: Season, path: str
) -> None:
    visitor, who, address = Visitor(school), BUTTONS[path], _path(school, season, path)
    if who is not None:
        sign_in(visitor, season.staff[who] if isinstance(who, Role) else season[who].email)
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
    tried = {adapter.match(_path(school, season, path), "POST")[0] for path in BUTTONS}
    tried |= {adapter.match(Sender(school, season, case).action.partition("?")[0], "POST")[0] for case in CASES}
    assert {endpoint for endpoint, method in addresses(school) if method == "POST"} - tried == set()
