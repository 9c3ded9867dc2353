"""What the registries call by name about evaluations and records: a link, the daily letters, and words of history."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from provider.affiliations.rules import Period
from provider.fieldwork import entries, evaluations, record_queries, records
from provider.fieldwork.evaluating import Way, to_ask, writing_day
from provider.fieldwork.evaluation_link import EvaluationLink
from provider.fieldwork.evaluation_queries import Underway, asked_for, by_reference, underway, waiting
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.record_letters import COMPLETED
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.actors import SYSTEM
from provider.kernel.database import retrying
from provider.kernel.days import day_of
from provider.kernel.registry import Attachment, Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings

EVALUATIONS = "fieldwork.evaluations"


def look_at_evaluations(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Ask for the evaluations whose time has come, remind of those that wait, and tell of placements that are over.

    Nothing is asked for of a placement that is held.
    """
    for one in underway():
        way = Way(Period(one.first_on, one.last_on), one.required_hours * 60, one.minutes)
        for kind in () if one.held else to_ask(way, one.asked, day_of(now, ZoneInfo(one.zone))):
            retrying(lambda one=one, kind=kind: _ask(one, kind, now))  # type: ignore[misc]
        if day_of(now, ZoneInfo(one.zone)) > one.last_on:
            retrying(lambda one=one: _tell_over(one, now))  # type: ignore[misc]
    for reference in waiting():
        retrying(lambda reference=reference: _remind(reference, now))  # type: ignore[misc]


def _tell_over(one: Underway, now: dt.datetime) -> None:
    placement = entries.placement_by_id(one.placement_id, lock=True)
    records.tell_over(placement, today=day_of(now, ZoneInfo(one.zone)), at=now)


def _ask(one: Underway, kind: EvaluationKind, now: dt.datetime) -> None:
    placement = entries.placement_by_id(one.placement_id, lock=True)
    if kind not in asked_for(placement.id):  # by another worker, since it was looked up
        evaluations.ask(placement=placement, kind=kind, actor=SYSTEM, at=now)


def _remind(reference: str, now: dt.datetime) -> None:
    evaluations.remind(evaluation=by_reference(reference, lock=True), at=now)


def _morning(now: dt.datetime) -> str:
    return writing_day(now, settings().SCHOOL_ZONE).isoformat()


def record_file(values: Mapping[str, Any]) -> Sequence[Attachment]:
    """Return the record that goes with the letter about it."""
    record = record_queries.by_reference(values["record"])
    return (Attachment(f"externship-record-{record.reference}.pdf", "application/pdf", record_queries.pdf(record)),)


STORY = Strand(
    "externship",
    "Externship",
    frozenset({"evaluation", "site_visit", "externship_record"}),
    {
        "evaluation.asked": ("{kind} asked for", "letter"),
        "evaluation.asked_again": ("{kind} asked for again", "letter"),
        "evaluation.reminded": ("Reminded of an evaluation", "letter"),
        "evaluation.done": ("{kind} given", "person"),
        "site_visit.noted": ("Visit to the site noted", "note"),
        "externship_record.made": ("Externship record made", "event"),
        "externship_record.made_anew": ("New externship record made", "event"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[EVALUATION_LINK] = EvaluationLink()
    registry.jobs[EVALUATIONS] = look_at_evaluations
    registry.periodic.append(Periodic(EVALUATIONS, _morning))
    registry.attachments[COMPLETED] = record_file
    registry.strands.append(STORY)
