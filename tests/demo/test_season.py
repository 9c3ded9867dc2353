"""The season of the demonstration: people in every state of their way, on any day of the year."""

import datetime as dt
import re
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteLocation
from provider.affiliations.rules import AgreementState, OpeningState, SiteKind, SiteState
from provider.books.comparing import CloseState
from provider.books.models import DayClose
from provider.cards.models import Card, Charge, Dispute, PaymentEvent
from provider.cards.rules import CardState, ChargeState, DisputeState, EventState
from provider.clocks.models import Clock
from provider.clocks.rules import ClockState
from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentState
from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.enrollments.rules import EnrollmentState, InstallmentState
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState
from provider.externships import published
from provider.externships.models import ExternshipRequest, Offer, Placement, PlacementPlan, PlanRow
from provider.externships.planning import RowOutcome
from provider.externships.rules import OfferState, PlacementState, RequestState
from provider.fieldwork.models import Evaluation, HoursEntry
from provider.fieldwork.rules import EntrySource, EntryState, EvaluationKind, EvaluationState
from provider.history.models import History
from provider.jobs.models import Job
from provider.jobs.rules import JobState
from provider.kernel.database import db
from provider.kernel.paging import PAGE
from provider.mail.models import AddressHealth, OutboxLetter
from provider.mail.rules import AddressState, LetterState
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.mailroom.rules import DraftState, Judged
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod, PaymentState
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import Channel, PayoutState, RefundBasis, RefundState
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import Standing, ThreadState
from tests.demo.cast import DOMAINS
from tests.demo.conftest import Demonstration, made
from tests.harness.audit import assert_clean
from tests.harness.service_words import Total
from tests.harness.soak import repetitions

E, _P = EnrollmentState, PaymentState
SHOULD_BE: dict[str, EnrollmentState] = {
    "just enrolled": E.STARTED,
    "letter lost": E.STARTED,
    "unproved": E.STARTED,
    "bank asks to confirm": E.STARTED,
    "awaiting payment": E.AWAITING_PAYMENT,
    "card declined": E.AWAITING_PAYMENT,
    "payment processing": E.AWAITING_PAYMENT,
    "reminded": E.AWAITING_PAYMENT,
    "reversed": E.AWAITING_PAYMENT,
    "canceled unpaid": E.CANCELED,
    "canceled unproved": E.CANCELED,
    "canceled by the student": E.CANCELED,
    "came too late": E.CANCELED,
    "late payment returned": E.CANCELED,
    "completed": E.COMPLETED,
    "asks for erasure": E.COMPLETED,
    "done, still paying": E.COMPLETED,
    "refund on its way": E.REFUNDED,
    "refund by check to send": E.REFUNDED,
    "refund to a card failed": E.REFUNDED,
    "refund due": E.REFUNDED,
    "refund overdue": E.REFUNDED,
    "refund half sent": E.REFUNDED,
    "refund settled": E.REFUNDED,
    "refund by mail": E.REFUNDED,
    "exception made": E.REFUNDED,
    "exception on its way": E.REFUNDED,
    "withdrawn": E.WITHDRAWN,
    "withdrawn, still owing": E.WITHDRAWN,
}
_R = RequestState
ASKED: dict[str, RequestState] = {
    "externship completed": _R.COMPLETED,
    "record revoked": _R.COMPLETED,
    "hours to enter": _R.RUNNING,
    "clocked in": _R.RUNNING,
    "nearly done": _R.RUNNING,
    "held for a document": _R.RUNNING,
    "site closed": _R.READY,
    "placed": _R.PLACED,
    "offer waits for the student": _R.OFFERED,
    "waits for the site": _R.OFFERED,
    "other days proposed": _R.OFFERED,
    "planned, said yes": _R.OFFERED,
    "planned, waits for the student": _R.OFFERED,
    "planned, closed meanwhile": _R.READY,
    "declined an offer": _R.READY,
    "let an offer expire": _R.READY,
    "declined by the site": _R.READY,
    "looking for a place": _R.READY,
    "a document ends too early": _R.READY,
    "too far away": _R.READY,
    "no agreement nearby": _R.READY,
    "guarantee overdue": _R.READY,
    "asked early": _R.READY,
    "documents missing": _R.DOCUMENTS,
    "documents being checked": _R.DOCUMENTS,
    "a document expired": _R.DOCUMENTS,
    "asleep": _R.LAPSED,
    "request withdrawn": _R.WITHDRAWN,
}
SHOULD_BE |= {way: E.COMPLETED for way in ASKED if way != "asked early"}
# Days on which weekends, holidays and daylight saving lie in the way.
OTHER_DAYS = ("2027-01-03T18:30", "2027-03-15T13:00", "2027-07-05T04:10", "2026-11-30T23:50")


def _states(found: Demonstration) -> dict[str, set[EnrollmentState]]:
    states: dict[str, set[EnrollmentState]] = {}
    with found.app.app_context():
        rows = db.session.execute(sa.select(Enrollment.reference, Enrollment.state))
        known = {reference: state for reference, state in rows}  # noqa: C416 - rows are no pairs to the type checker
        db.session.remove()
    for player in found.cast.players:
        states.setdefault(player.way, set()).add(known[player.student.enrollment])
    return states


def _counted(found: Demonstration, column: sa.orm.InstrumentedAttribute[object]) -> set[object]:
    with found.app.app_context():
        values = set(db.session.scalars(sa.select(column).distinct()).all())
        db.session.remove()
    return values


def _requests(found: Demonstration) -> dict[str, set[RequestState]]:
    """Return how the externship requests stand, by the names of the ways."""
    states: dict[str, set[RequestState]] = {}
    ways = {player.student.enrollment: player.way for player in found.cast.players}
    query = sa.select(Enrollment.reference, ExternshipRequest.state).join(ExternshipRequest.enrollment)
    with found.app.app_context():
        for reference, state in db.session.execute(query):
            states.setdefault(ways[reference], set()).add(state)
        db.session.remove()
    return states


def test_ninety_two_people_with_addresses_that_lead_nowhere(demonstration: Demonstration) -> None:
    addresses = [player.student.email for player in demonstration.cast.players]
    assert len(set(addresses)) == len(addresses) == 92
    assert {address.partition("@")[2] for address in addresses} == set(DOMAINS)
    assert all(re.fullmatch(r"[a-z-]+\.[a-z-]+@example\.\w{3}", address) for address in addresses)


def test_everybody_is_where_the_name_of_their_way_says(demonstration: Demonstration) -> None:
    expected = {way: {SHOULD_BE.get(way, E.ACTIVE)} for way in _states(demonstration)}
    assert _states(demonstration) == expected
    assert set(expected) >= set(SHOULD_BE)


def test_every_request_for_an_externship_is_where_its_way_says(demonstration: Demonstration) -> None:
    assert _requests(demonstration) == {way: {state} for way, state in ASKED.items()}


def test_enough_graduates_were_placed_for_the_public_numbers(demonstration: Demonstration) -> None:
    with demonstration.app.app_context():
        found = published.numbers()
        db.session.remove()
    assert found is not None
    assert (found.asked, found.placed, found.timed, found.measured) == (32, 12, 11, 11)
    assert None not in {found.median_days, found.median_miles}


def test_mail_stands_in_every_state_that_staff_meet(demonstration: Demonstration) -> None:
    counted = sa.select(ThreadMessage.thread_id, sa.func.count()).group_by(ThreadMessage.thread_id).subquery()
    with demonstration.app.app_context():
        states = Counter(db.session.scalars(sa.select(Thread.state)))
        standings = set(db.session.scalars(sa.select(Thread.standing)))
        longest = db.session.scalar(sa.select(sa.func.max(counted.c[1])))
        assigned = db.session.scalar(sa.select(sa.func.count()).where(Thread.assigned_to.is_not(None)))
        machines = Counter(db.session.scalars(sa.select(IncomingMail.judged)))
        drafts = list(db.session.scalars(sa.select(RefundDraft.state)))
        addresses = list(db.session.scalars(sa.select(AddressHealth.state)))
        files = [len(found) for found in db.session.scalars(sa.select(ThreadMessage.attachments)) if found]
        db.session.remove()
    assert set(states) == set(ThreadState)
    assert standings == set(Standing)
    assert (longest, assigned, drafts, addresses, files) == (40, 1, [DraftState.OPEN], [AddressState.BOUNCED], [1])
    assert (machines[Judged.AUTOMATIC], machines[Judged.BOUNCE]) == (1, 1)
    assert sum(states.values()) > PAGE


def test_the_plan_was_sent_in_part_and_the_next_one_says_what_would_help(demonstration: Demonstration) -> None:
    with demonstration.app.app_context():
        sent, ready = (demonstration.cast.office.named[f"plan {key}"] for key in ("sent", "ready"))
        rows = sa.select(PlacementPlan.reference, PlanRow.outcome, PlanRow.opening_id.is_not(None)).join(
            PlanRow, PlanRow.plan_id == PlacementPlan.id
        )
        told = Counter((plan, outcome, placed) for plan, outcome, placed in db.session.execute(rows))
        db.session.remove()
    assert told[sent, RowOutcome.OFFERED, True] == 2
    assert told[sent, RowOutcome.REFUSED, True] == 1
    assert told[sent, RowOutcome.LEFT_OUT, False] == 3
    assert told[ready, RowOutcome.WAITING, True] >= 5
    assert told[ready, RowOutcome.WAITING, False] >= 3


@pytest.mark.parametrize(
    "column, every",
    [
        (Enrollment.state, EnrollmentState),
        (Installment.state, InstallmentState),
        (Refund.state, (RefundState.APPROVED, RefundState.DECLINED, RefundState.SETTLED)),
        (Refund.basis, (RefundBasis.WINDOW, RefundBasis.OVERRIDE, RefundBasis.LATE_PAYMENT)),
        (Refund.channel, (Channel.PAGE, Channel.LINK, Channel.MAIL, Channel.STAFF)),
        (Payout.state, tuple(PayoutState)),
        (Payment.state, (_P.CAPTURED, _P.REVERSED, _P.DISPUTED, _P.LOST)),
        (OutboxLetter.state, (LetterState.SENT, LetterState.FAILED)),
        (Agreement.plan_kind, ("upfront", "installments")),
        (Agreement.program_code, ("CCMA", "CPT", "CPCT/A")),
        (Payment.method, (PaymentMethod.BANK_TRANSFER, PaymentMethod.CHECK, PaymentMethod.CARD)),
        (Charge.state, (ChargeState.STARTED, ChargeState.CAPTURED, ChargeState.FAILED)),
        (Dispute.state, tuple(DisputeState)),
        (Card.state, (CardState.SAVED, CardState.DETACHED)),
        (DayClose.state, (CloseState.AGREES,)),
        (PaymentEvent.state, (EventState.APPLIED, EventState.IGNORED)),
        (Job.state, (JobState.DONE, JobState.QUEUED)),
        (SiteLocation.state, tuple(SiteState)),
        (Site.kind, tuple(SiteKind)),
        (AffiliationAgreement.state, tuple(AgreementState)),
        (Opening.state, tuple(OpeningState)),
        (StudentDocument.state, tuple(DocumentState)),
        (Offer.state, tuple(set(OfferState) - {OfferState.PROPOSED})),
        (Placement.state, tuple(PlacementState)),
        (HoursEntry.state, tuple(EntryState)),
        (HoursEntry.source, tuple(EntrySource)),
        (Evaluation.kind, tuple(EvaluationKind)),
        (Evaluation.state, tuple(EvaluationState)),
        (Clock.state, tuple(ClockState)),
    ],
    ids=lambda value: str(value) if isinstance(value, sa.orm.InstrumentedAttribute) else "",
)
def test_every_state_is_there(
    demonstration: Demonstration, column: sa.orm.InstrumentedAttribute[object], every: tuple[object, ...]
) -> None:
    assert _counted(demonstration, column) == set(every)


def test_staff_have_what_a_week_brings(demonstration: Demonstration) -> None:
    kinds = {TaskKind.ERASE_PERSON, TaskKind.FOLLOW_UP, TaskKind.LETTER_FAILED}
    kinds |= {TaskKind.PAYMENT_HOLD, TaskKind.PAY_OUT, TaskKind.PAYOUT_FAILED, TaskKind.RETURN_PAYMENT}
    kinds |= {TaskKind.CHECK_CARD_PAYMENT, TaskKind.ANSWER_DISPUTE}
    kinds |= {TaskKind.CHECK_DOCUMENT, TaskKind.PLACE_STUDENT, TaskKind.PLACEMENT_HELD, TaskKind.PRECEPTOR_ASKS}
    kinds |= {TaskKind.CHECK_EXAM_RESULT, TaskKind.CHECK_CREDIT_REQUEST}
    kinds |= {TaskKind.AGREEMENT_ENDS, TaskKind.COUNTERSIGN_AGREEMENT, TaskKind.SITE_DECLINED, TaskKind.SITE_OFFERS}
    kinds |= {TaskKind.STAFF_UNPROVED, TaskKind.REFUND_BY_MAIL}
    assert _counted(demonstration, Task.kind) - {TaskKind.EVALUATION_LATE} == kinds  # late by some days of the week


def test_results_and_credit_requests_stand_where_they_can(demonstration: Demonstration) -> None:
    assert _counted(demonstration, ExamResult.state) == {ExamState.REPORTED, ExamState.VERIFIED}
    asked = {CreditState.REQUESTED, CreditState.NEEDS_INFORMATION, CreditState.SENT}
    assert _counted(demonstration, CreditRequest.state) == asked | {CreditState.GRANTED, CreditState.DENIED}


def test_nothing_contradicts_anything(demonstration: Demonstration) -> None:
    assert_clean(demonstration.app)


def _summed(column: sa.orm.InstrumentedAttribute[int], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*conditions).scalar_subquery()


def test_the_payment_service_has_every_cent_that_our_books_have(demonstration: Demonstration) -> None:
    out = (PayoutState.SENDING, PayoutState.SENT)
    query = sa.select(
        Payment.external_reference,
        Payment.amount_cents,
        _summed(Payout.amount_cents, Payout.payment_id == Payment.id, Payout.state.in_(out)),
        _summed(Dispute.amount_cents, Dispute.payment_id == Payment.id, Dispute.state != DisputeState.WON),
    )
    with demonstration.app.app_context():
        rows = db.session.execute(query.where(Payment.method == PaymentMethod.CARD))
        ours = {intent: Total(*cents) for intent, *cents in rows}
        db.session.remove()
    assert demonstration.service.totals() == ours
    assert len(ours) > 30


def test_history_is_told_in_order_and_ends_by_now(demonstration: Demonstration) -> None:
    with demonstration.app.app_context():
        told = db.session.scalars(sa.select(History.at).order_by(History.id)).all()
        by_tests = History.event == "person.signed_in"  # the test of the guide signs in as well
        late = db.session.scalars(sa.select(History.event).where(History.at > demonstration.now, ~by_tests)).all()
        db.session.remove()
    assert list(told) == sorted(told)
    assert demonstration.now - dt.timedelta(weeks=13) < told[0]
    assert late == []


@pytest.mark.parametrize("day", OTHER_DAYS[: repetitions(len(OTHER_DAYS))])
def test_on_any_day_the_season_is_as_whole(tmp_path: Path, day: str) -> None:
    with made(tmp_path, dt.datetime.fromisoformat(f"{day}+00:00")) as found:
        assert _states(found) == {way: {SHOULD_BE.get(way, E.ACTIVE)} for way in _states(found)}
        assert _requests(found) == {way: {state} for way, state in ASKED.items()}
        assert_clean(found.app, found.now)
