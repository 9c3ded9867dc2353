"""What every request gets: an answer in words whatever was sent, and the clock and zone of what is shown."""

import datetime as dt
import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask, request
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from config import Config
from provider.app import create_app
from provider.kernel import web
from provider.kernel.database import db
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.errors import DomainError, NotAllowed, TooMany
from tests.harness.visitor import Page

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application with a few doors that fail in their own ways."""
    app = create_app(Config.load({"INSTANCE_DIR": str(tmp_path_factory.mktemp("house")), "SECRET_KEY": "k" * 40}))
    door = Door("trial", __name__, needs=PUBLIC, url_prefix="/trial")

    def fail(error: Exception) -> Iterator[str]:
        raise error

    def json() -> str:
        return str(len(request.get_json()))

    door.add_url_rule("/refused", "refused", lambda: fail(DomainError("The sentence <b>of the refusal</b>.")))
    door.add_url_rule("/forbidden", "forbidden", lambda: fail(NotAllowed()))
    door.add_url_rule("/often", "often", lambda: fail(TooMany()))
    door.add_url_rule("/bug", "bug", lambda: fail(RuntimeError("secret inside")))
    door.add_url_rule("/database", "database", lambda: str(db.session.execute(sa.text("SELECT 1"))))
    door.add_url_rule("/echo", "echo", lambda: str(len(request.form)), methods=["POST"])
    door.add_url_rule("/json", "json", json, methods=["POST"])
    app.register_blueprint(door)
    app.extensions["csrf"].exempt(door)
    return app


@pytest.fixture
def client(house: Flask) -> Client:
    return house.test_client()


def page_of(client: Client, path: str, **how: object) -> Page:
    return Page(client.open(path, **how), path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path, method, status, title, sentence",
    [
        ("/nowhere", "GET", 404, "Page not found", web.SENTENCES[404]),
        ("/trial/refused", "GET", 409, "This did not work", "The sentence <b>of the refusal</b>."),
        ("/trial/forbidden", "GET", 403, "Not allowed", NotAllowed.sentence),
        ("/trial/often", "GET", 429, "Please wait", TooMany().sentence),
        ("/trial/bug", "GET", 500, "Something went wrong", web.SENTENCES[500]),
        ("/trial/bug", "POST", 405, "This did not work", web.SENTENCES[405]),
        ("/trial/json", "POST", 415, "This did not work", web.SENTENCES[415]),
        ("/sign-in", "POST", 400, "This did not work", None),
    ],
)
def test_every_failure_is_a_page_with_a_sentence(
    client: Client, path: str, method: str, status: int, title: str, sentence: str | None
) -> None:
    page = page_of(client, path, method=method)
    assert (page.status, page.title) == (status, title)
    assert sentence is None or page.words(".lead") == sentence
    assert "secret" not in page.text
    assert "Traceback" not in page.text
    assert len(page.words(".error-page__id code")) == 16


def test_a_refusal_for_trying_often_says_when_to_come_back(client: Client) -> None:
    assert page_of(client, "/trial/often").response.headers["Retry-After"] == "900"


def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    assert set(page_of(client, "/trial/bug", method="PUT").response.headers["Allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
    }


def test_a_database_that_cannot_be_reached_is_a_sentence(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("away")
    away = create_app(
        Config.load(
            {
                "INSTANCE_DIR": str(folder),
                "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
                "SECRET_KEY": "k" * 40,
            }
        )
    )
    page = page_of(away.test_client(), "/links/rubbish")
    assert (page.status, page.response.headers["Retry-After"]) == (503, "5")
    assert page.words(".lead") == (
        "The school's records cannot be reached. Nothing was changed. Try again in a few seconds."
    )
    assert page_of(away.test_client(), "/sign-in").status == 200


class Zeros:
    """A body of so many bytes that never lies in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = self.left if size < 0 else min(size, self.left)
        self.left -= given
        return b"0" * given


def send(client: Client, path: str, kind: str, body: bytes | Zeros, length: int | None) -> Page:
    """Post a raw body, with its length or without one as chunks come."""
    environ = EnvironBuilder(path=path, method="POST").get_environ()
    environ |= {"CONTENT_TYPE": kind, "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body}
    if length is None:
        environ.pop("CONTENT_LENGTH", None)
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(length)
    body_out, status, headers = client.run_wsgi_app(environ, buffered=True)
    return Page(client.response_wrapper(body_out, status, headers, request=Request(environ)), path)


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART, "application/json"])
def test_a_body_of_100_megabytes_is_too_large(client: Client, kind: str) -> None:
    body = Zeros(100 * MEGABYTE)
    page = send(client, "/sign-in", kind, body, body.left)
    assert (page.status, page.words(".lead")) == (413, web.SENTENCES[413])
    assert body.left == 100 * MEGABYTE


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
def test_a_body_that_comes_in_chunks_is_read_up_to_the_limit(client: Client, kind: str) -> None:
    body = Zeros(100 * MEGABYTE)
    page = send(client, "/sign-in", kind, body, None)
    assert page.status in {400, 413}
    assert body.left > 80 * MEGABYTE


@pytest.mark.parametrize(
    "kind, body, status",
    [
        (URLENCODED, b"a=" + b"x" * MEGABYTE, 413),
        (MULTIPART, part("a", b"x" * MEGABYTE) + b"--b--\r\n", 413),
        (MULTIPART, b"".join(part(f"f{n}", b"x") for n in range(5000)) + b"--b--\r\n", 413),
        (URLENCODED, b"&".join(b"f%d=x" % n for n in range(5000)), 200),
        (MULTIPART, part("a", b"x")[:-20], 200),
        (MULTIPART, b"rubbish", 200),
        ("multipart/form-data", b"rubbish", 200),
        ("multipart/form-data; boundary=", b"--\r\n", 200),
        (URLENCODED, b"%ff%fe=%00&&&==&%", 200),
        ("text/plain", b"a=b", 200),
        ("", b"a=b", 200),
    ],
    ids=[
        "long field", "long part", "5,000 parts", "5,000 fields", "cut off", "no part", "no boundary", "empty boundary",
        "bad escapes", "plain text", "no type",
    ],
)  # fmt: skip
def test_no_body_breaks_the_reading_of_a_form(client: Client, kind: str, body: bytes, status: int) -> None:
    assert send(client, "/trial/echo", kind, body, len(body)).status == status
    signed = send(client, "/sign-in", kind, body, len(body))
    assert signed.status == (status if status == 413 else 400)
    assert signed.title == "This did not work"


@pytest.mark.parametrize(
    "body, status",
    [
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" + b"1," * MEGABYTE + b"1]", 413),
        (b"[1,2]", 200),
    ],
    ids=["deep lists", "deep objects", "cut off", "no text", "large", "good"],
)
def test_no_json_breaks_its_reading(client: Client, body: bytes, status: int) -> None:
    page = send(client, "/trial/json", "application/json", body, len(body))
    assert page.status == status
    assert status == 200 or page.words(".lead") == web.SENTENCES[status]


def test_an_upload_may_have_ten_megabytes(client: Client) -> None:
    body = part("proof", b"x" * (10 * MEGABYTE), "../../proof.pdf") + b"--b--\r\n"
    assert send(client, "/trial/echo", MULTIPART, body, len(body)).status == 200
    body = part("proof", b"x" * (11 * MEGABYTE), "proof.pdf") + b"--b--\r\n"
    page = send(client, "/trial/echo", MULTIPART, body, len(body))
    assert (page.status, page.words(".lead")) == (413, web.SENTENCES[413])


@pytest.mark.parametrize(
    "path",
    [
        "/%00", "/%ff%fe", "/links/%2e%2e%2f", "/links/" + "x" * 9000, "//evil.example/", "/sign-in/../nowhere",
        "/links/%E2%80%AE", "/sign-in?next=%ff&next=%00",
    ],
)  # fmt: skip
def test_no_address_breaks_a_page(client: Client, path: str) -> None:
    assert page_of(client, path).status in {200, 308, 400, 404, 410, 503}


INSTANT = dt.datetime(2026, 11, 22, 4, 31, 59, 999_999, tzinfo=dt.UTC)


def test_instants_are_written_to_the_second_in_a_zone_and_in_utc(house: Flask) -> None:
    with house.app_context():
        assert web.when(INSTANT) == "November 21, 2026, 11:31:59 PM EST"
        assert web.when(INSTANT, "America/Los_Angeles") == "November 21, 2026, 8:31:59 PM PST"
        assert web.when(dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)) == "July 1, 2026, 12:00:00 AM EDT"
    assert web.utc(INSTANT.astimezone(dt.timezone(dt.timedelta(hours=-5)))) == "2026-11-22 04:31:59 UTC"
    assert web.day(dt.date(2026, 3, 4)) == "March 4, 2026"
