"""What is wrong with a page as HTML: parse errors, headings, ids, labels, links that lead nowhere on it."""

from collections import Counter
from itertools import pairwise

from justhtml import JustHTML
from werkzeug.test import TestResponse


def faults(response: TestResponse) -> list[str]:
    """Return a line for each fault of a page; an empty list for a good one."""
    html = JustHTML(response.get_data(as_text=True), sanitize=False, collect_errors=True)
    found = [str(error) for error in html.errors]
    headings = [int(element.name[1]) for element in html.query("h1, h2, h3, h4, h5, h6")]
    found += [f"{headings.count(1)} h1"] * (headings.count(1) != 1)
    found += [f"h{low} is followed by h{high}" for low, high in pairwise(headings) if high > low + 1]
    ids = Counter(element.attrs["id"] for element in html.query("[id]"))
    found += [f"id {name} is given {number} times" for name, number in ids.items() if number > 1]
    labels = {element.attrs.get("for") for element in html.query("label")}
    for field in html.query("input, select, textarea"):
        if field.attrs.get("type") != "hidden" and field.attrs.get("id") not in labels:
            found.append(f"{field.attrs.get('name')} has no label")
    for link in html.query("a[href^='#']"):
        if link.attrs["href"][1:] not in ids:
            found.append(f"{link.attrs['href']} is not on the page")
    found += [f"style on {element.name}" for element in html.query("[style], style")]
    return found
