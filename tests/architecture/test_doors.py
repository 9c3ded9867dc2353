"""Every address belongs to a door, every door says who may enter, and looking changes nothing."""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import time_machine
from flask import Flask
from werkzeug.routing import BuildError, Rule

from provider import app as house
from provider.accounts.rules import Permission, Role
from provider.kernel import clock
from provider.kernel.doors import PUBLIC, Door, doors
from provider.threads.lists import SEES
from tests.harness import season
from tests.harness.checksums import checksums
from tests.harness.matrix import NEVER, SAFE
from tests.harness.season import Season
from tests.harness.stories import enroll, prove, sign_in, staff, token_for
from tests.harness.visitor import Page, Visitor

FILES = frozenset({"static", "font", "accent"})  # served as they are, to everybody
# What is one's own, and where it begins; whatever else is asked for belongs to the back office.
OWN: dict[str, str] = {Permission.OWN_RECORDS: "/my", Permission.OWN_DATA: "/my", Permission.OWN_ACCOUNT: "/account"}
NOTHING_APART: frozenset[str] = frozenset()
SIGNED = {"hooks.stripe"}  # no form, but another machine's word: a signature takes the token's place


def rules(app: Flask) -> Iterator[Rule]:
    return (rule for rule in app.url_map.iter_rules() if rule.endpoint not in FILES)


def address(app: Flask, rule: Rule) -> str:
    """Return an address of the rule, with references that nobody has."""
    with app.test_request_context():
        values = dict.fromkeys(rule.arguments, "E-22222222")
        found = app.url_map.bind("localhost").build(rule.endpoint, values)
    assert isinstance(found, str), BuildError
    return found


def of_the_office(door: Door) -> bool:
    return door.needs not in {PUBLIC, *OWN}


def test_every_address_belongs_to_a_door(app: Flask) -> None:
    known = doors(app)
    assert [rule.rule for rule in rules(app) if rule.endpoint.partition(".")[0] not in known] == []


def test_the_public_doors_are_those_on_the_list(app: Flask) -> None:
    assert {name for name, door in doors(app).items() if door.needs == PUBLIC} == house.PUBLIC_DOORS


def test_doors_to_what_is_ones_own_are_of_desk_and_account_and_all_others_of_the_back_office(app: Flask) -> None:
    closed = [door for door in doors(app).values() if door.needs != PUBLIC]
    begins = {door.name: OWN.get(door.needs, "/staff") for door in closed}
    assert {"my", "staff"} < set(begins)
    assert [door.name for door in closed if not str(door.url_prefix).startswith(begins[door.name])] == []


def test_every_line_of_the_table_is_asked_for_by_a_door_and_doors_ask_for_nothing_else(app: Flask) -> None:
    asked = {asked for door in doors(app).values() for asked in (door.needs, door.changes) if asked} - {PUBLIC}
    assert asked | set(SEES.values()) == set(Permission)  # whose mail one sees is asked of each thread
    assert {type(permission) for permission in asked} == {Permission}


def test_pages_ask_for_nothing_that_stands_in_no_line(root: Path) -> None:
    texts = [page.read_text() for page in (root / "templates").rglob("*.html")]
    asked = {name for text in texts for name in re.findall(r"\bmay\(([^)]*)\)", text)}
    assert asked
    assert {name.strip("\"'") for name in asked} - set(Permission) == set()


def test_one_address_never_takes_get_and_post_in_one_view(app: Flask) -> None:
    both = [rule.rule for rule in rules(app) if {"GET", "POST"} <= (rule.methods or set())]
    assert both == []


def test_every_form_needs_its_token(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.ADMIN))
    before = checksums(app, NOTHING_APART)
    posts = [rule for rule in rules(app) if "POST" in (rule.methods or set())]
    answers = {rule.endpoint: visitor.client.post(address(app, rule)).status_code for rule in posts}
    assert len(answers) == len(posts)
    assert {endpoint: status for endpoint, status in answers.items() if status != 400} == dict.fromkeys(SIGNED, 503)
    assert checksums(app, NOTHING_APART) == before


def test_only_what_is_signed_needs_no_token(app: Flask) -> None:
    exempt = app.extensions["csrf"]
    views = {f"{app.view_functions[name].__module__}.{app.view_functions[name].__name__}" for name in SIGNED}
    assert (exempt._exempt_views, exempt._exempt_blueprints) == (views, set())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_does_not_exist_is_not_found_whoever_asks(app: Flask, visitor: Visitor, method: str) -> None:
    sign_in(visitor, staff(app, Role.ADMIN))
    visitor.get("/contact")
    named = [rule for rule in rules(app) if rule.arguments and method in (rule.methods or set())]
    sent = {"csrf_token": visitor.token()} if method == "POST" else None
    before = checksums(app)
    found = {
        rule.endpoint: visitor.client.open(address(app, rule), method=method, data=sent).status_code for rule in named
    }
    assert {found.pop(link) for link in ("accounts.link", "accounts.decide") if link in found} == {410}
    assert {endpoint: status for endpoint, status in found.items() if status != 404} == {}
    assert checksums(app) == before


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "PROPFIND", "FOO"])
def test_other_methods_are_refused_everywhere(app: Flask, visitor: Visitor, method: str) -> None:
    paths = {address(app, rule) for rule in rules(app)} | {"/static/style.css"}
    answers = {path: visitor.client.open(path, method=method).status_code for path in paths}
    assert {path: status for path, status in answers.items() if status != 405} == {}


def answers_of_each_kind(app: Flask, visitor: Visitor) -> Iterator[tuple[str, Page]]:
    """Yield an answer of each status that a browser may get."""
    client = visitor.client
    yield "200", visitor.get("/sign-in")
    token = visitor.token()
    yield "200 public", Page(client.get("/"), "/")
    yield "200 file", Page(client.get("/static/style.css"), "style")
    yield "200 font", Page(client.get("/static/fonts/PublicSans%5Bwght%5D.ttf"), "font")
    yield "200 options", Page(client.options("/sign-in"), "options")
    yield "303", Page(client.get("/staff"), "/staff")
    yield "308", Page(client.get("/programs//ccma"), "/programs//ccma")
    yield "400", Page(client.post("/sign-in"), "/sign-in")
    yield "400 host", Page(client.get("/", headers={"Host": "evil.example"}), "/")
    yield "404", Page(client.get("/nowhere"), "/nowhere")
    yield "404 file", Page(client.get("/static/../config.py"), "file")
    yield "405", Page(client.delete("/sign-in"), "/sign-in")
    yield "410", Page(client.get("/links/rubbish"), "/links")
    yield "413", Page(client.post("/sign-in", data={"email": "x" * 2_000_000}), "/sign-in")
    yield "422", Page(client.post("/sign-in", data={"csrf_token": token}), "/sign-in")
    sign_in(visitor, staff(app))
    yield "403", Page(client.get("/staff"), "/staff")


def test_every_answer_carries_the_safe_headers(app: Flask, visitor: Visitor) -> None:
    for name, page in answers_of_each_kind(app, visitor):
        page.response.close()
        assert page.status == int(name[:3]), name
        headers = page.response.headers
        assert {key: headers.get(key) for key in SAFE} == SAFE, name
        assert not NEVER & set(headers.keys()), name
        if (page.response.mimetype or "").startswith("text/"):
            assert page.response.mimetype_params.get("charset") == "utf-8", name


def links_on(page: Page) -> Iterator[str]:
    """Yield the addresses of this site that a page leads to or loads."""
    if page.html is None:
        return
    for element in page.all("a[href], link[href], script[src], img[src]"):
        target = urljoin(page.path, element.attrs.get("href") or element.attrs.get("src"))
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc:
            yield parts._replace(fragment="").geturl()


def looked_at(visitor: Visitor, path: str) -> Page:
    answer = visitor.client.get(path)
    page = Page(answer, path)
    answer.close()
    return page


def shape(path: str) -> tuple[str, frozenset[str]]:
    """Return a path with the names of what it asks: lists lead to themselves in more ways than can be walked."""
    parts = urlsplit(path)
    return parts.path, frozenset(parse_qs(parts.query))


def crawl(visitor: Visitor, *starts: str, within: str = "/", head: bool = False) -> dict[str, int]:
    """Look at every page that can be reached within a part of the site, one of each shape; returns the statuses."""
    waiting, statuses, shapes = deque(starts), dict[str, int](), set[tuple[str, frozenset[str]]]()
    while waiting:
        path = waiting.popleft()
        if shape(path) in shapes:
            continue
        shapes.add(shape(path))
        page = looked_at(visitor, path)
        statuses[path] = page.status
        if head:
            looked = visitor.client.head(path)
            looked.close()
            assert (looked.status_code, looked.get_data()) == (page.status, b""), path
        waiting.extend(link for link in links_on(page) if link.startswith(within))
        if page.status == 303:
            waiting.append(page.response.headers["Location"])
    return statuses


@pytest.mark.one_database("sqlite")
def test_looking_at_everything_changes_nothing_and_finds_no_dead_link(
    app: Flask, cardless: Season, visitor: Visitor
) -> None:
    people: dict[str, Visitor] = {}
    for name in ("paying", "settled", "declined"):
        people[name] = Visitor(app)
        sign_in(people[name], cardless[name].email, season.PASSWORD)
    for role in (Role.ADMIN, Role.COORDINATOR, Role.EDITOR):
        people[role.value] = Visitor(app)
        sign_in(people[role.value], cardless.staff[role], season.PASSWORD)
    started = cardless["started"].enrollment
    links = [f"/links/{token_for(app, 'prove_email', started)}"]
    links += [
        f"/links/{token_for(app, 'refund', cardless[name].enrollment)}" for name in ("fresh", "declined", "settled")
    ]
    before = checksums(app, NOTHING_APART)
    with time_machine.travel(clock.now(), tick=False):  # a session that goes on for minutes is noted as seen
        seen = {"visitor": crawl(visitor, "/", "/my", "/staff", *links, head=True)}
        for name, who in people.items():
            desk = "/my" if name in cardless.students else "/staff"
            seen[name] = crawl(who, desk, within=desk, head=name == "admin")
    assert checksums(app, NOTHING_APART) == before
    dead = {
        f"{name} {path}": status
        for name, statuses in seen.items()
        for path, status in statuses.items()
        if status not in {200, 303}
    }
    assert dead == {}
    assert len(seen["admin"]) > 100
    assert f"/staff/enrollments/{started}" in seen["admin"]
    assert f"/my/enrollments/{cardless['paying'].enrollment}" in seen["paying"]
    assert "/programs/ccma" in seen["visitor"]


def test_a_link_that_was_only_looked_at_still_decides(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    path = f"/links/{token_for(app, 'prove_email', reference)}"
    assert {crawl(Visitor(app), path, within=path, head=True)[path] for _ in range(3)} == {200}
    assert prove(app, visitor, reference).path == f"/my/enrollments/{reference}"
