"""Requests whose documents stay missing: reminders on days 10, 20 and 27, and sleep after 30 days (R14)."""

import datetime as dt

from provider.enrollments import queries as enrollments
from provider.externships import guarantee, letters, queries, requests
from provider.externships.models import ExternshipRequest
from provider.externships.rules import RequestState, lapses_at, reminder_due
from provider.kernel.actors import SYSTEM
from provider.kernel.settings import settings
from provider.mail.actions import post


def remind_or_lapse(request: ExternshipRequest, *, at: dt.datetime) -> None:
    """Do what is due for a request whose documents are missing; what was missed while no job ran is not made up for.

    When its days are over it sleeps, and that letter speaks for reminders that were not sent; before, the newest
    reminder speaks for those before it.
    """
    if request.state is not RequestState.DOCUMENTS or request.missing_since is None:
        return
    over = lapses_at(request.missing_since, settings().DOCUMENTS_LAPSE_DAYS)
    if at >= over:
        _lapse(request, at)
        return
    day = reminder_due(request.missing_since, now=at, reminded_days=request.reminded_days)
    if day is not None:
        request.reminded_days = day
        missing = requests.missing(requests.needs_of(request, at))
        recipient = enrollments.recipient(request.enrollment)
        post(letters.documents_missing(request, recipient=recipient, day=day, over=over, missing=missing), at=at)


def _lapse(request: ExternshipRequest, at: dt.datetime) -> None:
    requests.step(request, RequestState.LAPSED, actor=SYSTEM, at=at)
    guarantee.keep(request, at=at)
    missing = requests.missing(requests.needs_of(request, at))
    recipient = enrollments.recipient(request.enrollment)
    post(letters.lapsed(request, recipient=recipient, days=settings().DOCUMENTS_LAPSE_DAYS, missing=missing), at=at)


def look(reference: str, *, at: dt.datetime) -> None:
    """Look at one request, held: its documents may have come or run out since."""
    request = queries.by_reference(reference, lock=True)
    requests.look_at_documents(request, at=at)
    remind_or_lapse(request, at=at)
