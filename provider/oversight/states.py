"""States: only published transitions, each in the history once, and the history ends where each record stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from provider.affiliations import rules as affiliations
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteLocation
from provider.cards import rules as cards
from provider.cards.models import Card, Charge, Dispute
from provider.credits import rules as college_credit
from provider.credits.models import CreditRequest
from provider.documents import rules as documents
from provider.documents.models import StudentDocument
from provider.enrollments import rules as enrollments
from provider.enrollments.models import Enrollment, Installment
from provider.exams import rules as exams
from provider.exams.models import ExamResult
from provider.externships import planning
from provider.externships import rules as externships
from provider.externships.models import ExternshipRequest, Offer, Placement, PlacementPlan
from provider.fieldwork import rules as fieldwork
from provider.fieldwork.models import EntryBatch, Evaluation, HoursEntry, ProcedureEntry
from provider.history.models import History
from provider.kernel.actors import ActorKind
from provider.kernel.database import Model, table
from provider.kernel.lifecycles import Lifecycle
from provider.mail import rules as mail
from provider.mail.models import AddressHealth, OutboxLetter
from provider.mailroom import rules as mailroom
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.oversight.checks import Finding, findings, rows
from provider.payments import rules as payments
from provider.payments.models import Payment
from provider.refunds import rules as refunds
from provider.refunds.models import Payout, Refund
from provider.threads import rules as threads
from provider.threads.models import Thread


@dataclass(frozen=True, slots=True)
class Way:
    """The published way of one kind of record: its table, its lifecycle, and what its first row of history may say."""

    table: type[Model]
    lifecycle: Lifecycle[Any]
    begins: tuple[StrEnum, ...]


_WAYS = (
    Way(Enrollment, enrollments.LIFECYCLE, (enrollments.EnrollmentState.STARTED,)),
    Way(Installment, enrollments.INSTALLMENT_LIFECYCLE, ()),  # born with its enrollment, without a row
    Way(Payment, payments.LIFECYCLE, (payments.PaymentState.STARTED, payments.PaymentState.CAPTURED)),
    Way(Refund, refunds.LIFECYCLE, (refunds.RefundState.REQUESTED,)),
    Way(Payout, refunds.PAYOUT_LIFECYCLE, (refunds.PayoutState.DUE,)),
    Way(OutboxLetter, mail.LIFECYCLE, (mail.LetterState.QUEUED,)),
    Way(Card, cards.CARD_LIFECYCLE, (cards.CardState.PENDING,)),
    Way(Charge, cards.CHARGE_LIFECYCLE, (cards.ChargeState.STARTED,)),
    Way(Dispute, cards.DISPUTE_LIFECYCLE, (cards.DisputeState.OPEN,)),
    Way(StudentDocument, documents.LIFECYCLE, (documents.DocumentState.UPLOADED,)),
    Way(AffiliationAgreement, affiliations.AGREEMENT_LIFECYCLE, (affiliations.AgreementState.DRAFT,)),
    Way(Site, affiliations.SITE_LIFECYCLE, (affiliations.SiteState.OPEN,)),
    Way(SiteLocation, affiliations.SITE_LIFECYCLE, (affiliations.SiteState.OPEN,)),
    Way(Opening, affiliations.OPENING_LIFECYCLE, (affiliations.OpeningState.OPEN,)),
    Way(ExternshipRequest, externships.REQUEST_LIFECYCLE, (externships.RequestState.REQUESTED,)),
    Way(Offer, externships.OFFER_LIFECYCLE, (externships.OfferState.PROPOSED,)),
    Way(Placement, externships.PLACEMENT_LIFECYCLE, (externships.PlacementState.PLANNED,)),
    Way(PlacementPlan, planning.PLAN_LIFECYCLE, (planning.PlanState.QUEUED,)),
    Way(HoursEntry, fieldwork.ENTRY_LIFECYCLE, (fieldwork.EntryState.ENTERED,)),
    Way(ProcedureEntry, fieldwork.ENTRY_LIFECYCLE, (fieldwork.EntryState.ENTERED,)),
    Way(ExamResult, exams.LIFECYCLE, (exams.ExamState.REPORTED,)),
    Way(CreditRequest, college_credit.LIFECYCLE, (college_credit.CreditState.REQUESTED,)),
    Way(EntryBatch, fieldwork.BATCH_LIFECYCLE, (fieldwork.BatchState.SENT,)),
    Way(Thread, threads.LIFECYCLE, threads.BEGINS),
    Way(AddressHealth, mail.ADDRESS_LIFECYCLE, mail.ADDRESS_BEGINS),
    Way(IncomingMail, mailroom.LIFECYCLE, (mailroom.MailState.STORED,)),
    Way(RefundDraft, mailroom.DRAFT_LIFECYCLE, (mailroom.DraftState.OPEN,)),
    Way(Evaluation, fieldwork.EVALUATION_LIFECYCLE, (fieldwork.EvaluationState.ASKED,)),
)
WAYS: Mapping[str, Way] = {way.table.__tablename__: way for way in _WAYS}
_BORN_WITHOUT = {"installment": enrollments.InstallmentState.SCHEDULED.value}
_NAMED_ACTORS = (ActorKind.STAFF, ActorKind.STUDENT, ActorKind.LINK)
_CHANGES = (History.subject_kind.in_(WAYS), History.new_state.is_not(None))


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
    way = WAYS[kind]
    if old is None:
        return new in way.begins
    following = {state.value: next_states for state, next_states in way.lifecycle.items()}
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
    for way in _WAYS:
        yield from _ends(way.table, _reference(way.table))


def _reference(model: type[Model]) -> sa.ColumnElement[str]:
    """Return how history names the records of a table."""
    if model is Installment:
        named = sa.literal("I-") + sa.cast(Installment.enrollment_id, sa.String)
        return named + "-" + sa.cast(Installment.number, sa.String)
    return sa.type_coerce(table(model).c.reference, sa.String)


def _ends(model: type[Model], reference: sa.ColumnElement[str]) -> Iterator[Finding]:
    last = (
        sa.select(History.new_state)
        .where(History.subject_reference == reference, History.new_state.is_not(None))
        .order_by(History.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    ended = sa.func.coalesce(last, _BORN_WITHOUT.get(model.__tablename__))
    state: sa.ColumnElement[str] = sa.cast(table(model).c.state, sa.String)
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
