"""How a page of the public front is made: once for each address, offer and day, and kept as bytes."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from provider.careers.library import UnknownCareer
from provider.catalog.pages import HTML, Moment, Page, kept
from provider.kernel.settings import settings
from provider.kernel.web import CONTENT_SECURITY_POLICY

# The only script of these pages stands in them, so that opening one asks for nothing more; the header names it by its
# hash. It fills in the state that was chosen last.
SCRIPT = Markup((Path(__file__).parent / "state.js").read_text(encoding="utf-8"))  # noqa: S704 - our own file
_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
_POLICY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace("script-src 'self'", f"script-src 'sha256-{_HASH}'")
}
Values = Callable[[Moment], Mapping[str, Any]]


def shown(template: str, values: Values, *, variant: str = "") -> Response:
    """Answer with the page of this address; it is remembered for each variant (the state that was asked for)."""

    def make(moment: Moment) -> Page:
        return Page.of(moment, _rendered(template, moment, values), headers=_POLICY)

    return kept(f"{request.path}?{variant}", Moment.even_without_database(), make).answer()


def once(template: str, values: Values, status: int = 200) -> Response:
    """Answer with a page that is nobody else's: with what a visitor answered, or asked for wrongly."""
    text = _rendered(template, Moment.even_without_database(), values)
    return Response(text, status, _POLICY, content_type=HTML)


def file(
    content_type: str, make: Callable[[Moment], str | bytes], *, variant: str = "", name: str | None = None
) -> Response:
    """Answer with something else than a page at this address; with a name it is to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if name else None

    def made(moment: Moment) -> Page:
        return Page.of(moment, make(moment), content_type, headers)

    return kept(f"{request.path}?{variant}", Moment.even_without_database(), made).answer()


def unknown(error: UnknownCareer) -> ResponseReturnValue:
    """Say that an address names no careers of ours, and which it may mean."""
    page = render_template("careers/unknown.html", title=error.title, sentence=error.sentence, near=error.near)
    return Response(page, error.status, _POLICY, content_type=HTML)


def _rendered(template: str, moment: Moment, values: Values) -> str:
    # Not render_template: what that adds reads the signed-in person.
    return current_app.jinja_env.get_template(template).render(
        {
            **values(moment),
            "request": request,
            "policy": moment.policy,
            "catalog": moment.catalog,
            "script": SCRIPT,
            "here": f"{settings().BASE_URL}{request.path}",
        }
    )
