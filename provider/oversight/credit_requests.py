"""Credit requests: what they rest on, at most one at a time, what was told with consent, and their clock (R5, R20)."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.credits.models import CreditRequest
from provider.credits.rules import ENDED, UNSENT, CreditState
from provider.disclosures.models import Disclosure
from provider.disclosures.rules import DisclosureKind
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState
from provider.mail.models import OutboxLetter
from provider.oversight.checks import Finding, findings
from provider.programs.models import Recommendation
from provider.tasks.models import Task

_R = CreditRequest
_RUNS = (CreditState.REQUESTED, CreditState.VERIFIED)


def credit_rests_on_a_verified_pass() -> Iterator[Finding]:
    """A credit request rests on its student's own verified pass, and states what was recommended on that day."""
    own = sa.and_(
        ExamResult.person_id == _R.person_id,
        ExamResult.credential_id == _R.credential_id,
        ExamResult.state == ExamState.VERIFIED,
        ExamResult.passed,
        Enrollment.person_id == _R.person_id,
        Recommendation.credential_id == _R.credential_id,
        Recommendation.valid_from <= ExamResult.taken_on,
        sa.func.coalesce(Recommendation.valid_to, ExamResult.taken_on) >= ExamResult.taken_on,
        Recommendation.credits == _R.credits,
    )
    query = (
        sa.select(_R.reference.label("subject"))
        .join(ExamResult, ExamResult.id == _R.result_id)
        .join(Enrollment, Enrollment.id == _R.enrollment_id)
        .join(Recommendation, Recommendation.id == _R.recommendation_id)
        .where(sa.not_(own))
    )
    return findings(query, "rests on no verified pass of its student, or states what was not recommended for that pass")


def one_active_credit_request() -> Iterator[Finding]:
    """A student has at most one credit request for a credential that is not over."""
    query = (
        sa.select(sa.func.min(_R.reference).label("subject"), sa.func.count().label("number"))
        .where(_R.state.not_in(ENDED))
        .group_by(_R.person_id, _R.credential_id)
        .having(sa.func.count() > 1)
    )
    return findings(query, "is one of {number} active requests of a student for the same credential")


def college_was_told_with_consent() -> Iterator[Finding]:
    """A letter to a college is kept as a disclosure of that instant, on the consent of its request."""
    told = sa.exists().where(
        Disclosure.kind == DisclosureKind.COLLEGE,
        Disclosure.about == _R.about,
        Disclosure.at == _R.sent_at,
        Disclosure.consent_at == _R.consent_at,
    )
    query = sa.select(_R.reference.label("subject")).where(_R.sent_at.is_not(None), ~told)
    return findings(query, "was sent to a college without a disclosure that names the consent")


def refunded_credit_ends() -> Iterator[Finding]:
    """What rests on a refunded enrollment was withdrawn if it was not sent, and is a task if it was."""
    task = sa.exists().where(Task.key == sa.literal("credit_sent:") + _R.reference)
    fault = sa.or_(_R.state.in_(UNSENT), ~task)
    query = (
        sa.select(_R.reference.label("subject"), _R.state, Enrollment.reference.label("enrollment"))
        .join(Enrollment, Enrollment.id == _R.enrollment_id)
        .where(Enrollment.state == EnrollmentState.REFUNDED, _R.state.not_in(ENDED), fault)
    )
    return findings(query, "is {state} and nobody’s task, though the money of {enrollment} went back")


def credit_clock_stands_as_its_request() -> Iterator[Finding]:
    """The clock of a credit request runs on the school's turn, stands still on the student's, and ends once."""
    expected = sa.case(
        (_R.state.in_(_RUNS), ClockState.RUNNING.value),
        (_R.state == CreditState.NEEDS_INFORMATION, ClockState.PAUSED.value),
        (_R.sent_at.is_not(None), ClockState.MET.value),
        else_=ClockState.STOPPED.value,
    )
    found = sa.cast(Clock.state, sa.String)
    timed = sa.and_(
        Clock.kind == ClockKind.CREDIT_SENT, Clock.subject_reference == _R.reference, Clock.about == _R.about
    )
    stood = (
        sa.select(
            _R.reference.label("subject"), _R.state.label("state"), expected.label("expected"), found.label("found")
        )
        .outerjoin(Clock, timed)
        .subquery()
    )
    query = sa.select(stood).where(stood.c.expected.is_distinct_from(stood.c.found))
    return findings(query, "is {state}, so its clock should be {expected}; it is {found}")


def letter_for_each_step_of_credit() -> Iterator[Finding]:
    """Each step of a credit request, and each result that was checked, is told by a letter of that instant or later.

    What is sent a second time is told a second time, under the request's reference with a number.
    """
    steps = (
        (_R, _R.requested_at, "credit_asked"),
        (_R, _R.sent_at, "credit_to_registrar"),
        (_R, _R.sent_at, "credit_sent"),
        (_R, _R.received_at, "credit_received"),
        (_R, _R.decided_at, "credit_decided"),
        (_R, sa.case((_R.state == CreditState.WITHDRAWN, _R.ended_at)), "credit_withdrawn"),
        (_R, sa.case((_R.state == CreditState.CLOSED, _R.ended_at)), "credit_closed"),
        (ExamResult, sa.case((ExamResult.state == ExamState.VERIFIED, ExamResult.decided_at)), "exam_verified"),
        (ExamResult, sa.case((ExamResult.state == ExamState.REJECTED, ExamResult.decided_at)), "exam_rejected"),
    )
    for record, at, template in steps:
        reference = record.reference
        told = sa.exists().where(
            sa.or_(OutboxLetter.event == reference, OutboxLetter.event.like(reference + ":%")),
            OutboxLetter.template == template,
            OutboxLetter.queued_at >= at,
        )
        query = sa.select(reference.label("subject")).where(at.is_not(None), ~told)
        yield from findings(query, f"has no letter “{template}” since then")


CHECKS = (
    credit_rests_on_a_verified_pass,
    one_active_credit_request,
    college_was_told_with_consent,
    refunded_credit_ends,
    credit_clock_stands_as_its_request,
    letter_for_each_step_of_credit,
)
