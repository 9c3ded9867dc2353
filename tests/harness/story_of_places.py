"""The externships of the small school: somebody at each step from asking to a record, and what each step needs."""

import datetime as dt
from dataclasses import dataclass

from provider.affiliations.rules import Period
from provider.documents.rules import DocumentKind
from provider.externships import ending, plans, queries
from provider.externships.rules import PlacementState
from provider.fieldwork import entries, evaluations, records
from provider.fieldwork.evaluating import OVERALL, SKILLS
from provider.fieldwork.evaluation_queries import by_reference
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from tests.harness import externs, papers, places
from tests.harness.externs import COORDINATOR, STUDENT
from tests.harness.placed import (
    COMPLETED,
    PRECEPTOR,
    Placed,
    answer,
    at,
    do,
    enrolled,
    enter,
    graduated,
    placed,
    send,
)
from tests.harness.sites import supply

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
LAST = dt.date(2026, 11, 20)  # the day before the last of the story
SHORT = Period(dt.date(2026, 10, 5), LAST)
LONG = Period(dt.date(2026, 11, 2), dt.date(2027, 1, 29))
AHEAD = Period(dt.date(2026, 12, 7), dt.date(2027, 3, 26))
MONDAY = dt.date(2026, 11, 9)
EARLY = "The class ends within a month, and a site nearby has a place from then on."
WHY = "The clinic counts hours by shift; the coordinator compared the sheets."


@dataclass(frozen=True, slots=True)
class Places:
    """Requests by how far they are, offers, placements, and a plan that was dropped, by reference."""

    looking: str
    lacking: str
    early: str
    gone: str
    offered: str
    offer: str
    planned: str
    running: str
    recorded: str
    recorded_for: str
    plan: str


def tell() -> Places:
    """Let students look for places and find them, and one be done; needs an application context."""
    asked_at = at(LAST, "10:00")
    looking, gone, offered = (_ask(graduated(f"{name}@student.example"), asked_at) for name in ("looks", "goes", "has"))
    with unit_of_work():
        ending.withdraw(request=queries.by_reference(gone, lock=True), actor=STUDENT, at=asked_at + HOUR)
    offer = places.offer(offered, supply(days=AHEAD).opening, at=asked_at + HOUR)
    papers.ask(DocumentKind.TB, program="cpt", at=asked_at)
    lacking = _ask(_graduate_of_another_program(), asked_at)
    early = _ask(enrolled("early@student.example", COMPLETED), asked_at, early_reason=EARLY)
    planned = placed(email="planned@student.example", state=PlacementState.PLANNED, days=AHEAD)
    done = _recorded()
    return Places(
        looking, lacking, early, gone, offered, offer, planned.placement, _running().placement, done.placement,
        done.enrollment, _dropped_plan(asked_at),
    )  # fmt: skip


def _ask(enrollment: str, when: dt.datetime, early_reason: str | None = None) -> str:
    return externs.ask(enrollment, at=when, earliest_on=AHEAD.first_on, early_reason=early_reason)


def _graduate_of_another_program() -> str:
    """Return one who has brought a document that waits for a check, and another that was refused."""
    email = "lacks@student.example"
    reference = graduated(email, program="cpt")
    papers.upload(email, DocumentKind.MMR, at=COMPLETED)
    papers.refuse(papers.upload(email, DocumentKind.TB, at=COMPLETED), at=COMPLETED + HOUR)
    return reference


def _running() -> Placed:
    """Let somebody have a week approved, one that waits, and a day that was not sent."""
    who = placed(email="runs@student.example", days=LONG)
    for week_on in (MONDAY - 7 * DAY, MONDAY):
        enter(who, week_on)
        do(who, week_on)
    answer(send(who, MONDAY - 7 * DAY, when=at(MONDAY, "09:00")), when=at(MONDAY, "10:00"))
    send(who, MONDAY, when=at(MONDAY + 7 * DAY, "09:00"))
    enter(who, MONDAY + 7 * DAY)
    do(who, MONDAY + 7 * DAY)
    return who


def _recorded() -> Placed:
    """Let somebody be done, evaluated, and have a record that stands."""
    who = placed(email="done@student.example", days=SHORT)
    enter(who, MONDAY)
    do(who, MONDAY)
    answer(send(who, MONDAY, when=at(LAST - DAY, "09:00")), when=at(LAST - DAY, "10:00"))
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        asked = evaluations.ask(
            placement=placement, kind=EvaluationKind.FINAL, actor=SYSTEM, at=at(LAST, "08:00")
        ).reference
    with unit_of_work():
        evaluations.give(
            evaluation=by_reference(asked, lock=True),
            answers={**{point.key: 4 for point in SKILLS}, OVERALL: 4},
            words="Calm and exact.",
            signature="Pat Preceptor",
            actor=PRECEPTOR,
            at=at(LAST, "09:00"),
        )
    with unit_of_work():
        placement = entries.placement(who.placement)
        records.complete(
            placement=placement, signature="Dana Dean", reason=WHY, actor=COORDINATOR, at=at(LAST, "16:00")
        )
    return who


def _dropped_plan(when: dt.datetime) -> str:
    with unit_of_work():
        plan = plans.start(actor=COORDINATOR, at=when)
        plans.drop(plan=plan, actor=COORDINATOR, at=when + HOUR)
        return plan.reference
