"""Reading refunds and payouts, and how a refund would be decided now."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from provider.cards.models import Charge, Dispute
from provider.cards.rules import DisputeState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.history.models import History
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import up_to
from provider.kernel.settings import settings
from provider.mail import queries as mail
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.payments.rules import CallKind, PaymentMethod, PaymentState
from provider.payments.service import connected
from provider.policies import rules as policies
from provider.policies.rules import Decision, PayoutDates, Terms, Window
from provider.refunds import rules
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.refunds.rules import OF_ONE_PAYMENT, PayoutState, RefundBasis, RefundState, Stays

WAITING = (PayoutState.DUE, PayoutState.SENDING, PayoutState.FAILED)


def returnable(paid: Sequence[Payment]) -> list[Payment]:
    """Return the payments of which something can still go back."""
    return [one for one in paid if one.state is PaymentState.CAPTURED and one.amount_cents > one.refunded_cents]


_HELD = frozenset({PaymentState.CAPTURED, PaymentState.DISPUTED})


def held(paid: Sequence[Payment]) -> list[Payment]:
    """Return the payments of which money is left, be it that a bank holds it for now."""
    return [one for one in paid if one.state in _HELD and one.amount_cents > one.refunded_cents]


def decision(
    enrollment: Enrollment, paid: Sequence[Payment], window: Window | None, *, asked_at: dt.datetime
) -> Decision:
    """Decide a request that reached the school at an instant, on the payments as they were read.

    Money that a bank holds in a dispute was captured, too; it is no reason to say that nothing came in.
    """
    return _decision(enrollment, paid, payments.terms(enrollment), window, asked_at=asked_at)


def decisions(asked: Collection[tuple[Enrollment, dt.datetime]]) -> list[Decision]:
    """Decide what came in about several enrollments, each by its instant, in as many statements as for one.

    A preview: nothing is stored.
    """
    paid: dict[int, list[Payment]] = {one.id: [] for one, _ in asked}
    for payment in payments.of_enrollments(list(paid)):
        paid[payment.enrollment_id].append(payment)
    windows = payments.refund_windows([one for one, _ in asked])
    return [_decision(one, paid[one.id], *windows[one.id], asked_at=at) for one, at in asked]


def _decision(
    enrollment: Enrollment, paid: Sequence[Payment], terms: Terms, window: Window | None, *, asked_at: dt.datetime
) -> Decision:
    return policies.decide(
        terms=terms,
        window=window,
        asked_at=asked_at,
        captured_cents=sum(one.amount_cents - one.refunded_cents for one in held(paid)),
        already_refunded=enrollment.state is EnrollmentState.REFUNDED,
        disputed=any(one.state is PaymentState.DISPUTED for one in paid),
    )


def running(enrollment_id: int) -> Refund | None:
    """Return the refund of an enrollment whose money is on its way."""
    query = sa.select(Refund).where(
        Refund.enrollment_id == enrollment_id,
        Refund.basis.not_in(OF_ONE_PAYMENT),
        Refund.state.in_((RefundState.REQUESTED, RefundState.APPROVED)),
    )
    return db.session.scalar(query)


_OF_ENROLLMENT = (
    sa.select(Refund)
    .where(Refund.enrollment_id == sa.bindparam("wanted"))
    .order_by(Refund.id.desc())
    .options(selectinload(Refund.payouts))
)


def of_enrollment(enrollment_id: int) -> Sequence[Refund]:
    """Return every request of an enrollment with its payouts, declined ones too, newest first."""
    return db.session.scalars(_OF_ENROLLMENT, {"wanted": enrollment_id}).all()


def of_enrollments(enrollment_ids: Sequence[int]) -> Sequence[Refund]:
    """Return every request of several enrollments with its payouts, newest first."""
    query = sa.select(Refund).where(Refund.enrollment_id.in_(enrollment_ids)).order_by(Refund.id.desc())
    return db.session.scalars(query.options(selectinload(Refund.payouts))).all()


def by_reference(reference: str) -> Refund:
    """Return one refund with its enrollment and payouts; raises NotFound."""
    query = sa.select(Refund).where(Refund.reference == reference)
    found = db.session.scalar(
        query.options(
            joinedload(Refund.enrollment).joinedload(Enrollment.agreement),
            selectinload(Refund.payouts).joinedload(Payout.payment),
        )
    )
    if found is None:
        raise NotFound
    return found


def payout(reference: str) -> Payout:
    """Return one payout with its refund, enrollment and payment; raises NotFound."""
    query = sa.select(Payout).where(Payout.reference == reference)
    found = db.session.scalar(query.options(*_PAYOUT_WITH))
    if found is None:
        raise NotFound
    return found


def payout_states(refund_id: int) -> Sequence[PayoutState]:
    """Return how the payouts of a refund stand in the database."""
    return db.session.scalars(sa.select(Payout.state).where(Payout.refund_id == refund_id)).all()


def payouts_of(payment: Payment) -> Sequence[Payout]:
    """Return every payout of a payment with its refund as they stand now, oldest first; the enrollment is held."""
    query = sa.select(Payout).join(Refund).where(Refund.enrollment_id == payment.enrollment_id)
    query = query.where(Payout.payment_id == payment.id).order_by(Payout.id)
    query = query.options(contains_eager(Payout.refund), joinedload(Payout.payment))
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def former_returns(payouts: Sequence[Payout]) -> dict[str, frozenset[str]]:
    """Return, by payout, what the service called the tries that failed."""
    found: dict[str, set[str]] = {payout.reference: set() for payout in payouts}
    query = sa.select(History.subject_reference, History.data).where(
        History.subject_reference.in_(found), History.new_state == PayoutState.FAILED
    )
    for reference, data in db.session.execute(query):
        if data.get("return"):
            found[reference].add(data["return"])
    return {reference: frozenset(names) for reference, names in found.items()}


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A payout that is being sent to its card, and since when."""

    reference: str
    since: dt.datetime


def under_way(before: dt.datetime) -> list[UnderWay]:
    """Return the payouts that have been on their way to a card since an instant or longer."""
    since = sa.func.max(History.at)
    query = (
        sa.select(Payout.reference, sa.type_coerce(since, History.at.type))
        .join(History, History.subject_reference == Payout.reference)
        .where(Payout.state == PayoutState.SENDING, Payout.method == PaymentMethod.CARD)
        .where(History.new_state == PayoutState.SENDING)
        .group_by(Payout.id, Payout.reference)
        .having(since <= before)
        .order_by(Payout.id)
    )
    return [UnderWay(*row) for row in db.session.execute(query)]


def states_by_return(intent_ids: Collection[str]) -> dict[str, PayoutState]:
    """Return how the payouts of these charges stand, by what the service calls the money that goes back."""
    query = (
        sa.select(Payout.external_reference, Payout.state)
        .join(Refund)
        .join(Charge, sa.and_(Charge.enrollment_id == Refund.enrollment_id, Charge.payment_id == Payout.payment_id))
        .where(Charge.intent_id.in_(intent_ids), Payout.method == PaymentMethod.CARD)
    )
    return {name: state for name, state in db.session.execute(query) if name is not None}


def cards_of(payment_ids: Collection[int]) -> dict[int, str]:
    """Return the names of the cards that paid, by payment."""
    query = sa.select(Charge).where(Charge.payment_id.in_(payment_ids)).options(joinedload(Charge.card))
    return {one.payment_id: one.card.named for one in db.session.scalars(query) if one.payment_id is not None}


def card_name(payout: Payout) -> str | None:
    """Return the name of the card that a payout goes back to; None for one that goes another way."""
    return cards_of([payout.payment_id]).get(payout.payment_id) if payout.method is PaymentMethod.CARD else None


def why_not_another_way(payouts: Sequence[Payout]) -> dict[str, Stays | None]:
    """Return, by payout, why it must not be sent another way than to its card; loaded with their payments."""
    attempts = calls.attempts(CallKind.GIVE_BACK, [one.reference for one in payouts])
    by_bank = given_back(payouts)
    return {
        one.reference: rules.why_not_another_way(
            one.state,
            by_card=one.method is PaymentMethod.CARD,
            disputed=one.payment.state is PaymentState.DISPUTED,
            given_back=by_bank[one.reference] == one.amount_cents,
            taken=one.external_reference is not None,
            untried=one.reference in attempts and attempts[one.reference] is None,
            unanswered=attempts.get(one.reference) is not None,
            service_on=connected(),
        )
        for one in payouts
    }


def given_back(payouts: Sequence[Payout]) -> dict[str, int]:
    """Return, by payout, the cents of it that banks gave back in disputes of its payment; loaded with their payments.

    What is left of it is all that the school still sends.
    """
    lost = [one.payment_id for one in payouts if one.payment.state is PaymentState.LOST]
    query = sa.select(Dispute.payment_id, sa.func.sum(Dispute.amount_cents)).group_by(Dispute.payment_id)
    query = query.where(Dispute.payment_id.in_(lost), Dispute.state == DisputeState.LOST)
    cents = {payment_id: int(sum_of) for payment_id, sum_of in db.session.execute(query)} if lost else {}
    return {one.reference: min(one.amount_cents, cents.get(one.payment_id, 0)) for one in payouts}


def was_told(template: str, event: str) -> bool:
    """Say whether a letter about an event was posted, whoever it went to."""
    return bool(mail.posted(template, [event]))


def tries(refund_id: int) -> int:
    """Return how often the payouts of a refund were tried, all together."""
    return db.session.scalars(sa.select(sa.func.sum(Payout.tries)).where(Payout.refund_id == refund_id)).one() or 0


def lost_dispute(payment_id: int) -> Dispute | None:
    """Return the newest dispute by which a bank gave a payment, or a part of it, back to the student."""
    query = sa.select(Dispute).where(Dispute.payment_id == payment_id, Dispute.state == DisputeState.LOST)
    return db.session.scalar(query.order_by(Dispute.id.desc()).limit(1))


def won_after_all() -> Sequence[str]:
    """Return the payouts that a lost dispute stood for, and that the bank has decided for the school since then."""
    query = (
        sa.select(Payout.reference)
        .join(Refund)
        .join(Payment, sa.and_(Payment.enrollment_id == Refund.enrollment_id, Payment.id == Payout.payment_id))
        .join(Dispute, Dispute.payment_id == Payment.id)
        .where(Dispute.state == DisputeState.WON, Dispute.service_id == Payout.external_reference)
        .where(Payout.state == PayoutState.SENT)
    )
    return db.session.scalars(query.order_by(Payout.id)).all()


def payouts_waiting(limit: int = 50) -> Sequence[Payout]:
    """Return the payouts that wait to be sent, those due first at the top."""
    waiting = sa.select(Payout.id).join(Refund).where(Payout.state.in_(WAITING))
    first = waiting.order_by(Refund.due_on, Payout.id).limit(limit).subquery()
    query = sa.select(Payout).join(first, first.c.id == Payout.id).join(Refund).options(*_PAYOUT_WITH)
    return db.session.scalars(query.order_by(Refund.due_on, Payout.id)).all()


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of the payouts that wait to be sent."""
    return up_to(sa.select(Payout.id).where(Payout.state.in_(WAITING)))


_PAYOUT_WITH = (
    joinedload(Payout.refund).joinedload(Refund.enrollment).joinedload(Enrollment.agreement),
    joinedload(Payout.payment),
)


def late_refunds(today: dt.date) -> Sequence[Refund]:
    """Return the approved refunds whose seventh business day has ended; ``today`` is a date in the school's zone."""
    query = sa.select(Refund).where(Refund.state == RefundState.APPROVED, Refund.due_on < today)
    return db.session.scalars(query.order_by(Refund.id).options(joinedload(Refund.enrollment))).all()


def withdrawal(enrollment_id: int) -> Withdrawal | None:
    """Return the withdrawal of an enrollment, if there was one."""
    return db.session.scalar(sa.select(Withdrawal).where(Withdrawal.enrollment_id == enrollment_id))


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the money of an enrollment stands at an instant: what asking now would bring, and what was asked.

    ``decision`` is a preview; only a request decides. ``dates`` are those of an approval at this instant. There are
    none before the first payment.
    """

    window: Window | None
    open: bool
    remaining: dt.timedelta
    decision: Decision | None
    dates: PayoutDates | None
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    cards: Mapping[int, str]

    @property
    def returnable(self) -> list[Payment]:
        """The payments that would go back, if asked for now."""
        return returnable(self.payments)

    def payment(self, payout: Payout) -> Payment:
        """Return the payment that a payout gives back."""
        return next(one for one in self.payments if one.id == payout.payment_id)

    @property
    def refund(self) -> Refund | None:
        """The refund of the whole enrollment, on its way or settled."""
        return next((one for one in self._approved if one.basis not in OF_ONE_PAYMENT), None)

    @property
    def returned(self) -> list[Refund]:
        """The payments given back because they came too late."""
        return [one for one in self._approved if one.basis is RefundBasis.LATE_PAYMENT]

    @property
    def outside(self) -> list[Refund]:
        """What the school gave back at the payment service itself."""
        return [one for one in self._approved if one.basis is RefundBasis.OUTSIDE]

    @property
    def declined(self) -> list[Refund]:
        """The requests that were turned down."""
        return [one for one in self.refunds if one.state is RefundState.DECLINED]

    @property
    def _approved(self) -> list[Refund]:
        return [one for one in self.refunds if one.state in {RefundState.APPROVED, RefundState.SETTLED}]


_MONEY = sa.select(
    sa.exists().where(Payment.enrollment_id == sa.bindparam("wanted"))
    | sa.exists().where(Refund.enrollment_id == sa.bindparam("wanted"))
)
_NO_MONEY = Outlook(
    window=None, open=False, remaining=dt.timedelta(), decision=None, dates=None, payments=(), refunds=(), cards={}
)


def outlook(enrollment: Enrollment, at: dt.datetime) -> Outlook:
    """Return how the money of a loaded enrollment stands at an instant."""
    if enrollment.purchased_at is None and not db.session.scalar(_MONEY, {"wanted": enrollment.id}):
        return _NO_MONEY
    window, paid = payments.refund_window(enrollment), payments.of_enrollment(enrollment.id)
    preview = decision(enrollment, paid, window, asked_at=at) if window else None
    by_card = [one.id for one in paid if one.method is PaymentMethod.CARD]
    return Outlook(
        window=window,
        open=preview is not None and preview.approved,
        remaining=policies.remaining(window.deadline, at) if window else dt.timedelta(),
        decision=preview,
        dates=policies.payout_dates(at, settings().SCHOOL_ZONE) if window else None,
        payments=paid,
        refunds=of_enrollment(enrollment.id),
        cards=cards_of(by_card) if by_card else {},
    )
