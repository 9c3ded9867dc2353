"""What scanners and other sites try: paths of other software, forged forms, forged methods, SQL in questions."""

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.kernel.database import db
from tests.harness.checksums import checksums
from tests.harness.forms import EXTRA
from tests.harness.matrix import addresses
from tests.harness.objects import address, objects
from tests.harness.season import Season
from tests.harness.sessions import cookie_name
from tests.harness.stories import PASSWORD, sign_in
from tests.harness.visitor import Page, Visitor

ELSEWHERE = (
    "/.git/config",
    "/.git/HEAD",
    "/.gitignore",
    "/.env",
    "/.DS_Store",
    "/.well-known/../config.py",
    "/config.py",
    "/pyproject.toml",
    "/requirements.txt",
    "/instance/secret.key",
    "/secret.key",
    "/school.sqlite3",
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2fapp.py",
    "/static/.htaccess",
    "/static/",
    "/console",
    "/__debug__/",
    "/debug",
    "/metrics",
    "/server-status",
    "/admin",
    "/wp-login.php",
    "/phpinfo.php",
    "/backup.zip",
    "/templates/_layouts/base.html",
    "/cgi-bin/test",
)


@pytest.mark.one_database("sqlite")
def test_nothing_of_the_programs_inside_is_served(app: Flask, visitor: Visitor) -> None:
    for path in ELSEWHERE:
        page = Page(visitor.client.get(path), path)
        assert (path, page.status, page.title) == (path, 404, "Page not found")
        assert page.response.headers["Cache-Control"] == "no-store"


@pytest.mark.one_database("sqlite")
def test_no_debugger_answers(app: Flask, visitor: Visitor) -> None:
    plain = visitor.get("/sign-in").words()
    for question in ("__debugger__=yes&cmd=resource&f=debugger.js", "__debugger__=yes&cmd=printpin&s=x", "XDEBUG=1"):
        assert visitor.get(f"/sign-in?{question}").words() == plain


def test_a_new_school_has_no_account_to_guess(empty_app: Flask) -> None:
    visitor = Visitor(empty_app)
    with empty_app.app_context():
        assert db.session.scalars(sa.select(Person)).all() == []
        db.session.remove()
    for name in ("admin", "root", "test"):
        visitor.get("/sign-in")
        visitor.submit({"email": f"{name}@example.org", "password": name}, 422)


def test_nobody_is_signed_in_by_a_form_of_another_browser(school: Flask, season: Season) -> None:
    attacker, victim = Visitor(school), Visitor(school)
    attacker.get("/sign-in")
    victim.get("/contact")
    theirs = {"email": season.staff[Role.ADMIN], "password": PASSWORD}
    before = checksums(school)
    for token in ("", attacker.token()):
        assert victim.client.post("/sign-in", data=theirs | {"csrf_token": token}).status_code == 400
    assert victim.client.get("/staff").status_code == 303
    assert checksums(school) == before
    other = Visitor(school)
    assert other.client.post("/sign-in", data=theirs | {"csrf_token": attacker.token()}).status_code == 400
    assert other.client.get_cookie(cookie_name(school)) is None


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/octet-stream", "application/csp-report"]
)
def test_json_is_no_way_around_the_token(school: Flask, season: Season, kind: str) -> None:
    visitor, known = Visitor(school), objects(school, season)
    sign_in(visitor, season.staff[Role.ADMIN])
    visitor.get("/contact")
    body = json.dumps({"csrf_token": visitor.token()} | dict.fromkeys(EXTRA, "1"))
    before = checksums(school)
    posts = [rule for (_, method), rule in addresses(school).items() if method == "POST"]
    answers = {
        rule.endpoint: visitor.client.post(address(school, rule, known), data=body, content_type=kind).status_code
        for rule in posts
    }
    assert len(answers) == len(posts)
    # The payment service signs what it sends and needs no token; without its secret nothing is taken there.
    assert {endpoint: status for endpoint, status in answers.items() if status != 400} == {"hooks.stripe": 503}
    assert checksums(school) == before


@pytest.mark.one_database("sqlite")
def test_no_header_and_no_question_turns_looking_into_changing(school: Flask, season: Season) -> None:
    visitor, known = Visitor(school), objects(school, season)
    sign_in(visitor, season.staff[Role.ADMIN])
    visitor.get("/contact")
    token = visitor.token()
    before = checksums(school)
    wrong = []
    for (endpoint, method), rule in addresses(school).items():
        if method == "POST":
            forged = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST", "X-CSRFToken": token}
            path = f"{address(school, rule, known)}?_method=POST&csrf_token={token}"
            for looking in ("GET", "HEAD"):
                status = visitor.client.open(path, method=looking, headers=forged).status_code
                wrong += [(endpoint, looking, status)] if status >= 500 else []
    assert wrong == []
    assert checksums(school) == before


INJECTED = (
    "'",
    '"',
    "' OR '1'='1",
    "x' UNION SELECT password_hash FROM person --",
    "'; DROP TABLE person; --",
    "\\",
    "%",
    "_",
    "%a%",
    "a%",
    "_na",
    "*",
    "a*",
    "[a-z]",
)


@pytest.mark.parametrize("path", ["/staff/enrollments", "/staff/completions", "/staff/search"])
def test_signs_of_sql_in_a_search_count_for_nothing(school: Flask, season: Season, path: str) -> None:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.ADMIN])
    references = [student.enrollment for student in season.students.values()]

    def found(typed: str) -> list[str]:
        text = Page(visitor.client.get(path, query_string={"q": typed}), path).text
        return [reference for reference in references if reference in text]

    before = checksums(school)
    assert found("Mensah") == [season["paying"].enrollment]
    for typed in INJECTED:
        assert (typed, found(typed)) == (typed, found(re.sub(r"[\W_]+", " ", typed).strip()))
    assert checksums(school) == before
