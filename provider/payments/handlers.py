"""What the registries call by name: the daily clock of installments."""

import datetime as dt

from provider.accounts.rules import Permission
from provider.enrollments import queries as enrollments
from provider.jobs.actions import enqueue_once
from provider.kernel.actors import SYSTEM
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.payments import reminders, waiting

DAILY = "payments.installments"
ONE = "payments.installments_of"


def school_day(now: dt.datetime) -> str:
    """Name the school's day, so that each has its run, late or not."""
    return day_of(now, settings().SCHOOL_ZONE).isoformat()


def daily(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Ask for a visit to each enrollment whose installments call for something; one that fails stops no other."""
    waiting = reminders.enrollments_to_visit(now)
    with unit_of_work():
        for reference in waiting:
            enqueue_once(
                kind=ONE, key=f"{ONE}:{reference}:{school_day(now)}", payload={"enrollment": reference}, at=now
            )


def visit(payload: Payload, *, now: dt.datetime) -> None:
    """Bring one enrollment's installments up to date."""
    reference = str(payload["enrollment"])
    retrying(
        lambda: reminders.advance(enrollment=enrollments.by_reference(reference, lock=True), actor=SYSTEM, now=now)
    )


STORY = Strand(
    "money",
    "Money",
    frozenset({"payment", "receipt", "installment"}),
    {
        "payment.captured": ("Payment recorded", "money"),
        "payment.reversed": ("Payment record reversed", "money"),
        "payment.disputed": ("Payment disputed at the bank", "warn"),
        "payment.lost": ("Payment lost in a dispute", "warn"),
        "payment.stands": ("Payment stands after a dispute", "money"),
        "installment.paid": ("paid", "money"),
        "installment.past_due": ("past due", "warn"),
        "installment.waived": ("waived", "money"),
        "installment.canceled": ("canceled", "money"),
        "installment.scheduled": ("open again", "money"),
    },
    needs=Permission.SEE_MONEY,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[DAILY] = daily
    registry.jobs[ONE] = visit
    registry.periodic.append(Periodic(DAILY, school_day))
    registry.strands.append(STORY)
    registry.queues["late"] = waiting.QUEUE
