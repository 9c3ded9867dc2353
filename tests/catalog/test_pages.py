"""Public pages that are remembered: answered before Flask while nothing has changed, and as Flask would."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask, request

from provider.catalog import queries

PATHS = ("/", "/programs/ccma", "/careers", "/careers/medical-assistant-vs-phlebotomist", "/sources")
NEXT_DAY = dt.timedelta(days=1)


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The paths that reach Flask."""
    found: list[str] = []
    note = app.before_request_funcs.setdefault(None, [])

    def seen() -> None:
        found.append(request.path)

    note.insert(0, seen)
    yield found
    note.remove(seen)


@pytest.mark.parametrize("path", PATHS)
def test_the_second_answer_is_the_first_one_and_asks_nobody(app: Flask, asked: list[str], path: str) -> None:
    client = app.test_client()
    first, second = client.get(path), client.get(path)
    assert asked == [path]
    assert (second.status_code, second.data, sorted(second.headers)) == (200, first.data, sorted(first.headers))
    known = {"If-None-Match": f'W/"other", {first.headers["ETag"]}'}
    third, by_flask = client.get(path, headers=known), client.get(f"{path}?x=1", headers=known)
    assert (third.status_code, third.data, asked) == (304, b"", [path, path])
    assert (by_flask.status_code, sorted(by_flask.headers)) == (304, sorted(third.headers))


@pytest.mark.parametrize(
    "method, options, status",
    [
        ("GET", {"query_string": "a=b"}, 200),
        ("GET", {"base_url": "http://elsewhere.example"}, 400),
        ("GET", {"headers": {"Host": "127.0.0.1.elsewhere.example"}}, 400),
        ("HEAD", {}, 200),
        ("POST", {}, 405),
        ("OPTIONS", {}, 200),
    ],
    ids=["question", "host", "host-that-begins-well", "head", "post", "options"],
)
def test_everything_else_goes_on_to_flask(
    app: Flask, asked: list[str], method: str, options: dict[str, str], status: int
) -> None:
    client = app.test_client()
    client.get("/careers")
    assert client.open("/careers", method=method, **options).status_code == status  # type: ignore[arg-type] # one of each kind
    assert asked == ["/careers", "/careers"]


def test_a_new_day_and_a_change_make_the_page_again(app: Flask, asked: list[str]) -> None:
    client = app.test_client()

    def opened() -> int:
        before = len(asked)
        assert client.get("/programs/ccma").status_code == 200
        return len(asked) - before

    now = dt.datetime.now(dt.UTC)
    with time_machine.travel(now, tick=False) as clock:
        assert [opened(), opened()] == [1, 0]
        clock.shift(NEXT_DAY)
        assert [opened(), opened()] == [1, 0]
    with app.app_context():
        queries.forget()
    assert [opened(), opened()] == [1, 0]
