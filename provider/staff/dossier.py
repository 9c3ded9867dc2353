"""Everything a page shows of one enrollment, read in a constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.cards import queries as cards
from provider.cards.models import ChargePause
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import LIFECYCLE, UNPAID_STATES, EnrollmentState
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.ledger import queries as ledger
from provider.ledger.models import LedgerPosting
from provider.ledger.rules import Account
from provider.mail.models import AddressHealth
from provider.mail.queries import troubled
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.payments.rules import CLOCK_STATES, PURCHASE_STATES, PaymentState
from provider.refunds import queries as refunds
from provider.refunds.models import Refund
from provider.refunds.queries import Outlook
from provider.refunds.rules import PayoutState
from provider.staff import stories
from provider.staff.stories import Records, Story, Wanted
from provider.staff.thread_pages import Beside, beside
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
    waive: Sequence[int]
    pause: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One enrollment whole, as this person may see it."""

    enrollment: Enrollment
    story: Story
    tasks: Sequence[Task]
    student: str | None
    email: str
    marks: Mapping[str, AddressHealth]
    beside: Beside | None
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
    pause: ChargePause | None


def read(enrollment: Enrollment) -> Dossier:
    """Read one enrollment for the signed-in person."""
    money = _money(enrollment) if may(P.SEE_MONEY) else None
    raised = tasks.about(enrollment.reference)
    student, email = None, enrollment.claimed_email
    if enrollment.person_id is not None:
        student, email = people.reference_and_email(enrollment.person_id)
    records = Records(money.payments if money else (), money.refunds if money else (), raised)
    return Dossier(
        enrollment=enrollment,
        story=stories.read({enrollment.reference: ""}, records, Wanted.of_request()),
        tasks=[task for task in raised if task.done_at is None],
        student=student,
        email=email,
        marks=troubled([email, enrollment.claimed_email]),
        beside=beside(enrollment.reference, person_id=enrollment.person_id, emails={email, enrollment.claimed_email}),
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
        pause=cards.paused(enrollment.id),
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
    owed = [one.number for one in payments.owed(enrollment)] if record and state in CLOCK_STATES else []
    return Can(
        record_payment=record,
        enter_refund=record and paid and LIFECYCLE.can(state, EnrollmentState.REFUNDED),
        withdraw=record and LIFECYCLE.can(state, EnrollmentState.WITHDRAWN),
        complete=change and LIFECYCLE.can(state, EnrollmentState.COMPLETED),
        cancel=change and state in UNPAID_STATES,
        release_hold=change and enrollment.hold_on is not None,
        waive=owed,
        pause=bool(owed) and settings().cards_on and money is not None and money.pause is None,
    )
