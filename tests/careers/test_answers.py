"""What every answer of the public front carries: copies that stay right, a policy, small bytes, no statement, links."""

import base64
import hashlib
import re
from itertools import combinations

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.careers import loading
from provider.careers.rules import address_of
from provider.kernel.database import db, unit_of_work
from provider.kernel.web import CONTENT_SECURITY_POLICY
from provider.programs.models import Program
from tests.harness.html import faults
from tests.harness.statements import statements
from tests.harness.visitor import Page, Visitor

LIBRARY = loading.load(loading.DATA)
CAREERS = tuple(LIBRARY.careers)
RULED = sorted({one.state for one in LIBRARY.licenses})
PAIRS = [address_of(pair) for pair in combinations(CAREERS, 2)]
FOURS = [address_of(four) for four in combinations(CAREERS, 4)]
PAIR = "medical-assistant-vs-phlebotomist"
HTML = (
    "/careers",
    "/licensing",
    "/licensing?state=CA",
    "/sources",
    *(f"/careers/{slug}" for slug in CAREERS),
    *(f"/careers/{slug}/history" for slug in CAREERS),
    *(f"/careers/{address}" for address in PAIRS),
    f"/careers/{FOURS[0]}",
    f"/careers/{PAIR}?state=CA",
)
FILES = tuple(f"/careers/{PAIR}{ending}" for ending in (".json", ".csv", "/chart.svg", "/chart.svg?of=growth"))
REFUSED = {
    f"/careers/{PAIR}?state=ZZ": 422,
    "/careers?career=phlebotomist": 422,
    "/careers/phlebotomy": 404,
    f"/careers/{PAIR}/chart.svg?of=x": 404,
    f"/careers/{PAIR}.xml": 404,
}
ANSWERED = f"/careers/{PAIR}?q-contact=brief"


def test_every_page_is_good_html_with_one_heading_that_its_title_begins_with(app: Flask) -> None:
    client = app.test_client()
    for path in (*HTML, ANSWERED):
        page = Page(client.get(path), path)
        assert (path, page.status, faults(page.response)) == (path, 200, [])
        assert page.words("title").startswith(page.title)


def test_a_copy_in_the_browser_is_told_to_be_right_by_its_content(app: Flask) -> None:
    client, tags = app.test_client(), set()
    for path in (*HTML, *FILES, f"/careers/{PAIR}/chart.png"):
        first = client.get(path)
        tag = first.headers["ETag"]
        assert (path, first.headers["Cache-Control"], first.headers.get("Set-Cookie")) == (
            path, "public, max-age=30", None,
        )  # fmt: skip
        again = client.get(path, headers={"If-None-Match": tag})
        assert (path, again.status_code, again.data, again.headers["ETag"]) == (path, 304, b"", tag)
        assert again.headers.get("Content-Security-Policy") == first.headers["Content-Security-Policy"]
        other = client.get(path, headers={"If-None-Match": '"x"'})
        assert (path, other.status_code, other.data, other.headers["ETag"]) == (path, 200, first.data, tag)
        assert (path, client.head(path).headers["ETag"]) == (path, tag)
        tags.add(tag)
    assert len(tags) == len(HTML) + len(FILES) + 1


def test_an_old_copy_is_replaced_when_the_offer_changes(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/careers/phlebotomist")
    sold = {path: client.get(path).headers["ETag"] for path in ("/careers/phlebotomist", "/sources")}
    assert 'href="/programs/cpt"' in first.text
    with app.app_context(), unit_of_work():
        db.session.scalars(sa.select(Program).where(Program.code == "CPT")).one().on_sale = False
    changed = client.get("/careers/phlebotomist", headers={"If-None-Match": sold["/careers/phlebotomist"]})
    assert (changed.status_code, 'href="/programs/cpt"' in changed.text) == (200, False)
    assert client.get("/sources", headers={"If-None-Match": sold["/sources"]}).status_code == 304


def test_what_was_refused_or_answered_is_not_kept_by_anybody(app: Flask) -> None:
    client = app.test_client()
    for path, status in (REFUSED | {ANSWERED: 200}).items():
        response = client.get(path, headers={"If-None-Match": "*"})
        assert (path, response.status_code, response.headers["Cache-Control"]) == (path, status, "no-store")
        assert (path, response.headers.get("ETag"), response.headers.get("Set-Cookie")) == (path, None, None)


@pytest.mark.parametrize("addresses, most", [(PAIRS, 60_000), (FOURS, 110_000)], ids=["two careers", "four careers"])
def test_a_comparison_stays_small_in_every_state(app: Flask, addresses: list[str], most: int) -> None:
    client = app.test_client()
    states = ("", *RULED, "WY") if most == 60_000 else ("", "CA", "WA")
    sizes = {
        f"{address} {state}": len(client.get(f"/careers/{address}" + (f"?state={state}" if state else "")).data)
        for address in addresses
        for state in states
    }
    assert len(sizes) == len(addresses) * len(states)
    assert {where: size for where, size in sizes.items() if size > most} == {}


def test_the_only_script_of_a_page_is_the_one_that_its_policy_names(app: Flask) -> None:
    client = app.test_client()
    for path in (*HTML, ANSWERED, f"/careers/{PAIR}?state=ZZ"):
        response = client.get(path)
        assert [tag for tag in re.findall(r"<script\b[^>]*>", response.text) if "ld+json" not in tag] == ["<script>"]
        [script] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = CONTENT_SECURITY_POLICY.replace("script-src 'self'", f"script-src 'sha256-{digest}'")
        assert "unsafe" not in policy
        assert (path, response.headers.get_all("Content-Security-Policy")) == (path, [policy])
        assert re.findall(r"\son[a-z]+=|\sstyle=|<style|javascript:", response.text) == []


def test_a_page_that_names_no_careers_carries_no_script(app: Flask) -> None:
    response = app.test_client().get("/careers/phlebotomy")
    assert "<script" not in response.text
    assert "'unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("signed_in", [False, True], ids=["nobody", "somebody"])
def test_no_page_asks_the_database_once_the_offer_was_read(app: Flask, signed_in: bool) -> None:  # noqa: FBT001 - parametrized
    client = app.test_client()
    client.get("/careers")
    app.extensions["public_pages"].clear()
    if signed_in:
        with client.session_transaction() as session:
            session["_user_id"] = "P-SOMEBODY.0"
    with statements(app) as sent:
        found = {path: client.get(path).status_code for path in (*HTML, *FILES, ANSWERED, *REFUSED, "/sitemap.xml")}
    assert found == dict.fromkeys((*HTML, *FILES, ANSWERED, "/sitemap.xml"), 200) | REFUSED
    assert (sent.statements, sent.commits) == ([], 0)


def test_each_page_names_its_one_address(app: Flask) -> None:
    visitor, base = Visitor(app), app.extensions["settings"].BASE_URL
    for path in (*HTML, ANSWERED):
        page = visitor.get(path)
        links = [link.attrs["href"] for link in page.all("link[rel=canonical]")]
        assert (path, links) == (path, [base + path.partition("?")[0]])


@pytest.mark.parametrize("address", [*CAREERS, PAIR, PAIRS[0], FOURS[0]])
def test_a_shared_link_has_a_title_a_sentence_and_a_picture(visitor: Visitor, app: Flask, address: str) -> None:
    page, base = visitor.get(f"/careers/{address}"), app.extensions["settings"].BASE_URL
    graph = {tag.attrs["property"]: tag.attrs["content"] for tag in page.all("meta[property]")}
    [described] = [tag.attrs["content"] for tag in page.all("meta[name=description]")]
    assert graph == {
        "og:type": "article",
        "og:title": page.title,
        "og:description": described,
        "og:url": f"{base}/careers/{address}",
        "og:image": f"{base}/careers/{address}/chart.png",
    }
    assert 50 < len(described) <= 160
    alternate = [(link.attrs["type"], link.attrs["href"]) for link in page.all("link[rel=alternate]")]
    assert alternate == [
        ("application/json", f"/careers/{address}.json"),
        ("text/csv", f"/careers/{address}.csv"),
    ]


def test_the_sitemap_names_every_page_of_careers_with_the_day_of_its_last_change(app: Flask) -> None:
    base = app.extensions["settings"].BASE_URL
    changed = {slug: career.updated_on for slug, career in LIBRARY.careers.items()}
    expected = dict.fromkeys(("/careers", "/licensing", "/sources"), max(changed.values()))
    for slug, changed_on in changed.items():
        expected |= {f"/careers/{slug}": changed_on, f"/careers/{slug}/history": changed_on}
    for pair in combinations(CAREERS, 2):
        edited = LIBRARY.ordered(LIBRARY.several(pair))[1]
        days = [changed[slug] for slug in pair] + ([edited.updated_on] if edited else [])
        expected[f"/careers/{address_of(pair)}"] = max(days)
    listed = re.findall(r"<loc>(.*?)</loc>(?:<lastmod>(.*?)</lastmod>)?", app.test_client().get("/sitemap.xml").text)
    ours = {
        address.removeprefix(base): changed_on
        for address, changed_on in listed
        if re.fullmatch(r"/(careers.*|licensing|sources)", address.removeprefix(base))
    }
    assert ours == {path: day.isoformat() for path, day in expected.items()}
    assert len(listed) == len({address for address, _ in listed})


def test_the_largest_comparison_stays_small_with_every_question_answered(visitor: Visitor) -> None:
    answers = "q-contact=brief&q-needles=daily&q-work=varied&q-desk=no&q-hours=shifts"
    page = visitor.get(f"/careers/{PAIR}?state=CA&{answers}")
    assert page.text.count(" checked") == 5
    assert len(page.response.data) <= 60_000
