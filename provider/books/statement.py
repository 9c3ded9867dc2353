"""The statement of account of one enrollment: read from its ledger, written for the page and for the printer alike."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.books.rules import Due, Entry, Facts, Posted, Standing, entries, standing
from provider.cards.models import Charge
from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from provider.kernel.days import day_of, written
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.kernel.web import utc, when
from provider.ledger import queries as ledger
from provider.ledger.models import LedgerPosting
from provider.ledger.rules import Account, Line, Side
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.refunds import queries as refunds
from provider.refunds.models import Payout

PAPER = "books/statement.typ"
NONE = "–"


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that happened on the account of an enrollment, and how it stands."""

    enrollment: Enrollment
    entries: Sequence[Entry]
    standing: Standing
    drawn_at: dt.datetime

    @property
    def balance(self) -> int:
        """What the student owes in all; below zero, what the school owes the student."""
        return self.entries[-1].balance if self.entries else 0

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Each line as it is printed: day in the student's zone, what it was, added, taken off, balance."""
        zone = ZoneInfo(self.enrollment.zone)
        return [
            (
                written(day_of(one.at, zone)),
                one.what,
                dollars(one.cents) if one.cents > 0 else NONE,
                dollars(-one.cents) if one.cents < 0 else NONE,
                dollars(one.balance),
            )
            for one in self.entries
        ]

    @property
    def sums(self) -> list[tuple[str, str]]:
        """How the account stands, what is due now last; what is zero and would only be noise is left out."""
        stands = self.standing
        extra = [
            ("Your credit", stands.credit),
            ("On its way back to you", stands.on_its_way),
            ("Due later", stands.later),
        ]
        shown = [(label, dollars(cents)) for label, cents in extra if cents]
        return [("Balance", dollars(self.balance)), *shown, ("Due now", dollars(stands.now))]

    @property
    def notes(self) -> list[str]:
        """What the figures mean, in sentences."""
        stands = self.standing
        said = ["The balance is what you owe in all, due or not. Below zero, the school owes it to you."]
        if stands.next_due_on is not None:
            said.append(f"Next, {dollars(stands.next_cents)} is due on {written(stands.next_due_on)}.")
        elif not stands.now:
            said.append("Nothing more is to be paid.")
        return [*said, f"Dates are those of the time zone {self.enrollment.zone}."]

    def as_data(self) -> dict[str, Any]:
        """Return what the printer's template reads: text only."""
        enrollment, zone = self.enrollment, self.enrollment.zone
        return {
            "title": f"Statement of account {enrollment.reference}",
            "drawn": [when(self.drawn_at, zone), utc(self.drawn_at)],
            "seller": [settings().SCHOOL_NAME, settings().mailbox("enquiries")],
            "buyer": [
                enrollment.legal_name,
                f"Enrollment {enrollment.reference}",
                enrollment.agreement.program_title,
                enrollment.agreement.plan_title,
            ],
            "rows": [list(row) for row in self.rows],
            "sums": [list(pair) for pair in self.sums],
            "notes": self.notes,
            "sample": enrollment.agreement.sample,
        }


def read(enrollment: Enrollment, *, now: dt.datetime) -> Statement:
    """Read the statement of a loaded enrollment as it stands at an instant; a constant number of statements."""
    posted = [_posted(one) for one in ledger.postings(enrollment.reference)]
    owed = [Due(one.due_on, one.open_cents, one.state) for one in enrollment.installments]
    balances: dict[Account, int] = {}
    for line in (line for one in posted for line in one.lines):
        signed = line.cents if line.side is Side.DEBIT else -line.cents
        balances[line.account] = balances.get(line.account, 0) + signed
    return Statement(
        enrollment=enrollment,
        entries=entries(posted, _facts(enrollment)),
        standing=standing(owed, balances, today=day_of(now, settings().SCHOOL_ZONE)),
        drawn_at=now,
    )


def _posted(posting: LedgerPosting) -> Posted:
    lines = tuple(Line(one.account, one.side, one.cents) for one in posting.entries)
    return Posted(posting.kind, posting.subject_reference, posting.at, lines)


def _facts(enrollment: Enrollment) -> Facts:
    paid = payments.of_enrollment(enrollment.id)
    cards = _cards(paid)
    given_back = [payout for refund in refunds.of_enrollment(enrollment.id) for payout in refund.payouts]
    return Facts(
        tuition=f"{enrollment.agreement.program_title}, {enrollment.agreement.plan_title}",
        installments=[one.reference for one in enrollment.installments],
        payments={one.reference: cards.get(one.id) or _how(one) for one in paid},
        payouts={one.reference: _how(one) for one in given_back},
        for_return=frozenset(one.reference for one in paid if one.for_return),
    )


def _how(one: Payment | Payout) -> str:
    """Say by what money came or went, with the reference that both sides know; a card's is of no use to anybody."""
    method = one.method.label.lower()
    if one.method is PaymentMethod.CARD or not one.external_reference:
        return method
    return f"{method}, reference {one.external_reference}"


def _cards(paid: Sequence[Payment]) -> dict[int, str]:
    """Return the names of the cards that payments came from, by the payment's id."""
    by_card = [one.id for one in paid if one.method is PaymentMethod.CARD]
    if not by_card:
        return {}
    query = sa.select(Charge).where(Charge.payment_id.in_(by_card)).options(joinedload(Charge.card))
    return {one.payment_id: one.card.named for one in db.session.scalars(query) if one.payment_id is not None}
