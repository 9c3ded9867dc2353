"""States: only published transitions, each in the history once, and the history ends where each record stands."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from provider.affiliations import rules as affiliations
from provider.affiliations.models import AffiliationAgreement
from provider.cards import rules as cards
from provider.cards.models import Card, Charge, Dispute
from provider.documents import rules as documents
from provider.documents.models import StudentDocument
from provider.enrollments import rules as enrollments
from provider.enrollments.models import Enrollment, Installment
from provider.exams import rules as exams
from provider.exams.models import ExamResult
from provider.history.models import History
from provider.kernel.actors import ActorKind
from provider.kernel.database import Model
from provider.kernel.lifecycles import Lifecycle
from provider.mail import rules as mail
from provider.mail.models import OutboxLetter
from provider.oversight.checks import Finding, findings, rows
from provider.payments import rules as payments
from provider.payments.models import Payment
from provider.refunds import rules as refunds
from provider.refunds.models import Payout, Refund

LIFECYCLES: dict[str, Lifecycle[Any]] = {
    "enrollment": enrollments.LIFECYCLE,
    "installment": enrollments.INSTALLMENT_LIFECYCLE,
    "payment": payments.LIFECYCLE,
    "refund": refunds.LIFECYCLE,
    "payout": refunds.PAYOUT_LIFECYCLE,
    "letter": mail.LIFECYCLE,
    "card": cards.CARD_LIFECYCLE,
    "charge": cards.CHARGE_LIFECYCLE,
    "dispute": cards.DISPUTE_LIFECYCLE,
    "student_document": documents.LIFECYCLE,
    "affiliation_agreement": affiliations.AGREEMENT_LIFECYCLE,
    "exam_result": exams.LIFECYCLE,
}
# What a record's first row in the history may say; an installment is born with its enrollment, without a row.
FIRST: dict[str, frozenset[str]] = {
    "enrollment": frozenset({enrollments.EnrollmentState.STARTED}),
    "installment": frozenset(),
    "payment": frozenset({payments.PaymentState.STARTED, payments.PaymentState.CAPTURED}),
    "refund": frozenset({refunds.RefundState.REQUESTED}),
    "payout": frozenset({refunds.PayoutState.DUE}),
    "letter": frozenset({mail.LetterState.QUEUED}),
    "card": frozenset({cards.CardState.PENDING}),
    "charge": frozenset({cards.ChargeState.STARTED}),
    "dispute": frozenset({cards.DisputeState.OPEN}),
    "student_document": frozenset({documents.DocumentState.UPLOADED}),
    "affiliation_agreement": frozenset({affiliations.AgreementState.DRAFT}),
    "exam_result": frozenset({exams.ExamState.REPORTED}),
}
_BORN_WITHOUT = {"installment": enrollments.InstallmentState.SCHEDULED.value}
_NAMED_ACTORS = (ActorKind.STAFF, ActorKind.STUDENT, ActorKind.LINK)
_CHANGES = (History.subject_kind.in_(LIFECYCLES), History.new_state.is_not(None))


def only_published_transitions() -> Iterator[Finding]:
    """A record's state changes only along its published lifecycle."""
    made = sa.select(History.subject_kind, History.old_state, History.new_state).where(*_CHANGES).distinct()
    for kind, old, new in list(rows(made)):
        if _published(kind, old, new):
            continue
        query = sa.select(History.subject_reference.label("subject")).where(
            History.subject_kind == kind, History.old_state.is_not_distinct_from(old), History.new_state == new
        )
        yield from findings(query, f"went from {old or 'nothing'} to {new}, which no {kind} may")


def _published(kind: str, old: str | None, new: str) -> bool:
    if old is None:
        return new in FIRST[kind]
    following = {state.value: next_states for state, next_states in LIFECYCLES[kind].items()}
    return new in following.get(old, frozenset())


def history_has_each_change_once() -> Iterator[Finding]:
    """Each row of the history begins in the state where the one before it ended: none is missing, none is double."""
    before = sa.func.lag(History.new_state).over(partition_by=History.subject_reference, order_by=History.id)
    born = sa.case(_BORN_WITHOUT, value=History.subject_kind)
    changes = (
        sa.select(
            History.subject_reference.label("subject"),
            History.old_state.label("old"),
            History.new_state.label("new"),
            sa.func.coalesce(before, born).label("before"),
        )
        .where(*_CHANGES)
        .subquery()
    )
    query = sa.select(changes).where(changes.c.old.is_distinct_from(changes.c.before))
    return findings(query, "went from {old} to {new}, though it was {before}")


def history_ends_in_the_present() -> Iterator[Finding]:
    """Replaying the history of a record ends in the state in which it stands."""
    installment = sa.literal("I-") + sa.cast(Installment.enrollment_id, sa.String)
    references: dict[type[Model], sa.ColumnElement[str]] = {
        Enrollment: sa.type_coerce(Enrollment.reference, sa.String),
        Installment: installment + "-" + sa.cast(Installment.number, sa.String),
        Payment: sa.type_coerce(Payment.reference, sa.String),
        Refund: sa.type_coerce(Refund.reference, sa.String),
        Payout: sa.type_coerce(Payout.reference, sa.String),
        OutboxLetter: sa.type_coerce(OutboxLetter.reference, sa.String),
        Card: sa.type_coerce(Card.reference, sa.String),
        Charge: sa.type_coerce(Charge.reference, sa.String),
        Dispute: sa.type_coerce(Dispute.reference, sa.String),
        StudentDocument: sa.type_coerce(StudentDocument.reference, sa.String),
        ExamResult: sa.type_coerce(ExamResult.reference, sa.String),
        AffiliationAgreement: sa.type_coerce(AffiliationAgreement.reference, sa.String),
    }
    for table, reference in references.items():
        yield from _ends(table, reference)


def _ends(table: type[Model], reference: sa.ColumnElement[str]) -> Iterator[Finding]:
    last = (
        sa.select(History.new_state)
        .where(History.subject_reference == reference, History.new_state.is_not(None))
        .order_by(History.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    ended = sa.func.coalesce(last, _BORN_WITHOUT.get(table.__tablename__))
    state: sa.ColumnElement[str] = sa.cast(table.__table__.c.state, sa.String)
    stood = sa.select(reference.label("subject"), state.label("state"), ended.label("ended")).subquery()
    query = sa.select(stood).where(stood.c.state.is_distinct_from(stood.c.ended))
    return findings(query, "is {state}, its history ends with {ended}")


def history_names_who_it_was() -> Iterator[Finding]:
    """Whoever changed a record is named: every member of staff, student and link."""
    query = sa.select(History.subject_reference.label("subject"), History.event.label("event")).where(
        History.actor_kind.in_(_NAMED_ACTORS), History.actor_reference.is_(None)
    )
    return findings(query, "has an event {event} of somebody without a name")


CHECKS = (
    only_published_transitions,
    history_has_each_change_once,
    history_ends_in_the_present,
    history_names_who_it_was,
)
