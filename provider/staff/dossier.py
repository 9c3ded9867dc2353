"""Everything a page shows of one enrollment, read in a constant number of statements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import url_for

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import LIFECYCLE, UNPAID_STATES, EnrollmentState
from provider.history import queries as history
from provider.kernel.money import dollars
from provider.kernel.web import received_at
from provider.ledger import queries as ledger
from provider.ledger.models import LedgerPosting
from provider.ledger.rules import Account
from provider.mail import queries as mail
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES, PaymentState
from provider.refunds import queries as refunds
from provider.refunds.models import Refund
from provider.refunds.queries import Outlook
from provider.refunds.rules import PayoutState, RefundState
from provider.staff.timeline import Event, Told, story
from provider.tasks import queries as tasks
from provider.tasks.models import Task

P = Permission


@dataclass(frozen=True, slots=True)
class Figures:
    """The money of an enrollment in cents, as its ledger says."""

    tuition: int
    received: int
    open: int
    credit: int
    waived: int
    to_pay_out: int
    paid_out: int

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What there is to say, as a bill; what is zero and would only be noise is left out."""
        lines = [("Tuition", self.tuition), ("Received", self.received)]
        extra = [
            ("Waived", self.waived),
            ("Credit of the student", self.credit),
            ("To be sent back", self.to_pay_out),
            ("Sent back", self.paid_out),
        ]
        lines += [(label, cents) for label, cents in extra if cents]
        return [(label, dollars(cents)) for label, cents in [*lines, ("Still to be paid", self.open)]]


@dataclass(frozen=True, slots=True)
class Can:
    """What this person may do to this enrollment as it stands."""

    record_payment: bool
    enter_refund: bool
    withdraw: bool
    complete: bool
    cancel: bool
    release_hold: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One enrollment whole, as this person may see it."""

    enrollment: Enrollment
    story: Sequence[Event]
    tasks: Sequence[Task]
    can: Can
    money: "Money | None"


@dataclass(frozen=True, slots=True)
class Money:
    """What only those see who may see money."""

    figures: Figures
    outlook: Outlook
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    postings: Sequence[LedgerPosting]


def read(enrollment: Enrollment) -> Dossier:
    """Read one enrollment for the signed-in person."""
    money = _money(enrollment) if may(P.SEE_MONEY) else None
    return Dossier(
        enrollment=enrollment,
        story=_story(enrollment, money),
        tasks=[task for task in tasks.about(enrollment.reference) if task.done_at is None],
        can=_can(enrollment, money),
        money=money,
    )


def _money(enrollment: Enrollment) -> Money:
    outlook = refunds.outlook(enrollment, received_at())
    paid = payments.of_enrollment(enrollment.id)
    return Money(
        figures=figures(enrollment, paid, outlook.refunds),
        outlook=outlook,
        payments=paid,
        refunds=outlook.refunds,
        postings=ledger.postings(enrollment.reference),
    )


def figures(enrollment: Enrollment, paid: Sequence[Payment], given_back: Sequence[Refund]) -> Figures:
    """Add up an enrollment's accounts; accounts of the credit side are shown as what they hold."""
    accounts = ledger.balances(enrollment.reference)
    sent = [payout for refund in given_back for payout in refund.payouts if payout.state is PayoutState.SENT]
    return Figures(
        tuition=enrollment.agreement.total_cents,
        received=sum(payment.amount_cents for payment in paid if payment.state in PURCHASE_STATES),
        open=accounts.get(Account.RECEIVABLE, 0),
        credit=-accounts.get(Account.STUDENT_CREDIT, 0),
        waived=accounts.get(Account.WAIVED, 0),
        to_pay_out=-accounts.get(Account.REFUNDS_PAYABLE, 0),
        paid_out=sum(payout.amount_cents for payout in sent),
    )


def _can(enrollment: Enrollment, money: Money | None) -> Can:
    state, change, record = enrollment.state, may(P.CHANGE_ENROLLMENTS), may(P.RECORD_MONEY)
    paid = money is not None and any(one.state is PaymentState.CAPTURED for one in money.payments)
    return Can(
        record_payment=record,
        enter_refund=record and paid and LIFECYCLE.can(state, EnrollmentState.REFUNDED),
        withdraw=record and LIFECYCLE.can(state, EnrollmentState.WITHDRAWN),
        complete=change and LIFECYCLE.can(state, EnrollmentState.COMPLETED),
        cancel=change and state in UNPAID_STATES,
        release_hold=change and enrollment.hold_on is not None,
    )


def _story(enrollment: Enrollment, money: Money | None) -> list[Event]:
    rows = history.timeline(enrollment.reference)
    letters = mail.about(enrollment.reference)
    actors = {row.actor_reference for row in rows if row.actor_reference}
    return story(
        rows,
        letters,
        names=people.names(actors) if actors else {},
        told=dict(_told(money)) if money else {},
        letter_href=_hrefs([letter.reference for letter in letters]) if may(P.SEE_MAIL) else {},
        with_money=money is not None,
    )


def _hrefs(letters: Sequence[str]) -> dict[str, str]:
    return {reference: url_for("staff_mail.show", reference=reference) for reference in letters}


def _told(money: Money) -> Iterator[tuple[str, Told]]:
    """Say of each money record what its line in the story adds."""
    for payment in money.payments:
        href = url_for("staff_payments.show", reference=payment.reference)
        text = f"{payment.method.label}, {payment.external_reference}"
        yield payment.reference, Told(payment.amount_cents, text, href)
    for refund in money.refunds:
        href = url_for("staff_refunds.show", reference=refund.reference)
        declined = refund.state is RefundState.DECLINED
        yield refund.reference, Told(None if declined else refund.amount_cents, refund.basis.label, href)
        for payout in refund.payouts:
            yield payout.reference, Told(payout.amount_cents, payout.external_reference, href)
