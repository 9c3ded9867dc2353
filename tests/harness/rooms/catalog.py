"""Programs with their plans, policies with the laws beneath them, and questions with answers."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.policies.models import StateFloorRow
from provider.programs.models import FaqItem, Program, Recommendation
from provider.programs.queries import credential_by_code
from provider.programs.recommendations import Advice, begin
from provider.tuition.models import TuitionPlan
from tests.harness.room import Case, Objects, Records, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

BEGUN = dt.date(2026, 1, 1)
FORMS = (
    Case("program", Role.EDITOR, "/staff/programs/{program}/edit"),
    Case(
        "new program",
        Role.EDITOR,
        "/staff/programs/new",
        {
            "title": "Clinical assistant",
            "code": "CA-2",
            "slug": "clinical-assistant",
            "summary": "In 16 weeks.",
            "outcome": "An exam.",
            "teaching": "Online.",
            "class_weeks": "16",
            "credentials": "CCMA",
        },
    ),
    Case("plan", Role.EDITOR, "/staff/programs/{program}/plans/{plan}", first=True),
    Case(
        "new plan",
        Role.EDITOR,
        "/staff/programs/{program}/plans/new",
        {"kind": "installments", "title": "Six parts", "total": "2,300.00", "count": "6"},
    ),
    Case(
        "policy",
        Role.ADMIN,
        "/staff/policies/new",
        {"hours": "48", "summary": "Two days.", "effective_from": "2031-01-01T00:00"},
    ),
    Case("counsel", Role.ADMIN, "/staff/policies/counsel", {"name": "Ada Admin", "on": "2026-01-02"}),
    Case(
        "recommendation",
        Role.EDITOR,
        "/staff/recommendations/new",
        {
            "credential": "CET",
            "credits": "3",
            "source": "ACE’s record",
            "valid_from": "2020-01-01",
            "valid_to": "2020-12-31",
        },
    ),
    Case(
        "recommendation again",
        Role.EDITOR,
        "/staff/recommendations/{unused_recommendation}",
        {"credits": "4"},
        "/words",
    ),
    Case(
        "end of a recommendation",
        Role.EDITOR,
        "/staff/recommendations/{recommendation}",
        {"last_on": "2030-12-31"},
        "/end",
    ),
    Case(
        "confirmation of a recommendation",
        Role.EDITOR,
        "/staff/recommendations/{recommendation}",
        {"name": "Ada Admin", "on": "2026-01-02"},
        "/confirmation",
    ),
    Case("question", Role.EDITOR, "/staff/faq/new", {"question": "Is it online?", "answer": "Yes, all of it."}),
    Case("question again", Role.EDITOR, "/staff/faq/{faq}", first=True),
)
BUTTONS = {
    "/staff/faq/{faq}/remove": Role.EDITOR,
    "/staff/programs/{program}/plans/{plan}/retirement": Role.EDITOR,
    "/staff/policies/floors/{floor}/off": Role.ADMIN,
    "/staff/policies/floors/{floor}/on": Role.ADMIN,
    "/staff/programs/{program}/sale": Role.EDITOR,
    "/staff/programs/{program}/sale-end": Role.EDITOR,
}

CCMA = sa.select(Program.reference).where(Program.slug == "ccma")
PLAN = sa.select(TuitionPlan.reference).join(Program).where(Program.slug == "ccma")
QUESTION = sa.select(FaqItem.slug)
ADVICE = sa.select(Recommendation.reference).order_by(Recommendation.id.desc())
FLOOR = sa.select(StateFloorRow.reference)


def _staff(stage: Stage) -> Iterator[Visit]:
    program, plan, faq = looked_up(stage.app, lambda: (first(CCMA), first(PLAN), first(QUESTION)))
    advice = looked_up(stage.app, lambda: first(ADVICE))
    paths = {
        "programs": "/staff/programs",
        "program": f"/staff/programs/{program}",
        "program-edit": f"/staff/programs/{program}/edit",
        "program-new": "/staff/programs/new",
        "plan-new": f"/staff/programs/{program}/plans/new",
        "plan-edit": f"/staff/programs/{program}/plans/{plan}",
        "policies": "/staff/policies",
        "policy-new": "/staff/policies/new",
        "counsel": "/staff/policies/counsel",
        "recommendations": "/staff/recommendations",
        "recommendation": f"/staff/recommendations/{advice}",
        "recommendation-new": "/staff/recommendations/new",
        "faq": "/staff/faq",
        "faq-new": "/staff/faq/new",
        "faq-edit": f"/staff/faq/{faq}",
    }
    yield from by_staff(
        stage, paths, sent_empty=("faq-new", "policy-new", "program-new", "plan-new", "recommendation-new")
    )


def _objects(season: Season) -> Objects:
    return {
        "/staff/programs/": {"reference": first(CCMA), "plan": first(PLAN)},
        "/staff/policies/floors/": {"reference": first(FLOOR)},
        "/staff/recommendations/": {"reference": first(ADVICE)},
        "/staff/faq/": {"slug": first(QUESTION)},
    }


def _unused(school: Flask, _season: Season) -> dict[str, str]:
    """Return a recommendation that no request rests on, begun now."""

    def find() -> str:
        said = Advice(
            credits=3, level=None, subject=None, source="ACE", valid_from=BEGUN, valid_to=None, sample=False
        )  # fmt: skip
        with unit_of_work():
            credential = credential_by_code("CET")
            return begin(credential=credential, advice=said, actor=SYSTEM, at=clock.now()).reference

    return {"unused_recommendation": looked_up(school, find)}


RECORDS = (
    by_query("program", CCMA),
    by_query("plan", PLAN),
    by_query("faq", QUESTION),
    by_query("floor", FLOOR),
    by_query("recommendation", ADVICE),
    Records(("unused_recommendation",), _unused),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, staff=_staff, records=RECORDS, objects=_objects)
