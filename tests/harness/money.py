"""Students with agreements, and the money that comes in for them, made by the actions that the pages call."""

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask

from provider.catalog import queries as catalog
from provider.enrollments import actions as enrollments
from provider.enrollments import queries as enrolled_rows
from provider.enrollments.actions import Answers
from provider.enrollments.models import Enrollment
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.ledger import queries as ledger
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, Side
from provider.mail.models import OutboxLetter
from provider.payments import actions as payments
from provider.payments import queries as payment_rows
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.policies import queries as policies

BURSAR = Actor(ActorKind.STAFF, "P-22222222")
ACCEPTED = dt.datetime(2026, 11, 2, 15, tzinfo=dt.UTC)
PAID = dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)
_numbers = itertools.count(1)
T = TypeVar("T")


def agreed(
    plan: str = "upfront",
    *,
    program: str = "ccma",
    at: dt.datetime = ACCEPTED,
    email: str | None = None,
    state: str = "NY",
    zone: str = "America/New_York",
    browser: str | None = None,
) -> str:
    """Let a student accept an agreement; returns the enrollment's reference."""
    number = next(_numbers)
    answers = Answers(
        legal_name=f"Ana Ñúñez {number}",
        email=email or f"payer{number}@example.org",
        phone=None,
        state_code=state,
        zip="10001",
        zone=zone,
        signature="Ana Ñúñez",
    )
    with unit_of_work():
        offer = catalog.offer(program)
        enrollment = enrollments.accept(
            answers=answers,
            offer=offer,
            plan=next(one for one in offer.plans if one.slug == plan),
            policy=policies.in_force(at),
            browser=browser or f"{number:064d}",
            client_address="127.0.0.1",
            actor=SYSTEM,
            at=at,
        )
        return enrollment.reference


def record(reference: str, cents: int, *, at: dt.datetime = PAID, **changed: Any) -> str:  # noqa: ANN401 - any argument of the action
    """Record a payment in a transaction of its own; returns its reference."""
    with unit_of_work():
        return record_inside(reference, cents, at=at, **changed).reference


def record_inside(reference: str, cents: int, *, at: dt.datetime = PAID, **changed: Any) -> Payment:  # noqa: ANN401 - as above
    """Record a payment in the transaction that is open."""
    given: dict[str, Any] = {
        "method": PaymentMethod.CHECK,
        "external_reference": f"check {next(_numbers)}",
        "received_at": at,
        "proof_file": None,
        "proof_note": None,
        "actor": BURSAR,
        "at": at,
    }
    enrollment = enrolled_rows.by_reference(reference, lock=True)
    return payments.record(enrollment=enrollment, amount_cents=cents, **given | changed)


def reverse(payment: str, *, at: dt.datetime = PAID, reason: str = "Typed for the wrong student.") -> None:
    """Take a payment back in a transaction of its own."""
    with unit_of_work():
        payments.reverse(payment=payment_rows.by_reference(payment), reason=reason, actor=BURSAR, at=at)


def kept(found: T) -> T:
    """Let what was read go from the session, so that it stays as it was read."""
    db.session.expunge_all()
    db.session.rollback()
    return found


def stored(reference: str) -> Enrollment:
    """Return an enrollment as it stands in the database."""
    return kept(enrolled_rows.by_reference(reference))


def payment(reference: str) -> Payment:
    """Return a payment as it stands in the database."""
    return kept(payment_rows.by_reference(reference))


def rows(reference: str) -> list[tuple[int, str, int, int]]:
    """Return an enrollment's installments: number, state, amount and what is paid of it."""
    return [(one.number, one.state.value, one.amount_cents, one.paid_cents) for one in stored(reference).installments]


def books(reference: str) -> dict[str, int]:
    """Return what each account of an enrollment stands at, debits above zero; accounts at zero are left out."""
    return {account.value: cents for account, cents in ledger.balances(reference).items() if cents}


def postings(reference: str) -> list[str]:
    """Return the kinds of an enrollment's postings, oldest first."""
    return [posting.kind.value for posting in ledger.postings(reference)]


def letters(reference: str, template: str | None = None) -> list[OutboxLetter]:
    """Return the letters about an enrollment, oldest first."""
    query = sa.select(OutboxLetter).where(OutboxLetter.about == reference).order_by(OutboxLetter.id)
    return kept(list(db.session.scalars(query if template is None else query.where(OutboxLetter.template == template))))


def at_once(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Do everything at the same instant, each in a thread and session of its own; return results and exceptions."""
    start = threading.Barrier(len(works))
    found: dict[int, Any] = {}

    def run(number: int, work: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait()
            try:
                found[number] = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
                found[number] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(works))]


def totals() -> Mapping[Account, int]:
    """Return what every account of the school stands at, debits above zero."""
    signed = sa.case((LedgerEntry.side == Side.DEBIT, LedgerEntry.cents), else_=-LedgerEntry.cents)
    query = sa.select(LedgerEntry.account, sa.func.sum(signed)).join(
        LedgerPosting, LedgerPosting.id == LedgerEntry.posting_id
    )
    return {account: int(cents) for account, cents in db.session.execute(query.group_by(LedgerEntry.account))}
