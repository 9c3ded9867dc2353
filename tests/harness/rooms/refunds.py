"""The way out: asking for the money back, payouts, overrides, withdrawals."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel import clock
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState
from tests.harness.mail_in import dismissed_draft, draft_of
from tests.harness.room import (
    Case,
    Objects,
    Records,
    Room,
    Visit,
    by_link,
    by_query,
    by_staff,
    first,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

YESTERDAY = f"{clock.now() - dt.timedelta(days=1):%Y-%m-%dT%H:%M}"
FORMS = (
    Case("refund", "fresh", "/my/enrollments/{fresh}/refund"),
    Case("refund link", None, "/links/{link}"),
    Case(
        "mailed request",
        Role.BURSAR,
        "/staff/enrollments/{late}/refunds/new",
        {"received_at": YESTERDAY, "evidence": "A mail"},
    ),
    Case("override", Role.BURSAR, "/staff/refunds/{declined}", {"reason": "In hospital all the time"}, "override"),
    Case("payout", Role.BURSAR, "/staff/refunds/{refunding}", {"external_reference": "OUT-1"}, "payouts"),
    Case(
        "payout another way",
        Role.BURSAR,
        "/staff/payouts/{not_taken}/another-way",
        {"method": "check", "external_reference": "1044", "reason": "The card is closed, as she wrote"},
    ),
    Case(
        "withdraw",
        Role.BURSAR,
        "/staff/enrollments/{late}/withdrawal",
        {"reason": "Moves to another country", "unpaid": "keep"},
    ),
)
BUTTONS = {
    "/staff/refunds/export": Role.BURSAR,
    "/staff/payouts/export": Role.BURSAR,
    "/staff/payouts/{not_taken}/try-again": Role.BURSAR,
    "/staff/refund-drafts/{refund_draft}/dismiss": Role.BURSAR,
    "/staff/refund-drafts/{refund_draft}/enter": Role.BURSAR,
}

STATES = ("refunding", "settled", "declined", "excepted", "to_card", "under_way", "not_taken")


def _student(stage: Stage) -> Iterator[Visit]:
    for state, who in stage.season.students.items():
        if who.payments and state not in {"started", "overpaid", "reversed", "too_late"}:
            yield Visit(f"my-{state}-refund", f"/my/enrollments/{who.enrollment}/refund", who.email)


def _staff(stage: Stage) -> Iterator[Visit]:
    season = stage.season
    late = season["late"].enrollment
    failed = sa.select(Payout.reference).where(Payout.state == PayoutState.FAILED)
    not_taken = looked_up(stage.app, lambda: first(failed))
    draft = looked_up(stage.app, lambda: draft_of(season["fresh"].email))
    dismissed = looked_up(stage.app, dismissed_draft)
    paths = {
        "refund-new": f"/staff/enrollments/{late}/refunds/new",
        "refund-draft": f"/staff/refund-drafts/{draft}",
        "refund-draft-decided": f"/staff/refund-drafts/{dismissed}",
        "withdrawal": f"/staff/enrollments/{late}/withdrawal",
        "refunds": "/staff/refunds",
        **{f"refund-{name}": f"/staff/refunds/{season[name].refund}" for name in STATES},
        "payouts": "/staff/payouts",
        "payouts-due": "/staff/payouts?state=due",
        "payouts-failed": "/staff/payouts?state=failed",
        "payout-another-way": f"/staff/payouts/{not_taken}/another-way",
    }
    yield from by_staff(stage, paths, sent_empty=("refund-new", "withdrawal"))


def _not_taken(season: Season) -> sa.Select[str]:
    return sa.select(Payout.reference).join(Refund).where(Refund.reference == season["not_taken"].refund)


def _refunds(school: Flask, season: Season) -> dict[str, str]:
    return {name: season[name].refund for name in ("declined", "refunding")}


def _objects(season: Season) -> Objects:
    return {
        "/staff/refund-drafts/": {"reference": draft_of(season["fresh"].email)},
        "/staff/payouts/": {"reference": first(sa.select(Payout.reference))},
        "/staff/refunds/": {"reference": season["declined"].refund},
    }


def _draft(school: Flask, season: Season) -> dict[str, str]:
    return {"refund_draft": looked_up(school, lambda: draft_of(season["fresh"].email))}


RECORDS = (
    Records(("refund_draft",), _draft),
    Records(("declined", "refunding"), _refunds),
    by_query("not_taken", _not_taken),
    by_link("link", "refund", lambda season: season["fresh"].enrollment),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
