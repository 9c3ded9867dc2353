"""Public pages as they were last made: the same bytes for everybody until the offer, the policy or the day changes."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, current_app, request

from provider.catalog.offers import NOTHING
from provider.catalog.queries import Catalog, current, current_if_any
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.policies.rules import PolicyVersion, in_force

CACHE_CONTROL = "public, max-age=30"
HTML = "text/html; charset=utf-8"
# Comparisons have more addresses than a process should remember.
MOST_KEPT = 256
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a public page is made from: the offer, the refund policy in force, and the day in the school's zone."""

    catalog: Catalog
    policy: PolicyVersion | None
    today: dt.date

    @classmethod
    def now(cls) -> "Moment":
        """Return the moment of this request."""
        return cls._of(current())

    @classmethod
    def even_without_database(cls) -> "Moment":
        """Return the moment of this request, with an empty offer if none was ever read and the database is away."""
        return cls._of(current_if_any() or NOTHING)

    @classmethod
    def _of(cls, catalog: Catalog) -> "Moment":
        at = received_at()
        return cls(catalog, in_force(catalog.policies, at), day_of(at, settings().SCHOOL_ZONE))

    def still(self, other: "Moment") -> bool:
        """Say whether a page of the other moment is a page of this one; an unchanged offer is the same object."""
        return (
            self.catalog is other.catalog
            and self.today == other.today
            and (self.policy is other.policy or self.policy == other.policy)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page, made once."""

    moment: Moment
    body: bytes
    etag: str
    content_type: str

    @classmethod
    def of(cls, moment: Moment, body: str | bytes, content_type: str = HTML) -> "Page":
        """Make a page of its text; the ETag follows from it alone."""
        raw = body.encode() if isinstance(body, str) else body
        return cls(moment, raw, hashlib.sha256(raw).hexdigest()[:32], content_type)

    def answer(self) -> Response:
        """Return the page, or only the word that the visitor's copy is still right."""
        if "If-None-Match" in request.headers and request.if_none_match.contains_weak(self.etag):
            response = Response(status=304)
        else:
            response = Response(self.body, content_type=self.content_type)
        response.headers["ETag"] = f'"{self.etag}"'
        response.headers["Cache-Control"] = CACHE_CONTROL
        return response


def kept(name: str, moment: Moment, make: Callable[[Moment], Page]) -> Page:
    """Return the page of a name as it was made for this moment; it is made only when there is none."""
    made: dict[str, Page] = current_app.extensions.setdefault("public_pages", {})
    page = made.get(name)
    if page is None or not moment.still(page.moment):
        page = make(moment)
        with _keeping:
            if len(made) >= MOST_KEPT and name not in made:
                del made[next(iter(made))]
            made[name] = page
    return page
