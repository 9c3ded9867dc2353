"""How a public page of this room is made: its template, the offer of the moment, and what the school promises."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, request

from provider.catalog.pages import Moment, Page, kept
from provider.externships.rules import REMINDER_DAYS
from provider.kernel.settings import settings
from provider.policies.rules import DUE_BUSINESS_DAYS, OVERDUE_BUSINESS_DAYS, STATE_LAW_NOTE
from provider.programs.rules import ACE_SENTENCE
from provider.site.rules import Promise

# The numbers and sentences that are promised, for every page.
CONSTANTS: Mapping[str, Any] = {
    "ace_sentence": ACE_SENTENCE,
    "due_days": DUE_BUSINESS_DAYS,
    "overdue_days": OVERDUE_BUSINESS_DAYS,
    "state_law_note": STATE_LAW_NOTE,
}
Values = Callable[[Moment], Mapping[str, Any]]


def _promise() -> Promise:
    known = settings()
    reminders = tuple(day for day in REMINDER_DAYS if day < known.DOCUMENTS_LAPSE_DAYS)
    return Promise(known.GUARANTEE_DAYS, known.GUARANTEE_MILES, known.DOCUMENTS_LAPSE_DAYS, reminders)


def shown(template: str, values: Values | None = None) -> Response:
    """Answer with the page of this address; ``values`` is asked only when the page has to be made."""

    def make(moment: Moment) -> Page:
        # Not render_template: what that adds reads the signed-in person.
        text = current_app.jinja_env.get_template(template).render(
            {
                **CONSTANTS,
                **(values(moment) if values else {}),
                "promise": _promise(),
                "request": request,
                "catalog": moment.catalog,
                "policy": moment.policy,
                "today": moment.today,
            }
        )
        return Page.of(moment, text)

    return kept(f"{request.path}?", Moment.now(), make).answer()
