"""What the registries call by name: the job that reminds of renewals, the queue, and how stories tell of exams."""

import datetime as dt

from flask import url_for

from provider.accounts.rules import Permission
from provider.exams import actions, letters, queries
from provider.exams.rules import REMIND_BEFORE_DAYS, reminder
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.promises import Queue
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.mail import queries as mail

REMIND = "exams.remind"


def _day(now: dt.datetime) -> dt.date:
    return day_of(now, settings().SCHOOL_ZONE)


def remind(_payload: Payload, *, now: dt.datetime) -> None:
    """Remind of certificates to renew, 90, 30 and 7 days before; days without a run are made up for once."""
    today = _day(now)
    rows = queries.renewing(today, today + dt.timedelta(days=max(REMIND_BEFORE_DAYS)))
    due = {
        actions.event(row, days): (row.reference, days)
        for row in rows
        if row.renew_by is not None and (days := reminder(row.renew_by, today)) is not None
    }
    posted = mail.posted(letters.RENEWAL, list(due))
    for event, (reference, days) in due.items():
        if event not in posted:
            with unit_of_work():
                actions.remind(result=queries.by_reference(reference), days=days, at=now)


STORY = Strand(
    "exams",
    "Exams",
    frozenset({"exam_result"}),
    {
        "exam_result.reported": ("Result of the {credential} exam reported", "document"),
        "exam_result.corrected": ("Reported result corrected before its check", "document"),
        "exam_result.verified": ("Exam result verified", "good"),
        "exam_result.rejected": ("Exam result not accepted", "warn"),
        "exam_result.renewed": ("Certificate renewed, the next day is {new}", "event"),
    },
    needs=Permission.SEE_EXAMS,
    of_people=True,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs |= {REMIND: remind}
    registry.periodic.append(Periodic(REMIND, lambda now: _day(now).isoformat()))
    registry.queues["exams"] = Queue(
        "Exam results to check", Permission.SEE_EXAMS, queries.waiting, lambda: url_for("staff_exams.index")
    )
    registry.strands.append(STORY)
