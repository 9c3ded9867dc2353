"""What the registries call by name: the invariants over all rooms, and the nightly audit."""

import datetime as dt

from provider.history import blocks
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.registry import Breach, Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.oversight import (
    actions,
    at_sites,
    audit,
    card_money,
    credit_requests,
    decisions,
    finding,
    finding_places,
    finding_records,
    guarantee,
    ledger,
    mail,
    mail_in,
    money_in,
    money_out,
    papers,
    personal_erasure,
    placing,
    states,
)
from provider.oversight.checks import Check, invariant

NIGHTLY = "oversight.audit"
MARK_HISTORY = "oversight.mark_history"
BLOCKS_AT_ONCE = 50
CHECKS: tuple[Check, ...] = (
    *ledger.CHECKS,
    *money_in.CHECKS,
    *money_out.CHECKS,
    *card_money.CHECKS,
    *decisions.CHECKS,
    *placing.CHECKS,
    *guarantee.CHECKS,
    *at_sites.CHECKS,
    *papers.CHECKS,
    *credit_requests.CHECKS,
    *states.CHECKS,
    *mail.CHECKS,
    *mail_in.CHECKS,
)


def nightly(_payload: Payload, *, now: dt.datetime) -> None:
    """Recompute every invariant, and keep a task for each that is broken."""
    found: dict[str, list[Breach]] = {name: [] for name in audit.invariants()}
    numbers = dict.fromkeys(found, 0)
    for breach in audit.breaches():
        numbers[breach.invariant] += 1
        if len(found[breach.invariant]) < actions.SHOWN:
            found[breach.invariant].append(breach)
    with unit_of_work():
        actions.report(found=found, numbers=numbers, at=now)


def mark_history(_payload: Payload, *, now: dt.datetime) -> None:
    """Note the instants of history's settled rows, so that a period is found among very many; some at a time."""
    noted = BLOCKS_AT_ONCE
    while noted == BLOCKS_AT_ONCE:
        with unit_of_work():
            noted = blocks.mark_blocks(now=now, most=BLOCKS_AT_ONCE)


def forget_letter(payload: Payload, *, now: dt.datetime) -> None:
    """Take the address off the last letter to somebody who was erased, once it has left."""
    with unit_of_work():
        personal_erasure.forget_letter(str(payload["letter"]), now=now)


def _school_day(now: dt.datetime) -> str:
    return day_of(now, settings().SCHOOL_ZONE).isoformat()


STORY = Strand(
    "personal_data",
    "Personal data",
    frozenset({"file", "disclosure", "erasure"}),
    {
        "file.read": ("Uploaded file {file} read", "document"),
        "disclosure.export": ("List exported", "document"),
        "disclosure.copy_for_person": ("Copy of the record given to the student", "document"),
        "disclosure.site": ("Told to an externship site", "document"),
        "disclosure.college": ("Told to a college", "document"),
        "disclosure.ace": ("Told to the American Council on Education", "document"),
        "erasure.asked": ("Asked to be erased", "warn"),
        "erasure.done": ("Personal data erased", "warn"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.invariants.update({check.__name__: invariant(check) for check in CHECKS})
    registry.sources.update(finding.SOURCES | finding_records.SOURCES | finding_places.SOURCES)
    registry.jobs[NIGHTLY] = nightly
    registry.jobs[MARK_HISTORY] = mark_history
    registry.periodic.append(Periodic(MARK_HISTORY, lambda now: f"{now:%Y-%m-%dT%H}"))
    registry.jobs[personal_erasure.FORGET_LETTER] = forget_letter
    registry.periodic.append(Periodic(NIGHTLY, _school_day))
    registry.strands.append(STORY)
