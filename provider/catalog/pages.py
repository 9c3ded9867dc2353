"""Public pages as they were last made: the same bytes for everybody until the offer, the policy or the day changes."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, current_app, request

from provider.catalog.offers import NOTHING
from provider.catalog.queries import Catalog, current, current_if_any
from provider.kernel.days import day_of, start_of
from provider.kernel.settings import settings
from provider.kernel.web import Complete, received_at, safe_headers
from provider.policies.rules import PolicyVersion, in_force

CACHE_CONTROL = "public, max-age=30"
HTML = "text/html; charset=utf-8"
# Comparisons have more addresses than a process should remember.
MOST_KEPT = 256
DAY = dt.timedelta(days=1)
_LAST = "public_moment"
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a public page is made from: the offer, the refund policy in force, and the day in the school's zone.

    It holds from ``since`` on, until (``until``) another day begins or another policy comes into force.
    """

    catalog: Catalog
    policy: PolicyVersion | None
    today: dt.date
    since: dt.datetime
    until: dt.datetime

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
        if last is not None and last.catalog is catalog and last.since <= at < last.until:
            return last
        zone = settings().SCHOOL_ZONE
        today = day_of(at, zone)
        changes = [start_of(today, zone), start_of(today + DAY, zone)]
        changes += [version.effective_from for version in catalog.policies]
        since, until = max(one for one in changes if one <= at), min(one for one in changes if one > at)
        moment = cls(catalog, in_force(catalog.policies, at), today, since, until)
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
        own = {"Content-Type": content_type, "ETag": etag, "Cache-Control": CACHE_CONTROL, **(headers or {})}
        return cls(moment, raw, etag, tuple({**dict(safe_headers()), **own}.items()))

    def answer(self) -> Response:
        """Return the page, or only the word that the visitor's copy is still right."""
        known = request.environ.get("HTTP_IF_NONE_MATCH")
        if known is not None and (self.etag in known or known == "*"):
            return Complete(status=304, headers=self.headers)
        return Complete(self.body, headers=self.headers)


def remembered(name: str, moment: Moment) -> Page | None:
    """Return the page of a name as it was made for this moment, if it was."""
    made: dict[str, Page] = current_app.extensions.setdefault("public_pages", {})
    page = made.get(name)
    return page if page is not None and page.moment is moment else None


def kept(name: str, moment: Moment, make: Callable[[Moment], Page]) -> Page:
    """Return the page of a name as it was made for this moment; it is made only when there is none."""
    page = remembered(name, moment)
    if page is None:
        page = make(moment)
        made: dict[str, Page] = current_app.extensions["public_pages"]
        with _keeping:
            if len(made) >= MOST_KEPT and name not in made:
                del made[next(iter(made))]
            made[name] = page
    return page
