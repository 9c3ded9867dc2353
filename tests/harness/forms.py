"""Every form and button there is, and somebody in front of it with good answers who may change one."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import Flask

from provider.accounts.rules import Role
from tests.harness.factors import APP_CODE, HALF_IN, NEW_APP_CODE, WITH_FACTOR, come_with_factor, good_code
from tests.harness.house import ROOMS
from tests.harness.room import Case, Who
from tests.harness.season import Season
from tests.harness.stories import answers, sign_in
from tests.harness.visitor import Visitor, prefilled

CASES = tuple(case for room in ROOMS for case in room.forms)
# Buttons without fields: who presses them, and where.
BUTTONS = {path: who for room in ROOMS for path, who in room.buttons.items()}
RECORDS = {name: records for room in ROOMS for records in room.records for name in records.names}
TEXTS = {"text", "email", "tel", "search", "date", "datetime-local", "password", "number"}
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


class Named(dict[str, str]):
    """What a path may name, looked up when it is named first: most name one record of a few hundred."""

    def __init__(self, school: Flask, season: Season) -> None:
        super().__init__()
        self._school, self._season = school, season

    def __missing__(self, name: str) -> str:
        """Look up a record, with those that are found together with it."""
        self.update(RECORDS[name].find(self._school, self._season))
        return self[name]


def references(school: Flask, season: Season) -> Named:
    """Return what a path may name; its link to set a password is a new one each time."""
    return Named(school, season)


def path_of(school: Flask, season: Season, path: str) -> str:
    """Return a path with one record of each kind that it names."""
    return path.format_map(references(school, season))


class NoForm(LookupError):
    """Somebody may read the page and is shown no form on it."""


def arrived(school: Flask, season: Season, who: Who) -> Visitor:
    """Return somebody at a browser: a role of the staff, a student by their state, or a stranger."""
    visitor = Visitor(school)
    if who in {WITH_FACTOR, HALF_IN}:
        come_with_factor(school, visitor, half=who == HALF_IN)
    elif who is not None:
        sign_in(visitor, season.staff[who] if isinstance(who, Role) else season[who].email, follow=False)
    return visitor


class Sender:
    """Somebody in front of an open form, who may change one answer after the other."""

    def __init__(
        self, school: Flask, season: Season, case: Case, *, visitor: Visitor | None = None, path: str | None = None
    ) -> None:
        self.case = case
        self.visitor = visitor or arrived(school, season, case.who)
        path = path or path_of(school, season, case.path)
        page = self.visitor.get(path)
        forms = [form for form in page.all("main form") if form.attrs.get("method", "").lower() == "post"]
        forms = [form for form in forms if case.part in (form.attrs.get("action") or path)]
        if not forms:
            raise NoForm(case.name)
        self.form = forms[0 if case.first else -1]
        self.file = case.file
        self.action = self.form.attrs.get("action") or path.partition("?")[0]
        self.good = {**prefilled(self.form), **{name: value for name, value in case.good.items() if value}}
        if any("{" in value for value in case.good.values()):  # the name or the reference of a record
            known = references(school, season)
            self.good |= {name: value.format_map(known) for name, value in case.good.items()}
        codes = {name: value for name, value in case.good.items() if value in {APP_CODE, NEW_APP_CODE}}
        self.good |= {name: good_code(school, page, code) for name, code in codes.items()}
        if case.name == "erase":
            self.good["reference"] = page.title
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
