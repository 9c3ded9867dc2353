"""The doors of the public front: one address for each page, refusals in words, states, choices, questions, charts."""

import re
import struct
from itertools import combinations, permutations
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from config import Config
from provider.app import create_app
from provider.careers import charts, loading, suits
from provider.careers.rules import address_of
from provider.kernel.web import day
from provider.places.rules import STATE_NAMES
from tests.harness.checksums import checksums
from tests.harness.html import faults
from tests.harness.visitor import Page, Visitor

LIBRARY = loading.load(loading.DATA)
CAREERS = tuple(LIBRARY.careers)
NAMES = {slug: career.name for slug, career in LIBRARY.careers.items()}
ASSISTANT, BLOOD, LAB, CARE = "medical-assistant", "phlebotomist", "medical-lab-technician", "patient-care-technician"
PAIR = f"{ASSISTANT}-vs-{BLOOD}"
FOUR = f"{ASSISTANT}-vs-{LAB}-vs-{CARE}-vs-{BLOOD}"
ENDINGS = ("", ".json", ".csv", "/chart.svg", "/chart.png")
UNKNOWN_STATE = "We do not know this state. Choose one from the list."
TOO_FEW = "Choose two, three or four careers to compare."
NOT_OURS = "We do not describe one of these careers. Choose two to four from the list."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A school whose records were never there: what an address answers does not need them."""
    folder = tmp_path_factory.mktemp("house")
    nowhere = f"sqlite:///{folder}/no/such/folder/school.sqlite3"
    return create_app(
        Config.load({"INSTANCE_DIR": str(folder), "SECRET_KEY": "k" * 40, "DATABASE_URL": nowhere, "PORT": "8123"})
    )


@pytest.fixture
def anyone(house: Flask) -> Visitor:
    return Visitor(house)


def _near(page: Page) -> list[str]:
    return [" ".join(link.to_text().split()) for link in page.all("main ul a")]


# One address for each page


@pytest.mark.parametrize("ending", ENDINGS, ids=["page", "JSON", "CSV", "drawing", "picture"])
@pytest.mark.parametrize("number", [2, 3, 4])
def test_careers_in_another_order_are_sent_to_the_alphabetical_one(house: Flask, number: int, ending: str) -> None:
    client, told = house.test_client(), sorted(CAREERS)[-number:]
    right = f"/careers/{address_of(told)}{ending}"
    for order in permutations(told):
        asked = f"/careers/{'-vs-'.join(order)}{ending}"
        if asked == right:
            continue
        for query, state in (("", ""), ("?state=CA", "?state=CA"), ("?state=ZZ", ""), ("?state=%3Cb%3E&x=1", "")):
            response = client.get(asked + query)
            kept = "" if "chart" in ending else state  # a drawing has nothing to do with a state
            assert (response.status_code, response.headers["Location"]) == (301, right + kept)


def test_the_address_that_another_order_is_sent_to_answers(anyone: Visitor) -> None:
    anyone.get(f"/careers/{BLOOD}-vs-{ASSISTANT}?state=CA", 301)
    assert anyone.follow().path == f"/careers/{PAIR}?state=CA"


def test_a_drawing_in_another_order_keeps_which_chart_was_asked_for(house: Flask) -> None:
    response = house.test_client().get(f"/careers/{BLOOD}-vs-{ASSISTANT}/chart.svg?of=growth&state=CA")
    assert response.headers["Location"] == f"/careers/{PAIR}/chart.svg?of=growth"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "asked, near",
    [
        ("phlebotomy", [BLOOD]),
        ("phlebotomst", [BLOOD]),
        ("Phlebotomist", [BLOOD]),
        ("MEDICAL-ASSISTANT", [ASSISTANT]),
        ("medical-lab", [LAB]),
        ("phlebotomist-school", [BLOOD]),
        ("astronaut", []),
        (f"{ASSISTANT}-vs-phlebotomy", [ASSISTANT, BLOOD]),
        (f"{ASSISTANT}-vs-{LAB}-vs-{CARE}-vs-phlebotomy", [ASSISTANT, LAB, CARE, BLOOD]),
        (f"{ASSISTANT}-vs-", [ASSISTANT]),
    ],
    ids=["typo", "letter missing", "capital", "upper case", "prefix", "longer", "nothing near", "pair", "four", "end"],
)
def test_an_unknown_career_is_not_found_and_near_ones_are_named(
    anyone: Visitor, asked: str, near: list[str], ending: str
) -> None:
    page = anyone.get(f"/careers/{asked}{ending}", 404)
    assert (page.title, page.words(".lead")) == ("Career not found", "We do not describe this career.")
    assert _near(page) == [NAMES[slug] for slug in near]
    assert (faults(page.response), page.response.headers["Cache-Control"]) == ([], "no-store")


@pytest.mark.parametrize(
    "asked, sentence, near",
    [
        (f"{BLOOD}-vs-{BLOOD}", "A career cannot be compared with itself.", [BLOOD]),
        (f"{ASSISTANT}-vs-{BLOOD}-vs-{ASSISTANT}", "A career cannot be compared with itself.", [ASSISTANT, BLOOD]),
        ("-vs-".join(CAREERS[:5]), "Two to four careers can be compared at a time.", list(CAREERS[:5])),
        ("-vs-".join(CAREERS), "Two to four careers can be compared at a time.", list(CAREERS)),
    ],
    ids=["twice", "twice of three", "five", "six"],
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_comparison_that_there_cannot_be_says_why(
    anyone: Visitor, asked: str, sentence: str, near: list[str], ending: str
) -> None:
    page = anyone.get(f"/careers/{asked}{ending}", 404)
    assert (page.words(".lead"), _near(page)) == (sentence, [NAMES[slug] for slug in near])
    assert faults(page.response) == []


@pytest.mark.parametrize(
    "path", [f"/careers/{PAIR}.xml", f"/careers/{PAIR}.", f"/careers/{PAIR}.json.csv", "/careers/"]
)
def test_what_is_no_page_of_a_career_is_a_page_that_says_so(anyone: Visitor, path: str) -> None:
    page = anyone.get(path, 404)
    assert (page.title, faults(page.response)) == ("Page not found", [])


def test_a_history_is_that_of_one_career(anyone: Visitor) -> None:
    assert anyone.get(f"/careers/{BLOOD}/history").title == "Phlebotomist: figures that differ"
    assert _near(anyone.get("/careers/phlebotomy/history", 404)) == [NAMES[BLOOD]]
    assert _near(anyone.get(f"/careers/{PAIR}/history", 404)) == [NAMES[ASSISTANT], NAMES[BLOOD]]


# The state


@pytest.mark.parametrize(
    "query",
    [
        "state=ca",
        "state=California",
        "state=%20CA",
        "state=CA%00",
        f"state={quote('<script>alert(1)</script>')}",
        "state=%22%20onfocus=alert(1)%20x=%22",
        f"state={'A' * 10_000}",
        "state=ZZ&state=CA",
        "state=CA%0d%0aSet-Cookie:%20a=b",
        "state=%D0%A1A",
    ],
    ids=["lower case", "name", "blank", "NUL", "tag", "attribute", "10 kB", "repeated", "line break", "Cyrillic"],
)
@pytest.mark.parametrize("path", [f"/careers/{PAIR}", f"/careers/{CARE}", f"/careers/{FOUR}", "/licensing"])
def test_an_unknown_state_is_refused_in_words_and_not_repeated(anyone: Visitor, path: str, query: str) -> None:
    plain = anyone.get(f"{path}?state=ZZ", 422)
    [error] = plain.all(".field__error span:not(.visually-hidden)")
    assert error.to_text().split(":")[-1].strip() == UNKNOWN_STATE
    assert [option.attrs["value"] for option in plain.all("select option[selected]")] == []
    assert (faults(plain.response), plain.response.headers["Cache-Control"]) == ([], "no-store")
    assert anyone.get(f"{path}?{query}", 422).text == plain.text


def test_of_two_states_the_first_counts_and_the_other_is_not_repeated(anyone: Visitor) -> None:
    twice = anyone.get(f"/careers/{PAIR}?state=CA&state=%3Cscript%3E")
    assert twice.text == anyone.get(f"/careers/{PAIR}?state=CA").text


@pytest.mark.parametrize("path", ["/careers/" + PAIR, "/careers", "/licensing", "/sources", f"/careers/{CARE}/history"])
def test_a_question_that_we_do_not_know_is_ignored(house: Flask, path: str) -> None:
    client = house.test_client()
    plain = client.get(path)
    for query in ("utm_source=x", "%3Cscript%3E=%3Cscript%3E", "State=ZZ", "_method=DELETE", "q=1&Q-contact=x"):
        asked = client.get(f"{path}?{query}")
        assert (asked.status_code, asked.data, asked.headers["ETag"]) == (200, plain.data, plain.headers["ETag"])


@pytest.mark.parametrize("address", [*CAREERS, PAIR, FOUR])
def test_california_stands_there_with_the_day_on_which_it_was_read(anyone: Visitor, address: str) -> None:
    told = LIBRARY.ordered(LIBRARY.several(tuple(address.split("-vs-"))))[0]
    rules = dict.fromkeys(row for career in told for row in LIBRARY.licenses_of(career.slug, "CA"))
    page = anyone.get(f"/careers/{address}?state=CA")
    shown = [
        (rule.query("h3, h4")[0].to_text(), rule.query("time")[0].attrs["datetime"], rule.query("time")[0].to_text())
        for rule in page.all(".rule")
    ]
    assert [(name.strip(), read, text.strip()) for name, read, text in shown] == [
        (f"California: {row.name}", row.as_of.isoformat(), day(row.as_of)) for row in rules
    ]
    without = [career.plural for career in told if not LIBRARY.licenses_of(career.slug, "CA")]
    assert re.findall("We have read of no rule of California for ([^.]*)", page.words()) == without
    assert [option.attrs["value"] for option in page.all("select option[selected]")] == ["CA"]


@pytest.mark.parametrize("address", [BLOOD, PAIR, FOUR])
def test_a_state_of_which_no_rule_was_read_is_no_proof_that_there_is_none(anyone: Visitor, address: str) -> None:
    page = anyone.get(f"/careers/{address}?state=WY")
    assert page.all(".rule") == []
    assert page.words().count("We have read of no rule of Wyoming for ") == len(address.split("-vs-"))
    assert page.words().count("That is no proof that there is none: ask the state’s health department") >= 1


def test_the_list_of_all_states_can_be_cut_to_one(anyone: Visitor) -> None:
    def rows(path: str) -> list[str]:
        return [row.query("th, td")[0].to_text().strip() for row in anyone.get(path).all("tbody tr")]

    known = [STATE_NAMES[one.state] for one in LIBRARY.licenses]
    assert sorted(set(rows("/licensing"))) == sorted(set(known))
    assert set(rows("/licensing?state=WA")) == {"Washington"}
    assert "We have read of no rule of Wyoming" in anyone.get("/licensing?state=WY").words()


# Choosing what to compare


def _ask(*slugs: str) -> str:
    return "/careers?" + "&".join(f"career={quote(slug, safe='')}" for slug in slugs)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_what_was_chosen_is_the_next_page(anyone: Visitor, number: int) -> None:
    chosen = CAREERS[:number]
    for order in (chosen, chosen[::-1], (*chosen, chosen[0])):
        anyone.get(_ask(*order), 303)
        assert anyone.follow().path == f"/careers/{address_of(chosen)}"


@pytest.mark.parametrize(
    "asked, kept, sentence",
    [
        ((BLOOD,), [BLOOD], TOO_FEW),
        ((BLOOD, BLOOD), [BLOOD], TOO_FEW),
        (CAREERS[:5], list(CAREERS[:5]), TOO_FEW),
        (CAREERS, list(CAREERS), TOO_FEW),
        ((BLOOD, "astronaut"), [BLOOD], NOT_OURS),
        (("astronaut",), [], NOT_OURS),
        (("<script>alert(1)</script>", "", "\0"), [], NOT_OURS),
    ],
    ids=["one", "one twice", "five", "six", "an unknown one", "only an unknown one", "hostile"],
)
def test_a_choice_that_cannot_be_compared_is_kept_and_refused_in_words(
    anyone: Visitor, asked: tuple[str, ...], kept: list[str], sentence: str
) -> None:
    page = anyone.get(_ask(*asked), 422)
    [error] = page.all("#career-error span:not(.visually-hidden)")
    assert error.to_text().split(":")[-1].strip() == sentence
    assert sorted(box.attrs["value"] for box in page.all("input[type=checkbox][checked]")) == sorted(kept)
    assert faults(page.response) == []
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "<script>alert" not in page.text


def test_an_unknown_career_among_the_chosen_is_not_dropped_in_silence(anyone: Visitor) -> None:
    page = anyone.get(_ask(ASSISTANT, BLOOD, "astronaut"), 422)
    assert [box.attrs["value"] for box in page.all("input[type=checkbox][checked]")] == [ASSISTANT, BLOOD]


# The questions


def test_answers_show_what_they_point_to_and_are_kept_nowhere(app: Flask, visitor: Visitor) -> None:
    visitor.get(f"/careers/{PAIR}?state=CA")
    before, made = checksums(app, frozenset()), set(app.extensions["public_pages"])
    page = visitor.get(f"/careers/{PAIR}?state=CA&q-contact=brief&q-needles=daily&q-desk=yes")
    expected = suits.asked(
        LIBRARY, LIBRARY.several((ASSISTANT, BLOOD)), {"q-contact": "brief", "q-needles": "daily", "q-desk": "yes"}
    )
    assert expected.result == "Most of your answers point to: Phlebotomist."
    assert expected.result in page.words(".notice")
    checked = {box.attrs["name"]: box.attrs["value"] for box in page.all("input[type=radio][checked]")}
    assert checked == {"q-contact": "brief", "q-needles": "daily", "q-desk": "yes"}
    assert [field.attrs["value"] for field in page.all("input[type=hidden][name=state]")] == ["CA"]
    headers = page.response.headers
    assert (headers["Cache-Control"], headers.get("ETag"), headers.get("Set-Cookie")) == ("no-store", None, None)
    assert (checksums(app, frozenset()), set(app.extensions["public_pages"])) == (before, made)
    assert faults(page.response) == []


@pytest.mark.parametrize(
    "query, counted",
    [
        ("q-contact=never", ""),
        ("q-=brief&q-astronaut=yes", ""),
        ("q-contact=", ""),
        ("q-contact=%3Cscript%3E", ""),
        (f"q-contact={'x' * 10_000}", ""),
        ("q-contact=brief&q-needles=gladly", "q-contact=brief"),
        ("q-contact=brief&q-contact=longer", "q-contact=brief"),
    ],
    ids=["answer", "question", "empty", "tag", "10 kB", "one of two", "repeated"],
)
def test_an_answer_that_we_do_not_know_counts_as_not_given(anyone: Visitor, query: str, counted: str) -> None:
    asked = anyone.get(f"/careers/{PAIR}?{query}")
    assert asked.text == anyone.get(f"/careers/{PAIR}?{counted}").text
    assert asked.response.headers["Cache-Control"] == "no-store"
    assert len(asked.all(".notice")) == (1 if counted else 0)


# Charts as files


@pytest.mark.parametrize("slugs", [*[(slug,) for slug in CAREERS], *combinations(CAREERS, 2)], ids=address_of)
def test_each_drawing_is_a_file_of_its_own(house: Flask, slugs: tuple[str, ...]) -> None:
    client, address = house.test_client(), address_of(slugs)
    drawn = charts.of(LIBRARY.ordered(LIBRARY.several(tuple(sorted(slugs))))[0])
    assert drawn != []
    for chart in drawn:
        response = client.get(f"/careers/{address}/chart.svg?of={chart.key}")
        root = ET.fromstring(response.data)  # noqa: S314 - our own drawing
        svg = "{http://www.w3.org/2000/svg}"
        assert (response.status_code, response.content_type, root.tag) == (
            200, "image/svg+xml", f"{svg}svg",
        )  # fmt: skip
        assert (root.findtext(f"{svg}title"), root.findtext(f"{svg}desc")) == (chart.title, chart.description)
        assert response.headers["Content-Disposition"] == f'attachment; filename="{address}-{chart.key}.svg"'
        assert len(list(root.iter(f"{svg}rect"))) > len(chart.rows)
    first = client.get(f"/careers/{address}/chart.svg")
    assert first.data == client.get(f"/careers/{address}/chart.svg?of={drawn[0].key}").data


@pytest.mark.parametrize("key", ["astronaut", "", "PAY", "%3Cscript%3E", "..%2Fpay", "x" * 10_000])
def test_a_drawing_that_there_is_not_is_not_found(anyone: Visitor, key: str) -> None:
    page = anyone.get(f"/careers/{PAIR}/chart.svg?of={key}", 404)
    assert (page.title, page.response.headers.get("Content-Disposition")) == ("Page not found", None)


@pytest.mark.parametrize("address", [ASSISTANT, PAIR, FOUR], ids=["one", "two", "four"])
def test_the_picture_of_a_shared_link_has_the_size_that_such_pictures_have(house: Flask, address: str) -> None:
    response = house.test_client().get(f"/careers/{address}/chart.png")
    assert (response.status_code, response.content_type) == (200, "image/png")
    assert response.data[:16] == b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    assert struct.unpack(">II", response.data[16:24]) == (1200, 630)


def test_a_program_that_is_closed_to_a_state_says_so_to_whoever_chose_it(visitor: Visitor) -> None:
    page = visitor.get(f"/careers/{PAIR}?state=CA")
    told = [words.to_text().partition(".")[0] for words in page.all(".card--program .rule strong")]
    assert told == ["If you live in California", "Closed to residents of California"]
    assert visitor.get(f"/careers/{PAIR}?state=TX").all(".card--program .rule") == []
