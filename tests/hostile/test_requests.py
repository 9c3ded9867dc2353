"""Requests that no browser of ours would send: large, broken, deep, with strange addresses; refused in words."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from provider.accounts.rules import Role
from tests.harness.checksums import checksums
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Page, Visitor

MEGABYTE = 1024 * 1024
FORMS = ("/contact", "/programs/ccma/enroll", "/sign-in", "/forgot-password")
TYPED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
Send = Callable[[Visitor, str], TestResponse]


def _body(content: bytes, kind: str, **headers: str) -> Send:
    return lambda visitor, path: visitor.client.post(path, data=content, content_type=kind, headers=headers)


def _fields(number: int) -> Send:
    return lambda visitor, path: visitor.client.post(
        path, data={"csrf_token": visitor.token()} | {f"field{n}": "x" for n in range(number)}
    )


def _parts(number: int) -> Send:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    return _body(part * number + b"--b--\r\n", MULTIPART)


DEEP = b"[" * 100_000 + b"]" * 100_000
BROKEN = {
    "a body of 12 megabytes": (_body(b"x" * 12 * MEGABYTE, MULTIPART), 413),
    "a field of 1 megabyte": (_body(b"a=" + b"x" * MEGABYTE, TYPED), 413),
    "a part of 1 megabyte": (
        _body(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * MEGABYTE + b"\r\n--b--", MULTIPART),
        413,
    ),
    "5,000 fields": (_fields(5_000), 422),
    "5,000 parts": (_parts(5_000), 413),
    "multipart without an end": (_body(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', MULTIPART), 400),
    "multipart without a boundary": (_body(b"--b\r\n", "multipart/form-data"), 400),
    "multipart of nothing": (_body(b"", MULTIPART), 400),
    "deep JSON": (_body(DEEP, "application/json"), 400),
    "large JSON": (_body(b'"' + b"x" * 20 * MEGABYTE + b'"', "application/json"), 413),
    "XML": (_body(b'<?xml version="1.0"?><a/>', "text/xml"), 400),
    "bytes that are no text": (_body(bytes(range(256)), TYPED), 400),
    "a compressed body": (_body(b"\x1f\x8b\x08" * 100, TYPED, **{"Content-Encoding": "gzip"}), 400),
    "a strange character set": (_body(b"a=b", "application/x-www-form-urlencoded; charset=utf-7"), 400),
}


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_request_is_answered_in_words_and_stores_nothing(app: Flask, visitor: Visitor, what: str) -> None:
    before = checksums(app)
    send, status = BROKEN[what]
    for path in FORMS:
        visitor.get("/sign-in")
        answer = Page(send(visitor, path), path)
        assert (path, answer.status) == (path, status)
        assert answer.words("main .lead, main .error-summary")
    assert checksums(app) == before


NAUGHTY = (
    "\0",
    "a\0b",
    "\u202e",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "%",
    "_",
    "../../etc/passwd",
    "{{7*7}}",
    "x" * 3000,
    "9" * 60,
    "-1",
    "1e999",
    "\ud7ff\uffff",
    "\u017ftra\u00dfe \u0130",
)
QUERIES = (
    "/programs/ccma/enroll?plan={}",
    "/contact?sent={}",
    "/sign-in?next={}",
    "/staff/enrollments?q={}",
    "/staff/enrollments?state={}",
    "/staff/enrollments?program={}",
    "/staff/enrollments?before={}",
    "/staff/enrollments?after={}",
    "/staff/payments?view={}",
    "/staff/payments?before={}",
    "/staff/refunds?state={}",
    "/staff/refunds?after={}",
    "/staff/mail?state={}",
    "/staff/mail?before={}",
    "/staff/tasks?after={}",
    "/staff/completions?q={}",
    "/?utm={}",
    "/careers?career={}",
    "/careers?career={}&career=phlebotomist",
    "/careers/phlebotomist?state={}",
    "/careers/phlebotomist?utm={}",
    "/careers/medical-assistant-vs-phlebotomist?state={}",
    "/careers/medical-assistant-vs-phlebotomist?q-contact={}",
    "/careers/medical-assistant-vs-phlebotomist?q-{}=brief",
    "/licensing?state={}",
    "/sources?q={}",
    "/staff/disclosures?who={}",
    "/staff/erasures?who={}",
)
PATHS = (
    "/programs/{}",
    "/programs/{}/enroll",
    "/exams/{}",
    "/links/{}",
    "/my/enrollments/{}",
    "/my/enrollments/{}/agreement.pdf",
    "/my/enrollments/{}/receipts/RC-22222222",
    "/staff/enrollments/{}",
    "/staff/payments/{}",
    "/staff/refunds/{}",
    "/staff/mail/{}",
    "/staff/tasks/{}",
    "/staff/people/{}",
    "/staff/erasures/{}",
    "/staff/programs/{}",
    "/staff/faq/{}",
    "/staff/files/{}",
    "/static/{}",
    "/static/fonts/{}",
    "/careers/{}",
    "/careers/{}.json",
    "/careers/{}.csv",
    "/careers/{}/history",
    "/careers/{}/chart.svg",
    "/careers/{}/chart.png",
    "/careers/phlebotomist.{}",
    "/careers/phlebotomist/{}",
    "/careers/phlebotomist/chart.svg?of={}",
    "/careers/medical-assistant-vs-{}",
    "/careers/{}-vs-phlebotomist?state=CA",
    "/{}",
)
# As they stand in the first line of a request, percent signs and all.
STRANGE = {
    "up and away": "../../../etc/passwd",
    "up and away, written": "..%2f..%2f..%2fetc%2fpasswd",
    "up and away, twice written": "%252e%252e%252fetc%252fpasswd",
    "backslashes": "..%5c..%5cetc%5cpasswd",
    "a NUL": "phlebotomist%00",
    "a NUL before an ending": "phlebotomist%00.json",
    "half a character": "%ff%fe%c3",
    "a lone surrogate": "%ed%a0%80",
    "20,000 letters": "a" * 20_000,
    "a name 2,000 times": "phlebotomist" * 2000,
    "200 unknown ones": "-vs-".join(["a"] * 200),
    "200 times the same": "-vs-".join(["phlebotomist"] * 200),
    "200 times nothing": "-vs-" * 200,
    "200 dots": "phlebotomist" + "." * 200,
    "other scripts": quote("醫療助理-vs-фlebotomist"),
    "wide letters": quote("\uff50hlebotomist"),
    "letters that shrink": quote("PHLEBOTOM\u0130\u017fT"),
    "from right to left": quote("\u202etsimotobelhp"),
    "a line break and a header": "phlebotomist%0d%0aSet-Cookie:%20stolen=1",
    "a line break and a page": "phlebotomist%0d%0a%0d%0a%3Cscript%3Ealert(1)%3C/script%3E",
    "a tag": "%3Cscript%3Ealert(1)%3C/script%3E-vs-phlebotomist",
    "an attribute": "%22%20onmouseover=alert(1)%20x=%22",
    "a template": "%7B%7B7*7%7D%7D",
    "a format": "%7B0.__class__%7D%25s%25n",
}


def _admin(school: Flask, season: Season) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.ADMIN])
    return visitor


@pytest.mark.one_database("postgresql")
def test_no_question_in_an_address_is_an_error_of_ours(school: Flask, season: Season) -> None:
    visitor = _admin(school, season)
    before = checksums(school)
    for address in QUERIES:
        for value in NAUGHTY:
            response = visitor.client.get(address.format(quote(value, safe="")))
            text = response.get_data(as_text=True)
            assert (address, value, response.status_code) in {(address, value, 200), (address, value, 422)}
            assert "<script>alert" not in text
            assert ">49<" not in text
    assert checksums(school) == before


@pytest.mark.one_database("postgresql")
def test_no_address_is_an_error_of_ours(school: Flask, season: Season) -> None:
    visitor = _admin(school, season)
    before = checksums(school)
    for address in PATHS:
        for value in NAUGHTY:
            response = visitor.client.get(address.format(quote(value, safe="")))
            refused = {404, 410} if address.startswith("/links/") else {404}
            assert (address, value, response.status_code in refused) == (address, value, True)
    assert checksums(school) == before


def _reflected(response: TestResponse) -> list[str]:
    told = response.get_data(as_text=True) + str(response.headers)
    signs = ("<script>alert", "onmouseover", "stolen=1", "evil.example", ">49<", "etc/passwd", "<class", "%s%n")
    return [sign for sign in signs if sign in told]


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_no_career_is_so_strange_that_it_is_an_error_of_ours(app: Flask, strange: str) -> None:
    client = app.test_client()
    for address in (strange, f"medical-assistant-vs-{strange}"):
        for ending in ("", ".json", ".csv", "/history", "/chart.svg", "/chart.png"):
            response = client.get(f"/careers/{address}{ending}")
            assert (ending, response.status_code, _reflected(response)) == (ending, 404, [])
            assert (response.headers.get("Set-Cookie"), response.headers.get("Location")) == (None, None)
            assert len(response.data) < 10_000


def test_slashes_in_the_name_of_a_career_lead_nowhere_else(app: Flask) -> None:
    response = app.test_client().get("/careers/%2f%2fevil.example")
    assert (response.status_code, response.headers["Location"]) == (308, "http://localhost/careers/evil.example")


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_no_question_to_a_career_is_repeated_to_whoever_asked_it(app: Flask, strange: str) -> None:
    client, pair = app.test_client(), "/careers/medical-assistant-vs-phlebotomist"
    plain = {"state": client.get(f"{pair}?state=ZZ").data, "q-work": client.get(f"{pair}?q-work=x").data}
    for name, status in (("state", 422), ("q-work", 200)):
        response = client.get(f"{pair}?{name}={strange}")
        assert (response.status_code, response.data, _reflected(response)) == (status, plain[name], [])
    other = client.get(f"/careers/phlebotomist-vs-medical-assistant?state={strange}")
    assert (other.status_code, other.headers["Location"], _reflected(other)) == (301, pair, [])


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "////evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " //evil.example",
        "http:///evil.example",
    ],
)
def test_signing_in_leads_nowhere_else(school: Flask, season: Season, target: str) -> None:
    visitor = Visitor(school)
    visitor.get(f"/sign-in?next={quote(target, safe='')}")
    page = visitor.submit({"email": season.staff[Role.ADMIN], "password": "a long and quiet password"}, follow=False)
    assert page.response.headers["Location"].startswith("/")
    assert not page.response.headers["Location"].startswith(("//", "/\\"))
