"""Every number on the public front leads back to a figure, its source and its period; none is typed into a page."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from flask import Flask
from justhtml import JustHTML

from provider.careers import charts, loading, queries, rules
from provider.careers.library import Career
from provider.careers.notes import told
from provider.catalog import queries as catalog
from tests.careers.numbers import Walk, digits, enter_history, heading, shown, words
from tests.harness.visitor import Visitor

# What a page says of careers comes from files; one database is enough to have programs on it.
on_one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
LIBRARY = loading.load(loading.DATA)
SLUGS = tuple(LIBRARY.careers)
THREE = ("certified-medical-assistant", "medical-lab-technician", "phlebotomist")
FOUR = ("medical-assistant", "medical-lab-technician", "patient-care-technician", "phlebotomist")
COMPARED = [*combinations(SLUGS, 2), THREE, FOUR]
PAIR = "/careers/medical-assistant-vs-phlebotomist"
PAGES = {
    "/careers": SLUGS,
    **{f"/careers/{slug}": (slug,) for slug in SLUGS},
    **{f"/careers/{rules.address_of(slugs)}": slugs for slugs in COMPARED},
    **{f"/careers/{slug}/history": (slug,) for slug in SLUGS},
    f"{PAIR}?state=CA": ("medical-assistant", "phlebotomist"),
    f"{PAIR}?q-contact=brief&q-needles=daily": ("medical-assistant", "phlebotomist"),
    "/licensing": SLUGS,
    **{f"/licensing?state={state}": SLUGS for state in sorted({one.state for one in LIBRARY.licenses})},
    "/sources": (),
}


def told_at(path: str) -> tuple[Career, ...]:
    return LIBRARY.ordered(LIBRARY.careers[slug] for slug in PAGES[path])[0]


def walk(app: Flask, path: str, html: str) -> Walk:
    with app.app_context():
        offer = catalog.current()
    ledger = shown(LIBRARY, told_at(path), offer.programs, offer.policies[-1].hours)
    if path.endswith("/history"):
        enter_history(ledger, *told_at(path))
    return Walk(JustHTML(html, sanitize=False).query("main")[0], ledger)


@on_one_database
def test_every_address_of_the_front_is_walked(app: Flask) -> None:
    with app.test_request_context():
        assert set(queries.addresses()) == {path for path in PAGES if "?" not in path} - {
            f"/careers/{rules.address_of(slugs)}" for slugs in (THREE, FOUR)
        }


@on_one_database
@pytest.mark.parametrize("path", PAGES)
def test_every_number_leads_to_a_figure_with_source_and_period(app: Flask, visitor: Visitor, path: str) -> None:
    walked = walk(app, path, visitor.get(path).text)
    assert walked.unexplained() == []
    cited = {link.attrs["href"].removeprefix("#") for link in walked.main.query("a[href^='#n']")}
    assert cited == set(walked.notes), "a note stands behind no number"


@on_one_database
@pytest.mark.parametrize("path", PAGES)
def test_no_table_and_no_chart_is_empty(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    for table in page.all("main table"):
        cells = [words(cell) for row in table.query("tbody tr") for cell in row.query("td")]
        assert set(cells) - {"", "No figure"}, words(table)
    article = path.startswith("/careers/") and not path.endswith("/history")
    drawn = charts.of(told_at(path)) if article else []
    numbers = [[words(one) for one in svg.query("text")] for svg in page.all("main svg.chart__drawing")]
    assert [len(labels) > 1 for labels in numbers] == [True] * len(drawn)
    for chart, labels in zip(drawn, numbers, strict=True):
        assert [label for label in labels if label in {one.written for one in chart.figures}]


MEDIAN = "medical-assistant.median"
PLANTS = {
    "typed": ('<h2 id="pay">', '<p>About 42% more.</p><h2 id="pay">', ["About 42% more."]),
    "typed-into-a-cell": ("<td>Mostly full time and", "<td>40 hours<td>", ["40 hours"]),
    "true-but-without-a-note": (f"{{{MEDIAN}}}", "<b>$44,200</b>", ["$44,200"]),
    "another-number": ("$44,200</a>", "$44,300</a>", ["$44,300"]),
    "the-note-of-another-number": (f"{{{MEDIAN}}}", '<a href="#{growth}">$44,200</a>', ["$44,200"]),
    "a-number-of-the-history": ("$44,200</a>", "$37,000</a>", ["$37,000"]),
    "a-note-that-is-missing": (f"{{{MEDIAN}}}", '<a href="#n999">$44,200</a>', ["$44,200"]),
    "another-difference": (">$540</a>", ">$640</a>", ["$640"]),
    "another-price": (">$2,100.00</a>", ">$1,100.00</a>", ["$1,100.00"]),
    "another-pay-back": ("</a> to <a", "</a> to 9 <a", ["to 9"]),
    "drawn": ('class="c-strong">$44,200<', 'class="c-strong">$44,400<', ["$44,400"]),
    "drawn-elsewhere": ('class="c-strong">$44,200<', 'class="c-strong">12%<', ["12%"]),
    "axis": ('class="c-tick">$40k<', 'class="c-tick">$41k<', ["$41k"]),
    "chart-of-another-time": (">Pay a year, May 2024:", ">Pay a year, May 2023:<b>", ["Pay a year, May 2023:"]),
    "point-of-another-time": ("a year in May 2024. Half", "a year in May 2023.</a><b>Half", ["a year in May 2023."]),
    "line-of-another-time": ('class="under">May 2024<', 'class="under">May 2023<', ["May 2023"]),
    "day": (">November 22, 2026</time>", ">November 21, 2026</time>", ["November 21, 2026"]),
    "day-in-the-machine": ('<time datetime="2026-11-22">', '<time datetime="2026-11-20">', ["November 22, 2026"]),
    "source": (">BLS</a>", ">BLS 2024</a>", ["BLS 2024"]),
    "spoken": ('aria-label="On this page"', 'aria-label="On these 7 pages"', ["On these 7 pages"]),
}  # fmt: skip


def planted(page: Walk, html: str, old: str, new: str) -> str:
    """The page with something else at the first place where something stands."""
    numbers = {f"{{{MEDIAN}}}": linked(page, MEDIAN), "{growth}": note_of(page, "medical-assistant.growth")}
    for name, text in numbers.items():
        old, new = old.replace(name, text), new.replace(name, text)
    assert old in html, old
    return html.replace(old, new, 1)


def note_of(page: Walk, key: str) -> str:
    figure = next(one for one in LIBRARY.figures() if one.key == key)
    return next(name for name, note in page.notes.items() if note == (heading(figure), told(figure)))


def linked(page: Walk, key: str) -> str:
    figure = next(one for one in LIBRARY.figures() if one.key == key)
    return f'<a href="#{note_of(page, key)}">{figure.written}</a>'


@on_one_database
@pytest.mark.parametrize("old, new, found", PLANTS.values(), ids=PLANTS)
def test_the_walk_finds_a_number_that_was_planted(
    app: Flask, visitor: Visitor, old: str, new: str, found: list[str]
) -> None:
    html = visitor.get(PAIR).text
    spoiled = planted(walk(app, PAIR, html), html, old, new)
    assert walk(app, PAIR, spoiled).unexplained() == found


@on_one_database
@pytest.mark.parametrize(
    "old, new",
    [
        ("median (half earn more); May 2024", "median (half earn more); May 2023"),
        ("Pay a year, median", "Pay a year, mean"),
        ("Medical Assistants</a>, page changed 2025-08-28; read in July 2026", "Medical Assistants</a>"),
        ("official code 31-9092, United States (the", "official code 31-9092 (the"),
    ],
    ids=["another-period", "another-statistic", "no-vintage", "no-place"],
)
def test_the_walk_finds_every_number_of_a_note_that_says_something_else(
    app: Flask, visitor: Visitor, old: str, new: str
) -> None:
    html = visitor.get(PAIR).text
    begins = html.index("What stands behind each number")
    walked = walk(app, PAIR, html[:begins] + html[begins:].replace(old, new, 1))
    wrong = {name for name, note in walked.notes.items() if note not in walked.ledger.behind}
    of_them = {words(link) for name in wrong for link in walked.main.query(f"a[href='#{name}']")}
    assert of_them
    assert of_them <= set(walked.unexplained())
    assert walk(app, PAIR, html).unexplained() == []


# The source of a row, which is not trusted either where the rest of the row is another's.
FROM = "A comparison page read in 2026"


@on_one_database
@pytest.mark.parametrize(
    "old, new, found",
    [
        (
            "the current one, for 2024–2034, says",
            "since 2020 it says",
            ["2023–2033", FROM, "An older edition of the projection; since 2020 it says"],
        ),
        (">2022–2032<", ">2022–2033<", ["2022–2033"]),
        (" projection windows.", " projection windows of 9.", ["6 growth figures from 6 projection windows of 9."]),
    ],
    ids=["year-in-a-reason", "period", "count"],
)
def test_the_walk_finds_what_was_planted_into_the_history(
    app: Flask, visitor: Visitor, old: str, new: str, found: list[str]
) -> None:
    path = "/careers/medical-assistant/history"
    html = visitor.get(path).text
    assert old in html
    assert walk(app, path, html.replace(old, new, 1)).unexplained() == found


# What a template says to Jinja, and tags with their attributes; the rest is text that people read.
SILENT = (r"\{#.*?#\}", r"\{%.*?%\}", r"\{\{.*?\}\}", r"<[^>]*>", r'[a-z-]+="[^"]*"')


def typed(template: str) -> list[str]:
    """The words with digits that a template types."""
    for silent in SILENT:
        template = re.sub(silent, "", template, flags=re.DOTALL)
    return [word for word in template.split() if digits(word)]


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "templates" / "careers").iterdir()), ids=lambda path: path.name
)
def test_no_template_types_a_number(path: Path) -> None:
    assert typed(path.read_text(encoding="utf-8")) == []


def test_a_number_typed_into_a_template_is_found() -> None:
    assert typed('{# 1 #}<p class="c2">{{ a[3] }} grows by 12%{% if b > 4 %}, or so{% endif %}.</p>') == ["12%,"]
