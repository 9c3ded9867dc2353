"""Letters about hours and procedures: a week to the preceptor, and what came back to the student."""

import datetime as dt
from collections.abc import Iterable

from provider.accounts.models import SignedLink
from provider.enrollments.queries import recipient
from provider.externships.models import Placement
from provider.fieldwork.models import EntryBatch
from provider.mail.rules import Letter, Mailbox, Value


def week_to_approve(
    batch: EntryBatch,
    placement: Placement,
    *,
    link: SignedLink,
    expires_on: dt.date,
    hours: str,
    procedures: int,
    odd: int,
    reminder: bool,
) -> Letter:
    """The week of a student with the link to approve it; once more as a reminder, or to another preceptor."""
    return Letter(
        template="week_to_approve",
        recipient=batch.contact.email,
        event=f"{batch.reference}:{link.reference}",
        about=placement.enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values={
            "name": batch.contact.name,
            "student": placement.enrollment.legal_name,
            "program": placement.enrollment.agreement.program_title,
            "site": placement.opening.location.site.name,
            "week_on": batch.week_on.isoformat(),
            "hours": hours,
            "procedures": procedures,
            "odd": odd,
            "reminder": reminder,
            "week_link": link.reference,
            "expires_on": expires_on.isoformat(),
            "reference": batch.reference,
        },
    )


def week_returned(
    batch: EntryBatch, placement: Placement, *, lines: Iterable[tuple[dt.date, str, str | None]]
) -> Letter:
    """What the preceptor sent back or changed of a week, line by line with the reason.

    ``lines`` are the day, what it is, and why it came back; nothing where it was approved with another figure.
    """
    told: list[Value] = [{"day": day.isoformat(), "what": what, "because": why} for day, what, why in lines]
    return Letter(
        template="week_returned",
        recipient=recipient(placement.enrollment),
        event=batch.reference,
        about=placement.enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values={
            "name": placement.enrollment.legal_name,
            "preceptor": batch.contact.name,
            "site": placement.opening.location.site.name,
            "week_on": batch.week_on.isoformat(),
            "lines": told,
            "hours_path": f"/my/externship/hours?placement={placement.reference}&week={batch.week_on}",
            "procedures_path": f"/my/externship/procedures?placement={placement.reference}&week={batch.week_on}",
            "reference": placement.enrollment.reference,
        },
    )
