"""What is wrong with a page as HTML: parse errors, headings, ids, labels, links that lead nowhere on it."""

from collections import Counter
from itertools import pairwise
from typing import Any

from justhtml import JustHTML
from werkzeug.test import TestResponse


def faults(response: TestResponse) -> list[str]:
    """Return a line for each fault of a page; an empty list for a good one."""
    html = JustHTML(response.get_data(as_text=True), sanitize=False, collect_errors=True)
    found = [str(error) for error in html.errors]
    headings = [int(element.name[1]) for element in html.query("h1, h2, h3, h4, h5, h6")]
    found += [f"{headings.count(1)} h1"] * (headings.count(1) != 1)
    found += [f"h{low} is followed by h{high}" for low, high in pairwise(headings) if high > low + 1]
    ids = Counter(_of(element, "id") for element in html.query("[id]"))
    found += [f"id {name} is given {number} times" for name, number in ids.items() if number > 1]
    labels = {_of(element, "for") for element in html.query("label")}
    fields = [field for field in html.query("input, select, textarea") if _of(field, "type") != "hidden"]
    found += [f"{_of(field, 'name')} has no label" for field in fields if _of(field, "id") not in labels]
    anchors = [_of(link, "href") for link in html.query("a[href^='#']")]
    found += [f"{anchor} is not on the page" for anchor in anchors if anchor[1:] not in ids]
    return found + [f"style on {element.name}" for element in html.query("[style], style")]


def _of(element: Any, name: str) -> str:  # noqa: ANN401 - justhtml's nodes are of several kinds
    return str((element.attrs or {}).get(name) or "")
