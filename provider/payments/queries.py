"""Reading payments and receipts, and the refund window that the first payment opened."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from provider.enrollments import queries as enrolled
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import OWED_STATES, InstallmentState
from provider.files.models import File
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.payments.models import Payment, Receipt
from provider.payments.rules import CLOCK_STATES, PURCHASE_STATES, OpenInstallment, PaymentMethod
from provider.policies import queries as policies
from provider.policies.rules import NATIONWIDE, PolicyVersion, StateFloor, Terms, Window, in_force, window


def hold(enrollment_id: int) -> Enrollment:
    """Lock an enrollment and read it again, with agreement and installments: what is decided next is decided on this.

    Whoever changes money of an enrollment holds it first; so two who do it at once wait for each other.
    """
    whole = sa.select(Enrollment).options(joinedload(Enrollment.agreement), selectinload(Enrollment.installments))
    query = whole.where(Enrollment.id == enrollment_id).with_for_update(of=Enrollment)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


_OF_ENROLLMENT = (
    sa.select(Payment)
    .where(Payment.enrollment_id == sa.bindparam("wanted"))
    .order_by(Payment.id)
    .options(selectinload(Payment.allocations), selectinload(Payment.receipts))
    .execution_options(populate_existing=True)
)


def of_enrollment(enrollment_id: int) -> Sequence[Payment]:
    """Return the payments of an enrollment with what each paid and their receipts, oldest first."""
    return db.session.scalars(_OF_ENROLLMENT, {"wanted": enrollment_id}).all()


def of_enrollments(enrollment_ids: Sequence[int]) -> Sequence[Payment]:
    """Return the payments of several enrollments without what each paid, oldest first."""
    return db.session.scalars(
        sa.select(Payment).where(Payment.enrollment_id.in_(enrollment_ids)).order_by(Payment.id)
    ).all()


def by_reference(reference: str) -> Payment:
    """Return one payment with its enrollment, receipts and proof (without its bytes); raises NotFound."""
    query = sa.select(Payment).where(Payment.reference == reference)
    found = db.session.scalar(
        query.options(
            joinedload(Payment.enrollment).options(
                joinedload(Enrollment.agreement), selectinload(Enrollment.installments)
            ),
            joinedload(Payment.proof_file),
            selectinload(Payment.allocations),
            selectinload(Payment.receipts),
        )
    )
    if found is None:
        raise NotFound
    return found


def recorded(enrollment_id: int, method: PaymentMethod, external_reference: str) -> Payment | None:
    """Return the payment that stands under this method and reference already."""
    return db.session.scalar(
        sa.select(Payment).where(
            Payment.enrollment_id == enrollment_id,
            Payment.method == method,
            Payment.external_reference == external_reference,
            Payment.reversed_at.is_(None),
        )
    )


def captured_cents(enrollment_id: int) -> int:
    """Return what was received for an enrollment and stands, in cents; money given back later still counts."""
    query = sa.select(sa.func.coalesce(sa.func.sum(Payment.amount_cents), 0))
    return int(
        db.session.scalars(
            query.where(Payment.enrollment_id == enrollment_id, Payment.state.in_(PURCHASE_STATES))
        ).one()
    )


def receipt(enrollment_id: int, reference: str) -> Receipt:
    """Return one receipt or credit note of an enrollment with its payment; raises NotFound."""
    query = sa.select(Receipt).join(Payment).where(Payment.enrollment_id == enrollment_id)
    found = db.session.scalar(query.where(Receipt.reference == reference).options(joinedload(Receipt.payment)))
    if found is None:
        raise NotFound
    return found


def terms(enrollment: Enrollment) -> Terms:
    """Return what the agreement froze that the refund window depends on."""
    return _terms(enrollment, policies.versions())


def _terms(enrollment: Enrollment, versions: Sequence[PolicyVersion]) -> Terms:
    agreement = enrollment.agreement
    stored = next(version for version in versions if version.number == agreement.policy_number)
    return Terms(
        accepted_at=enrollment.accepted_at,
        policy=replace(stored, hours=agreement.policy_hours),
        state=enrollment.state_code,
        zone=ZoneInfo(enrollment.zone),
    )


def refund_window(enrollment: Enrollment) -> Window | None:
    """Return the refund window of an enrollment; None as long as nothing was paid."""
    if enrollment.purchased_at is None:
        return None
    versions = policies.versions()
    return _window(enrollment, versions, policies.floors_for(enrollment.state_code))


def refund_windows(found: Collection[Enrollment]) -> dict[int, tuple[Terms, Window | None]]:
    """Return the terms and the refund window of several enrollments, in as many statements as for one."""
    versions, floors = policies.versions(), policies.floors_of({one.state_code for one in found})
    return {
        one.id: (
            _terms(one, versions),
            _window(one, versions, [floor for floor in floors if floor.state in {one.state_code, NATIONWIDE}]),
        )
        for one in found
    }


def _window(enrollment: Enrollment, versions: Sequence[PolicyVersion], floors: Sequence[StateFloor]) -> Window | None:
    if enrollment.purchased_at is None:
        return None
    accepted = _terms(enrollment, versions)
    return window(
        terms=accepted,
        purchased_at=enrollment.purchased_at,
        policy_at_purchase=in_force(versions, enrollment.purchased_at) or accepted.policy,
        floors=floors,
    )


def recipient(enrollment: Enrollment) -> str:
    """Return where letters about an enrollment go: its person's address, or the one that was typed."""
    return enrolled.recipient(enrollment)


def owed(enrollment: Enrollment) -> list[OpenInstallment]:
    """Return the installments of a loaded enrollment that still want money."""
    return [
        OpenInstallment(installment.number, installment.due_on, installment.open_cents)
        for installment in enrollment.installments
        if installment.state in OWED_STATES
    ]


def kept_card(enrollment_id: int) -> str | None:
    """Name the card that what falls due of an enrollment is charged to by itself; a school without cards has none."""
    ask = registry().kept_card
    return ask(enrollment_id) if ask is not None and settings().cards_on else None


@dataclass(frozen=True, slots=True)
class ClockRow:
    """What the clock needs of one unpaid installment."""

    enrollment: str
    number: int
    due_on: dt.date
    scheduled: bool
    accepted_at: dt.datetime
    held: bool


def unpaid_installments(due_by: dt.date) -> list[ClockRow]:
    """Return the unpaid installments due by a day, of enrollments that were paid for at least once, as plain rows."""
    query = (
        sa.select(
            Installment.enrollment_id,
            Installment.number,
            Installment.due_on,
            Installment.state,
            Enrollment.reference,
            Enrollment.accepted_at,
            Enrollment.hold_on,
        )
        .join(Enrollment, Enrollment.id == Installment.enrollment_id)
        .where(Installment.state.in_(OWED_STATES), Installment.due_on <= due_by, Enrollment.state.in_(CLOCK_STATES))
        .order_by(Installment.enrollment_id, Installment.number)
    )
    return [
        ClockRow(reference, number, due_on, state is InstallmentState.SCHEDULED, accepted_at, hold_on is not None)
        for _, number, due_on, state, reference, accepted_at, hold_on in db.session.execute(query)
    ]


def is_proof(file: str) -> bool:
    """Say whether a file, by its reference, proves a payment."""
    proofs = sa.select(Payment.id).join(File, File.id == Payment.proof_file_id).where(File.reference == file)
    return db.session.scalar(proofs.limit(1)) is not None
