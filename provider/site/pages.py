"""Public pages as they were last made: the same bytes for everybody until the offer, the policy or the day changes."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from provider.catalog.queries import Catalog, current
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.policies.rules import (
    DUE_BUSINESS_DAYS,
    OVERDUE_BUSINESS_DAYS,
    STATE_LAW_NOTE,
    PolicyVersion,
    in_force,
)
from provider.programs.rules import ACE_SENTENCE
from provider.site import rules

CACHE_CONTROL = "public, max-age=30"
# The numbers and sentences that are promised, for every page.
CONSTANTS: Mapping[str, Any] = {
    "ace_sentence": ACE_SENTENCE,
    "due_days": DUE_BUSINESS_DAYS,
    "overdue_days": OVERDUE_BUSINESS_DAYS,
    "promise": rules,
    "state_law_note": STATE_LAW_NOTE,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a public page is made from: the offer, the refund policy in force, and the day in the school's zone."""

    catalog: Catalog
    policy: PolicyVersion | None
    today: dt.date

    @classmethod
    def now(cls) -> "Moment":
        """Return the moment of this request."""
        catalog, at = current(), received_at()
        return cls(catalog, in_force(catalog.policies, at), day_of(at, settings().SCHOOL_ZONE))

    def still(self, other: "Moment") -> bool:
        """Say whether a page of the other moment is a page of this one; an unchanged offer is the same object."""
        return (
            self.catalog is other.catalog
            and self.today == other.today
            and (self.policy is other.policy or self.policy == other.policy)
        )


Values = Callable[[Moment], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, made once."""

    moment: Moment
    body: bytes
    etag: str

    def answer(self) -> Response:
        """Return the page, or only the word that the visitor's copy is still right."""
        if "If-None-Match" in request.headers and request.if_none_match.contains_weak(self.etag):
            response = Response(status=304)
        else:
            response = Response(self.body, content_type="text/html; charset=utf-8")
        response.headers["ETag"] = f'"{self.etag}"'
        response.headers["Cache-Control"] = CACHE_CONTROL
        return response


def shown(template: str, values: Values | None = None) -> Response:
    """Answer with the page of this address; ``values`` is asked only when the page has to be made."""
    made: dict[str, Page] = current_app.extensions.setdefault("public_pages", {})
    moment = Moment.now()
    page = made.get(request.path)
    if page is None or not moment.still(page.moment):
        page = made[request.path] = _make(template, moment, values(moment) if values else {})
    return page.answer()


def _make(template: str, moment: Moment, values: Mapping[str, Any]) -> Page:
    # Not render_template: what that adds reads the signed-in person.
    text = current_app.jinja_env.get_template(template).render(
        {
            **CONSTANTS,
            **values,
            "request": request,
            "catalog": moment.catalog,
            "policy": moment.policy,
            "today": moment.today,
        }
    )
    body = text.encode()
    return Page(moment, body, hashlib.sha256(body).hexdigest()[:32])
