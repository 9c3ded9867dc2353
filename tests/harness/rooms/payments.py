"""Money coming in: cards, transfers and checks, receipts, what is waived or waits."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.files.models import File
from provider.payments.models import Payment, Receipt
from tests.harness import (
    card_students,
)
from tests.harness.room import (
    MINE,
    OWNER,
    Case,
    Objects,
    Records,
    Room,
    Visit,
    by_staff,
    first,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.season_events import parked
from tests.harness.stage import Stage

FORMS = (
    Case(
        "payment",
        Role.BURSAR,
        "/staff/enrollments/{late}/payments/new",
        {"external_reference": "CHECK-77", "proof_note": "In the safe"},
    ),
    Case("reverse", Role.BURSAR, "/staff/payments/{payment}/reverse", {"reason": "The wrong student of that name"}),
    Case(
        "waiver",
        Role.BURSAR,
        "/staff/enrollments/{late}/installments/4/waiver",
        {"reason": "Agreed with the director on the telephone"},
    ),
    Case(
        "pause",
        Role.BURSAR,
        "/staff/enrollments/{paying}/automatic-payments/pause",
        {"reason": "Waits for the next pay day"},
    ),
)
BUTTONS = {
    "/my/enrollments/{paying}/pay/card": "paying",
    "/my/enrollments/{paying}/pay/{charge}/check": "paying",
    "/my/enrollments/{paying}/pay/{charge}/give-up": "paying",
    "/my/enrollments/{paying}/card/remove": "paying",
    "/staff/enrollments/{late}/automatic-payments/release": Role.BURSAR,
    "/staff/payments/export": Role.BURSAR,
    "/staff/payment-events/{parked_event}/retry": Role.BURSAR,
    "/staff/payments/{late_payment}/return": Role.BURSAR,
}


def _receipt(season: Season) -> sa.Select[str]:
    return sa.select(Receipt.reference).join(Payment).where(Payment.reference == season["paying"].payments[0])


def _student(stage: Stage) -> Iterator[Visit]:
    paying, keeps = stage.season["paying"], stage.season[card_students.KEEPS]
    here = f"/my/enrollments/{paying.enrollment}"
    yield Visit("my-pay", f"{here}/pay", paying.email)
    yield Visit("my-card-none", f"{here}/card", paying.email)
    for name in ("pay", "card"):
        yield Visit(f"my-{name}-kept", f"/my/enrollments/{keeps.enrollment}/{name}", keeps.email)
    for state, (email, path) in card_students.pages(stage.app).items():
        yield Visit(f"my-charge-{state}", path, email)
    receipt = looked_up(stage.app, lambda: first(_receipt(stage.season)))
    yield Visit("my-receipt", f"{here}/receipts/{receipt}", paying.email)


def _staff(stage: Stage) -> Iterator[Visit]:
    season = stage.season
    late, paid = season["late"].enrollment, season["fresh"].payments[0]
    paths = {
        "payment-new": f"/staff/enrollments/{season['awaiting'].enrollment}/payments/new",
        "waiver": f"/staff/enrollments/{late}/installments/2/waiver",
        "waiver-not-owed": f"/staff/enrollments/{late}/installments/1/waiver",
        "pause": f"/staff/enrollments/{season['paying'].enrollment}/automatic-payments/pause",
        "payments": "/staff/payments",
        "payments-awaited": "/staff/payments?view=awaited",
        "payments-to-return": "/staff/payments?view=to_return",
        "payments-disputed": "/staff/payments?view=disputed",
        "payment-events": "/staff/payment-events",
        "payment-events-parked": "/staff/payment-events?view=parked",
        "payment-events-none": "/staff/payment-events?view=waiting",
        "payment": f"/staff/payments/{paid}",
        "payment-reverse": f"/staff/payments/{paid}/reverse",
        "payment-to-return": f"/staff/payments/{season['too_late'].payments[0]}",
    }
    yield from by_staff(stage, paths, sent_empty=("payment-new", "waiver", "pause"))


def _of_season(school: Flask, season: Season) -> dict[str, str]:
    return {
        "charge": season["paying"].charge,
        "late_payment": season["too_late"].payments[0],
        "payment": season["fresh"].payments[0],
        "parked_event": parked(),
    }


def _objects(season: Season) -> Objects:
    owner = season[OWNER]
    proof = sa.select(File.reference).join(Payment, Payment.proof_file_id == File.id)
    return {
        MINE: {"reference": owner.enrollment, "receipt": first(_receipt(season)), "charge": owner.charge},
        "/staff/payments/": {"reference": owner.payments[0]},
        "/staff/payment-events/": {"reference": parked()},
        "/staff/files/": {"reference": first(proof)},
    }


RECORDS = (Records(("charge", "late_payment", "payment", "parked_event"), _of_season),)


ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
