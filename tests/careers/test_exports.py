"""The same figures for machines: JSON, CSV, linked data, tables and charts of a page say one thing."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from provider.careers import exports, loading
from provider.careers.figures import Measures
from provider.careers.library import Career
from provider.careers.notes import WORKED_OUT
from provider.careers.rules import address_of
from provider.careers.showing import Leading
from provider.catalog import queries as catalog
from provider.kernel.money import dollars
from tests.careers.numbers import Element, Ledger, Walk, words
from tests.harness.visitor import Page, Visitor

# What a page says of careers comes from files; one database is enough to have programs on it.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
LIBRARY = loading.load(loading.DATA)
ADDRESSES = {
    "own": "medical-assistant-vs-phlebotomist",
    "pooled": "certified-medical-assistant-vs-medical-lab-technician",
    "pooled-beside-own": "medical-lab-technician-vs-phlebotomist",
    "borrowed": "medical-assistant-vs-medical-clinical-assistant",
    "borrowed-only": "certified-medical-assistant-vs-patient-care-technician",
    "four": "medical-assistant-vs-medical-lab-technician-vs-patient-care-technician-vs-phlebotomist",
    "alone": "medical-assistant",
    "alone-pooled": "medical-lab-technician",
    "alone-borrowed": "patient-care-technician",
}
COLUMNS = [
    "owner", "id", "metric", "statistic", "low", "high", "unit", "period", "period_begins", "period_ends", "place",
    "industry", "occupation_code", "occupation", "occupation_measures", "confidence", "note", "source", "source_url",
    "source_vintage", "source_read",
]  # fmt: skip
KINDS = {
    "Median pay a year": ("annual_wage", "median"),
    "Growth in jobs": ("employment_growth", "projection"),
    "Openings a year": ("annual_openings", "yearly_average"),
    "One in ten earns less than": ("annual_wage", "p10"),
    "Half earn more than (median)": ("annual_wage", "median"),
    "One in ten earns more than": ("annual_wage", "p90"),
    "Median an hour": ("hourly_wage", "median"),
    "Jobs at the start": ("employment", "count"),
    "Jobs at the end": ("employment_projected", "projection"),
    "Change over the whole window": ("employment_change", "projection"),
    "Growth over the whole window": ("employment_growth", "projection"),
    "Openings in an average year": ("annual_openings", "yearly_average"),
}
# Where a page states a difference in words.
TOLD = (KINDS["Median pay a year"], KINDS["Growth in jobs"])
TABLES = ("At a glance", "Pay before taxes, United States", "Jobs, growth and openings")
INDUSTRIES = "Median pay a year by industry"
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """One comparison in all its forms."""

    page: Page
    json: Json
    rows: list[dict[str, str]]
    linked: list[Json]
    told: tuple[Career, ...]

    def of_type(self, kind: str) -> list[Json]:
        return [one for one in self.linked if one["@type"] == kind]

    def written(self, career: Career, kind: tuple[str, str], industry: str | None = None) -> str:
        """How the JSON writes a figure of a career, or that there is none."""
        (found,) = [one for one in self.json["careers"] if one["slug"] == career.slug]
        figures = [one for one in found["figures"] if (one["metric"], one["statistic"]) == kind]
        return next((str(one["written"]) for one in figures if one["industry"] == industry), "No figure")

    def table(self, caption: str) -> list[list[str]]:
        """The rows of a table: what each is, without its period, then its numbers."""
        (table,) = [one for one in self.page.all("main table") if words(one.query("caption")[0]) == caption]
        return [[number(cell) for cell in row.query("th, td")] for row in table.query("tbody tr")]


def number(cell: Element) -> str:
    """What a cell says without the period under it."""
    under = "".join(words(one) for one in cell.query(".under"))
    return words(cell).removesuffix(under).strip()


def visit(visitor: Visitor, address: str) -> Seen:
    page = visitor.get(f"/careers/{address}")
    machine = visitor.client.get(f"/careers/{address}.json")
    lines = visitor.client.get(f"/careers/{address}.csv")
    assert (machine.content_type, lines.content_type) == ("application/json", "text/csv; charset=utf-8")
    linked = json.loads(page.all("script[type='application/ld+json']")[0].to_text())
    assert linked["@context"] == "https://schema.org"
    told = LIBRARY.ordered(LIBRARY.careers[slug] for slug in address.split("-vs-"))[0]
    rows = list(csv.DictReader(io.StringIO(lines.text)))
    return Seen(page, json.loads(machine.text), rows, linked["@graph"], told)


@pytest.fixture
def seen(request: pytest.FixtureRequest, visitor: Visitor) -> Seen:
    return visit(visitor, request.param)


everywhere = pytest.mark.parametrize("seen", ADDRESSES.values(), ids=ADDRESSES, indirect=True)


def flat(owner: str, figure: Json, occupation: Json | None) -> dict[str, str]:
    """A figure of the JSON as the CSV would write it."""
    source, period = figure["source"], figure["period"]
    assert figure["id"].startswith(f"{owner}.")
    told = {
        **{name: figure[name] for name in ("metric", "statistic", "low", "high", "unit", "place", "industry", "note")},
        "owner": owner,
        "id": figure["id"].removeprefix(f"{owner}."),
        "confidence": figure["confidence"],
        "period": period["label"],
        "period_begins": period["begins"],
        "period_ends": period["ends"],
        "occupation": figure["occupation"],
        "occupation_code": occupation and occupation["code"],
        "occupation_measures": occupation and occupation["measures"],
        "source": source["title"],
        "source_url": source["url"],
        "source_vintage": source["vintage"],
        "source_read": source["read"],
    }
    return {name: told[name] or "" for name in COLUMNS}


@everywhere
def test_json_and_csv_hold_the_same_figures_with_the_same_provenance(seen: Seen) -> None:
    found = [
        flat(career["slug"], figure, career["occupation"])
        for career in seen.json["careers"]
        for figure in career["figures"]
    ]
    for credential in seen.json["credentials"]:
        found += [flat(credential["code"], figure, None) for figure in credential["figures"]]
    for rule in seen.json["licensing"]:
        owner = f"{rule['state']}.{rule['careers'][0]}"
        found += [flat(owner, figure, None) for figure in rule["figures"]]
    assert seen.rows == found
    assert [list(row) for row in seen.rows] == [COLUMNS] * len(found)
    assert [row for row in found if not (row["period"] and row["source"] and row["source_read"])] == []


@everywhere
def test_json_holds_what_may_be_shown_of_each_career_and_nothing_of_its_history(seen: Seen) -> None:
    assert [
        (career["slug"], [(figure["id"], figure["written"]) for figure in career["figures"]])
        for career in seen.json["careers"]
    ] == [(career.slug, [(figure.key, figure.written) for figure in career.figures]) for career in seen.told]
    kept = {figure.key for career in seen.told for figure in career.history}
    assert kept & {f"{row['owner']}.{row['id']}" for row in seen.rows} == set()


@everywhere
def test_each_table_says_what_the_json_says(seen: Seen) -> None:
    labels = {}
    for caption in TABLES:
        for label, *cells in seen.table(caption):
            if label in KINDS:
                labels[label] = cells
    numbers = {label: [seen.written(career, kind) for career in seen.told] for label, kind in KINDS.items()}
    assert labels == {label: cells for label, cells in numbers.items() if set(cells) != {"No figure"}}
    median = KINDS["Median pay a year"]
    rows = {label.casefold(): cells for label, *cells in seen.table(INDUSTRIES)}
    named = {one.industry for career in seen.told for one in career.figures if one.metric == median[0] and one.industry}
    assert rows == {name: [seen.written(career, median, name) for career in seen.told] for name in named}


def drawings(seen: Seen, key: str) -> list[tuple[str, list[Element]]]:
    """The drawings of a kind: whom the title names (where they are one), and the texts without those of the axis."""
    found = []
    for figure in seen.page.all("main figure.chart"):
        if figure.query("svg title")[0].attrs["id"].startswith(key):
            who = words(figure.query("figcaption")[0]).partition(". ")[0]
            found.append((who, [one for one in figure.query("text") if one.attrs.get("class") != "c-tick"]))
    return found


def people(career: Career) -> str:
    """Whom a drawing names: the people of a career, or those of the occupation that it shares or borrows."""
    own = career.occupation.measures is Measures.OWN
    name = career.plural if own else career.occupation.name
    return name[0].upper() + name[1:]


def batched(texts: list[Element]) -> list[tuple[Element, Element]]:
    """Each label with its number."""
    return list(zip(texts[::2], texts[1::2], strict=True))


@everywhere
def test_pay_is_drawn_as_the_json_says_it(seen: Seen) -> None:
    trios = {
        people(one): [seen.written(one, ("annual_wage", statistic)) for statistic in ("p10", "median", "p90")]
        for one in seen.told
    }
    drawn = {}
    for who, texts in drawings(seen, "pay"):
        for first in range(0, len(texts), 4):
            label, *numbers = map(words, texts[first : first + 4])
            drawn[label or who] = numbers
    assert drawn == {name: trios[name] for name in drawn}
    alone = [career for career in seen.told if career.occupation.measures is not Measures.BORROWED]
    assert set(drawn) == {people(career) for career in alone or seen.told}


@everywhere
@pytest.mark.parametrize("key", ["industries", "growth"])
def test_bars_stand_for_the_numbers_of_the_json(seen: Seen, key: str) -> None:
    drawn = set()
    for who, texts in drawings(seen, key):
        headings = {int(one.attrs["y"]): words(one) for one in texts if one.attrs.get("class") == "c-label"}
        rows = [one for one in texts if one.attrs.get("class") != "c-label"]
        for label, value in batched(rows):
            above = [text for y, text in headings.items() if y < int(label.attrs["y"])]
            one = words(label)
            name, industry = (who, one) if who in map(people, seen.told) else (one, above[-1] if above else "")
            drawn.add((name, industry.casefold() if key == "industries" else "", words(value)))
    kind = ("annual_wage", "median") if key == "industries" else ("employment_growth", "projection")
    alone = [career for career in seen.told if career.occupation.measures is not Measures.BORROWED]
    assert drawn == {
        (people(career), figure.industry, seen.written(career, kind, figure.industry or None))
        for career in alone or seen.told
        for figure in career.figures
        if (figure.metric, figure.statistic) == kind and bool(figure.industry) == (key == "industries")
    }


@everywhere
def test_a_chart_that_is_downloaded_says_what_the_page_draws(seen: Seen, visitor: Visitor) -> None:
    for figure in seen.page.all("main figure.chart"):
        address = figure.query("a[download]")[0].attrs["href"]
        file = ET.fromstring(visitor.client.get(f"/careers/{address}").text)  # noqa: S314 - our own drawing
        inner = file.find("{http://www.w3.org/2000/svg}svg")
        assert inner is not None
        texts = ["".join(one.itertext()) for one in inner.iter("{http://www.w3.org/2000/svg}text")]
        assert texts == [words(one) for one in figure.query("text")]


@everywhere
def test_linked_data_give_the_pay_of_the_table_and_none_that_is_borrowed(seen: Seen) -> None:
    labels = {
        "percentile10": "One in ten earns less than",
        "median": "Half earn more than (median)",
        "percentile90": "One in ten earns more than",
    }
    table = {label: cells for label, *cells in seen.table(TABLES[1])}
    occupations = seen.of_type("Occupation")
    assert [one["name"] for one in occupations] == [career.name for career in seen.told]
    for column, (career, told) in enumerate(zip(seen.told, occupations, strict=True)):
        assert told["occupationalCategory"] == f"{career.occupation.code} {career.occupation.name}"
        if career.occupation.measures is Measures.BORROWED:
            assert "estimatedSalary" not in told
            continue
        (pay,) = told["estimatedSalary"]
        assert {name: f"${pay[name]:,}" for name in labels} == {name: table[labels[name]][column] for name in labels}
        period = next(one["period"] for one in seen.json["careers"][column]["figures"] if one["statistic"] == "p10")
        assert {name: value for name, value in pay.items() if name not in labels} == {
            "@type": "MonetaryAmountDistribution",
            "name": f"{career.occupation.name}, {period['label']}",
            "currency": "USD",
            "duration": "P1Y",
        }


@everywhere
def test_linked_data_repeat_the_way_here_and_the_questions_that_stand_on_the_page(seen: Seen) -> None:
    (trail,) = seen.of_type("BreadcrumbList")
    links = [(words(one), one.query("a")) for one in seen.page.all("main .breadcrumbs li")]
    assert [
        (one["name"], one.get("item", "").rpartition("//")[2].partition("/")[2]) for one in trail["itemListElement"]
    ] == [(name, found[0].attrs["href"].removeprefix("/") if found else "") for name, found in links]
    asked = [
        (one["name"], " ".join(one["acceptedAnswer"]["text"].split()))
        for faq in seen.of_type("FAQPage")
        for one in faq["mainEntity"]
    ]
    folds = seen.page.all("#faq ~ details.fold")
    assert asked == [(words(one.query("summary")[0]), words(one.query("p")[0])) for one in folds]


@everywhere
def test_programs_are_told_without_prices_as_long_as_these_are_samples(seen: Seen) -> None:
    programs = seen.of_type("EducationalOccupationalProgram")
    cards = seen.page.all("main .card--program")
    shown = [(words(card.query("h3 a")[0]), card.query("h3 a")[0].attrs["href"]) for card in cards]
    assert [(one["name"], "/programs/" + one["url"].rpartition("/")[2]) for one in programs] == shown
    weeks = [f"{one['timeToComplete'].removeprefix('P').removesuffix('W')} weeks" for one in programs]
    assert weeks == [words(card.query("a[href^='#n']")[0]) for card in cards]
    assert [one for one in programs if "offers" in one] == []


def test_prices_that_are_no_samples_are_told_as_the_page_writes_them(app: Flask) -> None:
    career = LIBRARY.careers["medical-assistant"]
    with app.app_context():
        (offer,) = [one for one in catalog.current().programs if one.slug == "ccma"]
        first, *others = offer.plans
        told = exports.linked_data(
            (career,), None, "x", [Leading(replace(offer, plans=(replace(first, sample=False), *others)), career, ())]
        )
    (program,) = [one for one in json.loads(told)["@graph"] if "offers" in one]
    price = dollars(first.total_cents).removeprefix("$").replace(",", "")
    assert program["offers"] == [{"@type": "Offer", "name": first.title, "price": price, "priceCurrency": "USD"}]


@pytest.mark.parametrize("pair", list(combinations(LIBRARY.careers, 2)), ids=address_of)
def test_the_differences_of_the_json_are_those_of_the_key_points(visitor: Visitor, pair: tuple[str, str]) -> None:
    seen = visit(visitor, address_of(pair))
    notes = Walk(seen.page.all("main")[0], Ledger()).notes
    points = [(notes[link.attrs["href"][1:]], words(link)) for link in seen.page.all("#points + ul a[href^='#n']")]
    written = {figure["id"]: figure for career in seen.json["careers"] for figure in career["figures"]}
    stated = []
    for told in seen.json["differences"]:
        more, less = written[told["more"]], written[told["less"]]
        assert Decimal(told["by"]) == Decimal(more["low"]) - Decimal(less["low"])
        alike = ("metric", "statistic", "period", "place", "industry", "unit")
        assert [more[name] for name in alike] == [less[name] for name in alike]
        if (more["metric"], more["statistic"]) in TOLD and not more["industry"] and told["by"] != "0":
            stated.append(((f"{WORKED_OUT}:", f"{more['written']} less {less['written']}"), gap(told)))
    assert sorted(point for point in points if point[0][0] == f"{WORKED_OUT}:") == sorted(stated)
    own = {LIBRARY.careers[slug].occupation.measures for slug in pair} == {Measures.OWN}
    assert bool(seen.json["differences"]) is own


def gap(told: Json) -> str:
    if told["unit"] == "percent":
        return f"{told['by']} percentage point{'' if told['by'] == '1' else 's'}"
    return f"${int(told['by']):,}"


def test_a_state_s_rules_say_in_json_what_they_say_on_the_page(visitor: Visitor) -> None:
    page = visitor.get(f"/careers/{ADDRESSES['own']}?state=CA")
    rules = [one for one in visit(visitor, ADDRESSES["own"]).json["licensing"] if one["state"] == "CA"]
    shown = []
    for section in page.all("section.rule"):
        told = [words(one) for one in section.query("p")]
        shown.append(
            (words(section.query("h3")[0]), [one for one in told if not one.startswith(("For:", "As read", "Read at"))])
        )
    assert shown == [
        (f"{one['state_name']}: {one['name']}", [" ".join(says.split()) for says in one["says"]]) for one in rules
    ]
