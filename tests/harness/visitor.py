"""A person at a browser without scripts: opens pages, fills in the forms that stand on them, follows redirects."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from justhtml import JustHTML
from werkzeug.test import TestResponse

Values = Mapping[str, Any]


class Page:
    """One answer: its status, its address, and its HTML."""

    def __init__(self, response: TestResponse, path: str) -> None:
        self.response = response
        self.path = path
        self.status = response.status_code
        self.text = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""

    @cached_property
    def html(self) -> JustHTML | None:
        """The elements, read when a test asks for one first: most pages on the way are only gone through."""
        return JustHTML(self.text, sanitize=False) if self.response.mimetype == "text/html" else None

    def all(self, selector: str) -> list[Any]:
        assert self.html is not None, f"{self.path} answered {self.status} {self.response.mimetype}"
        return list(self.html.query(selector))

    def words(self, selector: str = "main") -> str:
        """The text of the first match, with single blanks."""
        return " ".join(self.all(selector)[0].to_text().split())

    @property
    def title(self) -> str:
        return self.words("h1")

    @property
    def errors(self) -> dict[str, list[str]]:
        """The sentences beside fields, and under ``_schema`` those above the form, read from the error summary."""
        found: dict[str, list[str]] = {}
        for item in self.all(".error-summary li"):
            links = item.query("a")
            key = links[0].attrs["href"].removeprefix("#field-") if links else "_schema"
            found.setdefault(key, []).append(" ".join(item.to_text().split()))
        return found


class Visitor:
    """One browser with its cookies."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.page: Page | None = None

    def get(self, path: str, status: int = 200) -> Page:
        """Open a page and keep it; fails when the status is another one."""
        return self._keep(self.client.get(path), path, status)

    def post(self, path: str, values: Values, status: int = 303, *, token: str | None = None) -> Page:
        """Post values as they are, with the CSRF token of the page last opened (or the one given)."""
        data = {"csrf_token": self.token() if token is None else token} | dict(values)
        answer = self.client.post(path, data={k: v for k, v in data.items() if v is not None})
        return self._keep(answer, path, status)

    def submit(self, values: Values, status: int = 303, *, form: int = 0, follow: bool = True) -> Page:
        """Fill in the page's form (what is not named keeps its value), send it, follow the redirect."""
        assert self.page is not None
        here = [f for f in self.page.all("main form") if f.attrs.get("method", "").lower() == "post"][form]
        filled = prefilled(here) | dict(values)
        action = here.attrs.get("action") or self.page.path
        answer = self._keep(
            self.client.post(action, data={k: v for k, v in filled.items() if v is not None}), action, status
        )
        return self.follow() if follow and answer.status == 303 else answer

    def follow(self) -> Page:
        """Go where the last answer pointed."""
        assert self.page is not None
        location = urlsplit(self.page.response.headers["Location"])
        return self.get(location.path + (f"?{location.query}" if location.query else ""))

    def token(self) -> str:
        assert self.page is not None
        return str(self.page.all("input[name=csrf_token]")[0].attrs["value"])

    def _keep(self, response: TestResponse, path: str, status: int) -> Page:
        page = Page(response, path)
        assert page.status == status, f"{path} answered {page.status}, not {status}: {page.text[:3000]}"
        self.page = page
        return page


def prefilled(form: Any) -> dict[str, Any]:  # noqa: ANN401 - an element of justhtml
    """Return what a form would send untouched."""
    values: dict[str, Any] = {}
    for field in form.query("input, textarea, select"):
        name, kind = field.attrs.get("name"), field.attrs.get("type", "text")
        if not name or kind in {"submit", "file"} or (kind in {"radio", "checkbox"} and "checked" not in field.attrs):
            continue
        if field.name == "textarea":
            values[name] = field.to_text()
        elif field.name == "select":
            chosen = [o for o in field.query("option") if "selected" in o.attrs] or field.query("option")[:1]
            values[name] = chosen[0].attrs.get("value", "") if chosen else ""
        else:
            values[name] = field.attrs.get("value", "on" if kind == "checkbox" else "")
    return values
