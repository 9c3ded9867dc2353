"""Public pages as they were last made: the same bytes for everybody until what they are made from changes."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request

from config import Config
from provider.catalog.offers import NOTHING
from provider.catalog.queries import Catalog, Held, current, current_if_any, held
from provider.kernel import clock
from provider.kernel.days import day_of, start_of
from provider.kernel.settings import settings
from provider.kernel.web import Complete, received_at, safe_headers
from provider.policies.rules import PolicyVersion, in_force

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CACHE_CONTROL = "public, max-age=30"
HTML = "text/html; charset=utf-8"
# Comparisons have more addresses than a process should remember.
MOST_KEPT = 256
DAY = dt.timedelta(days=1)
_LAST = "public_moment"
# The last headers of a page, which an answer without a body leaves out.
ABOUT_THE_BODY = 2
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a public page is made from: the offer, the refund policy in force, the settings, and the school's day.

    It holds from ``since`` on, until (``until``) another day begins or another policy comes into force.
    """

    catalog: Catalog
    policy: PolicyVersion | None
    today: dt.date
    since: dt.datetime
    until: dt.datetime
    held: Held
    settings: Config

    def holds(self, at: dt.datetime) -> bool:
        """Say, without a question to the database, whether a page made from it is right at an instant."""
        return self.since <= at < self.until and self.held.still_shows(self.catalog)

    @classmethod
    def now(cls) -> "Moment":
        """Return the moment of this request; as long as nothing changes it is the same object."""
        return cls._of(current())

    @classmethod
    def even_without_database(cls) -> "Moment":
        """Return the moment of this request, with an empty offer if none was ever read and the database is away."""
        return cls._of(current_if_any() or NOTHING)

    @classmethod
    def _of(cls, catalog: Catalog) -> "Moment":
        at = received_at()
        last: Moment | None = current_app.extensions.get(_LAST)
        known = settings()
        made_of_these = last is not None and last.catalog is catalog and last.settings is known
        if last is not None and made_of_these and last.since <= at < last.until:
            return last
        zone = known.SCHOOL_ZONE
        today = day_of(at, zone)
        changes = [start_of(today, zone), start_of(today + DAY, zone)]
        changes += [version.effective_from for version in catalog.policies]
        since, until = max(one for one in changes if one <= at), min(one for one in changes if one > at)
        moment = cls(catalog, in_force(catalog.policies, at), today, since, until, held(), known)
        current_app.extensions[_LAST] = moment
        return moment


@dataclass(frozen=True, slots=True)
class Page:
    """One page, made once."""

    moment: Moment
    body: bytes
    etag: str
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, moment: Moment, body: str | bytes, content_type: str = HTML, headers: Mapping[str, str] | None = None
    ) -> "Page":
        """Make a page of its text; the ETag follows from it alone."""
        raw = body.encode() if isinstance(body, str) else body
        etag = f'"{hashlib.sha256(raw).hexdigest()[:32]}"'
        own = {"ETag": etag, "Cache-Control": CACHE_CONTROL, **(headers or {})}
        last = {"Content-Type": content_type, "Content-Length": str(len(raw))}
        return cls(moment, raw, etag, tuple({**dict(safe_headers()), **own, **last}.items()))

    def known_to(self, environ: "WSGIEnvironment") -> bool:
        """Say whether the visitor has this very page already."""
        known: str | None = environ.get("HTTP_IF_NONE_MATCH")
        return known is not None and (self.etag in known or known == "*")

    def answer(self) -> Response:
        """Return the page, or only the word that the visitor's copy is still right."""
        if self.known_to(request.environ):
            return Complete(status=304, headers=self.headers)
        return Complete(self.body, headers=self.headers)


def kept(name: str, moment: Moment, make: Callable[[Moment], Page]) -> Page:
    """Return the page of a name as it was made for this moment; it is made only when there is none."""
    made = _made(current_app)
    page = made.get(name)
    if page is None or page.moment is not moment:
        page = make(moment)
        with _keeping:
            if len(made) >= MOST_KEPT and name not in made:
                del made[next(iter(made))]
            made[name] = page
    return page


def _made(app: Flask) -> dict[str, Page]:
    made: dict[str, Page] = app.extensions.setdefault("public_pages", {})
    return made


class Front:
    """Stands before Flask, and answers an address that asks nothing with the page that was made for it.

    It does so as long as nothing has changed since; everything else goes on to the application.
    """

    def __init__(self, app: Flask) -> None:
        self.application = app.wsgi_app
        self.extensions = app.extensions
        self.made = _made(app)
        self.hosts = frozenset(app.config["TRUSTED_HOSTS"])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        page = self.made.get(f"{environ['PATH_INFO']}?")
        if page is None or not self._may_answer(environ) or not self._is_right(page):
            return self.application(environ, start_response)
        if page.known_to(environ):
            start_response("304 NOT MODIFIED", list(page.headers[:-ABOUT_THE_BODY]))
            return ()
        start_response("200 OK", list(page.headers))
        return (page.body,)

    def _is_right(self, page: Page) -> bool:
        return page.moment.settings is self.extensions["settings"] and page.moment.holds(clock.now())

    def _may_answer(self, environ: "WSGIEnvironment") -> bool:
        host = environ.get("HTTP_HOST", "").rpartition(":")
        return (
            environ["REQUEST_METHOD"] == "GET"
            and not environ.get("QUERY_STRING")
            and (host[0] or host[2]) in self.hosts
        )
