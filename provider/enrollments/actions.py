"""Everything that changes an enrollment: accepting, proving the address, paying, completing, canceling, ending."""

import datetime as dt
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.links import make_link, revoke_links
from provider.accounts.models import Person
from provider.catalog.queries import PlanOffer, ProgramOffer
from provider.enrollments import certificates, letters, queries, terms
from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.enrollments.offered import credits_of, offered_terms
from provider.enrollments.rules import (
    CONSENT,
    INSTALLMENT_LIFECYCLE,
    LIFECYCLE,
    OPEN_STATES,
    OWED_STATES,
    REFERENCE_PREFIX,
    SEARCH_KIND,
    UNPAID_STATES,
    CancelReason,
    EnrollmentState,
    InstallmentState,
    Joined,
    answers_digest,
    lapses_at,
)
from provider.history.actions import born, move, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.policies.rules import PolicyVersion
from provider.search.actions import file_anew, file_under
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

PROVE_EMAIL = "prove_email"


class AlreadyEnrolled(DomainError):
    """This browser session has a paid enrollment in the program."""

    code = "already_enrolled"
    sentence = "You are enrolled in this program already."

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


class ClosedInState(DomainError):
    """The program cannot be sold to residents of the student's state."""

    status = 422
    code = "closed_in_state"
    sentence = "This program is closed to residents of your state."


class NotUnpaid(DomainError):
    """Canceling is for enrollments without a payment."""

    code = "not_unpaid"
    sentence = "This enrollment waits for no payment any more, so there is nothing to cancel. Reload the page."


class CompletedTooEarly(DomainError):
    """Nobody completes a program before accepting its agreement, or in the future."""

    status = 422
    code = "completed_too_early"
    sentence = "The day of completion lies before the agreement or in the future. Check the date."


@dataclass(frozen=True, slots=True)
class Answers:
    """What a student answered on the enrollment form."""

    legal_name: str
    email: str
    phone: str | None
    state_code: str
    zip: str
    zone: str
    signature: str


def accept(
    *,
    answers: Answers,
    offer: ProgramOffer,
    plan: PlanOffer,
    policy: PolicyVersion,
    browser: str,
    client_address: str,
    actor: Actor,
    at: dt.datetime,
) -> Enrollment:
    """Store what a student accepted, with its frozen terms, and ask the claimed address for proof.

    The same answers from the same browser session are the same enrollment; other answers replace an unpaid one.
    Raises AlreadyEnrolled, ClosedInState.
    """
    standing = offer.standing(answers.state_code)
    if not standing.may_enroll:
        raise ClosedInState(" ".join(standing.sentences))
    earlier = queries.open_of_submission(browser, offer.id)
    if earlier is not None:
        if earlier.answers_digest == _digest(answers, plan.slug):
            return earlier
        if earlier.state not in UNPAID_STATES:
            raise AlreadyEnrolled(earlier.reference)
        cancel(enrollment=earlier, reason=CancelReason.REPLACED, actor=actor, at=at)
        db.session.flush()
    agreement = _agreement(answers=answers, offer=offer, plan=plan, policy=policy, client_address=client_address, at=at)
    enrollment = hold(_new(answers=answers, offer=offer, plan=plan, browser=browser, at=at))
    agreement.enrollment_id = enrollment.id
    installments = [
        Installment(enrollment_id=enrollment.id, number=row.number, due_on=row.due_on, amount_cents=row.amount_cents)
        for row in plan.schedule(day_of(at, settings().SCHOOL_ZONE), offer.class_weeks)
    ]
    set_committed_value(enrollment, "agreement", hold(agreement))
    set_committed_value(enrollment, "installments", [hold(installment) for installment in installments])
    born(enrollment, actor=actor, at=at, data={"plan": plan.reference, "policy": policy.number})
    _post_accepted(enrollment, at)
    lasts = dt.timedelta(hours=settings().EMAIL_LINK_HOURS)
    link = make_link(purpose=PROVE_EMAIL, subject=enrollment.reference, at=at, lasts=lasts)
    letter = letters.received(enrollment, link, lapses_on=lapses_on(enrollment), refund_sentence=policy.sentence)
    post(letter, at=at)
    _file(enrollment)
    return enrollment


def accepted_before(*, answers: Answers, plan_slug: str, program_id: int, browser: str) -> Enrollment | None:
    """Return the enrollment that these same answers from this browser session made already, whatever changed since."""
    earlier = queries.open_of_submission(browser, program_id)
    same = earlier is not None and earlier.answers_digest == _digest(answers, plan_slug)
    return earlier if same else None


def _digest(answers: Answers, plan_slug: str) -> str:
    return answers_digest(asdict(answers) | {"plan": plan_slug})


def _new(*, answers: Answers, offer: ProgramOffer, plan: PlanOffer, browser: str, at: dt.datetime) -> Enrollment:
    return Enrollment(
        reference=references.new(REFERENCE_PREFIX),
        program_id=offer.id,
        plan_id=plan.id,
        state=EnrollmentState.STARTED,
        submission_key=browser,
        answers_digest=_digest(answers, plan.slug),
        legal_name=answers.legal_name,
        claimed_email=answers.email,
        phone=answers.phone,
        state_code=answers.state_code,
        zip=answers.zip,
        zone=answers.zone,
        accepted_at=at,
    )


def _agreement(
    *,
    answers: Answers,
    offer: ProgramOffer,
    plan: PlanOffer,
    policy: PolicyVersion,
    client_address: str,
    at: dt.datetime,
) -> Agreement:
    today = day_of(at, settings().SCHOOL_ZONE)
    text = offered_terms(offer, plan, policy, today)
    return Agreement(
        program_code=offer.code,
        program_title=offer.title,
        program_version=offer.version,
        class_weeks=offer.class_weeks,
        plan_title=plan.title,
        plan_kind=plan.kind.value,
        plan_version=plan.version,
        total_cents=plan.total_cents,
        policy_number=policy.number,
        policy_hours=policy.hours,
        inclusions=[{"label": i.label, "status": i.status.value, "note": i.note} for i in offer.inclusions],
        credits=credits_of(offer, today),
        prerequisites=list(offer.prerequisites),
        terms=text,
        terms_sha256=terms.fingerprint(text),
        consent=CONSENT,
        signature=answers.signature,
        accepted_at=at,
        client_address=client_address,
        sample=offer.sample or plan.sample,
    )


def _post_accepted(enrollment: Enrollment, at: dt.datetime) -> None:
    post_ledger(
        kind=PostingKind.ACCEPTED,
        about=enrollment.reference,
        subject=enrollment.reference,
        amounts=Amounts(owed=enrollment.agreement.total_cents),
        at=at,
    )


def _file(enrollment: Enrollment) -> None:
    texts: list[str | None] = [enrollment.legal_name, enrollment.claimed_email, enrollment.reference]
    file_under(kind=SEARCH_KIND, subject_id=enrollment.id, texts=texts)


def file_under_address(*, person: Person) -> None:
    """Let a student's enrollments be found by their present address, too; the one that was signed stays."""
    for each in queries.of_person(person.id):
        texts = [each.legal_name, each.claimed_email, each.reference, person.email]
        file_anew(kind=SEARCH_KIND, subject_id=each.id, texts=texts)


def lapses_on(enrollment: Enrollment) -> dt.date:
    """Return the day (in the school's zone) on which the enrollment ends by itself when it is not paid."""
    after = dt.timedelta(days=settings().UNPAID_CANCEL_DAYS)
    return day_of(lapses_at(enrollment.accepted_at, after), settings().SCHOOL_ZONE)


def join_by_letter(*, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> tuple[Joined, str]:
    """Join an enrollment to the person of its address, which somebody proved by the link of a letter sent there.

    A new person is created with what the enrollment says. Returns what came of it, and the person's reference.
    """
    person = people.by_email(enrollment.claimed_email)
    if person is None:
        person = accounts.add_person(
            name=enrollment.legal_name,
            email=enrollment.claimed_email,
            phone=enrollment.phone,
            zone=enrollment.zone,
            proved_at=at,
            actor=actor,
            at=at,
        )
    person.email_proved_at = person.email_proved_at or at
    return prove(enrollment=enrollment, person=person, actor=actor, at=at), person.reference


def prove(*, enrollment: Enrollment, person: Person, actor: Actor, at: dt.datetime) -> Joined:
    """Join an enrollment to the person whose address was proved; one running enrollment per student and program.

    A newer enrollment takes an older unpaid one's place. One that was paid although another is active stays as it is
    and becomes a task to return the money.
    """
    if enrollment.person_id == person.id:
        return Joined.JOINED
    runs = enrollment.state in OPEN_STATES
    other = queries.joined_elsewhere(enrollment, person.id) if runs else None
    if (
        other is not None
        and other.state is EnrollmentState.AWAITING_PAYMENT
        and other.accepted_at <= enrollment.accepted_at
    ):
        cancel(enrollment=other, reason=CancelReason.REPLACED, actor=actor, at=at)
        db.session.flush()
        other = None
    if other is not None:
        return _stands_in_the_way(enrollment, other, actor, at)
    enrollment.person_id = person.id
    enrollment.proved_at = at
    if enrollment.state is EnrollmentState.STARTED:
        move(enrollment, EnrollmentState.AWAITING_PAYMENT, LIFECYCLE, actor=actor, at=at)
    else:
        note(enrollment, "enrollment.joined", actor=actor, at=at)
    return Joined.JOINED


def _stands_in_the_way(enrollment: Enrollment, other: Enrollment, actor: Actor, at: dt.datetime) -> Joined:
    if enrollment.state in UNPAID_STATES:
        cancel(enrollment=enrollment, reason=CancelReason.ALREADY_ENROLLED, actor=actor, at=at)
        return Joined.ALREADY_ENROLLED
    raise_task(
        kind=TaskKind.RETURN_PAYMENT,
        key=f"paid-twice:{enrollment.reference}",
        about=enrollment.reference,
        sentence=f"{enrollment.reference} was paid although the student is active in the program by {other.reference}. "
        "Return the money of one of them.",
        at=at,
    )
    return Joined.PAID_TWICE


def activate(*, enrollment: Enrollment, purchased_at: dt.datetime, actor: Actor, at: dt.datetime) -> bool:
    """Make an enrollment active by its first payment.

    False when it cannot be: it has ended, or the student is active in the program by another enrollment. Then an unpaid
    one is canceled, and the caller sees to it that the money goes back.
    """
    if enrollment.state not in UNPAID_STATES:
        return False
    if queries.active_elsewhere(enrollment):
        cancel(enrollment=enrollment, reason=CancelReason.ALREADY_ENROLLED, actor=actor, at=at)
        return False
    try:
        with db.session.begin_nested():
            enrollment.purchased_at = purchased_at
            move(enrollment, EnrollmentState.ACTIVE, LIFECYCLE, actor=actor, at=at)
    except sa.exc.IntegrityError:  # another payment was first, in the same instant
        db.session.refresh(enrollment)
        cancel(enrollment=enrollment, reason=CancelReason.ALREADY_ENROLLED, actor=actor, at=at)
        return False
    return True


def unpay(*, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    """Take the purchase back, because the only payment was recorded in error: it waits for a payment again."""
    enrollment.purchased_at = enrollment.hold_on = None
    back = EnrollmentState.AWAITING_PAYMENT if enrollment.person_id else EnrollmentState.STARTED
    move(enrollment, back, LIFECYCLE, actor=actor, at=at)


def cancel(*, enrollment: Enrollment, reason: CancelReason, actor: Actor, at: dt.datetime) -> None:
    """End an enrollment that is not paid, free of charge, with whatever hangs on it; raises NotUnpaid.

    One that was paid by mistake and is not any more may have an externship, which staff let somebody ask for early.
    """
    if enrollment.state not in UNPAID_STATES:
        raise NotUnpaid
    unpaid = end_installments(enrollment=enrollment, to=InstallmentState.CANCELED, actor=actor, at=at)
    enrollment.ended_at = at
    move(enrollment, EnrollmentState.CANCELED, LIFECYCLE, actor=actor, at=at, data={"reason": reason.value})
    post_ledger(
        kind=PostingKind.CANCELED,
        about=enrollment.reference,
        subject=enrollment.reference,
        amounts=Amounts(unpaid=unpaid),
        at=at,
    )
    revoke_links(purpose=PROVE_EMAIL, subject=enrollment.reference, at=at)
    post(letters.canceled(enrollment, reason, recipient=queries.recipient(enrollment)), at=at)
    canceled = registry().enrollment_canceled
    if canceled is not None:
        canceled(enrollment.id, actor, at)


def complete(*, enrollment: Enrollment, actor: Actor, at: dt.datetime, completed_at: dt.datetime | None = None) -> None:
    """Mark the program as completed, now or at an earlier instant, and send the student the certificate.

    Raises IllegalTransition unless it is active, CompletedTooEarly when it was not accepted yet or is still to come.
    """
    finished = completed_at or at
    if not enrollment.accepted_at <= finished <= at:
        raise CompletedTooEarly
    enrollment.completed_at = finished
    move(enrollment, EnrollmentState.COMPLETED, LIFECYCLE, actor=actor, at=at)
    certificate = certificates.issue(enrollment, actor=actor, at=at)
    post(letters.completed(enrollment, certificate, recipient=queries.recipient(enrollment)), at=at)


def end(*, enrollment: Enrollment, to: EnrollmentState, actor: Actor, at: dt.datetime) -> None:
    """End a paid enrollment as refunded or withdrawn; its installments and money are the caller's."""
    enrollment.ended_at = at
    enrollment.hold_on = None
    move(enrollment, to, LIFECYCLE, actor=actor, at=at)


def end_installments(*, enrollment: Enrollment, to: InstallmentState, actor: Actor, at: dt.datetime) -> int:
    """Cancel or waive whatever is still owed; returns its cents."""
    open_cents = 0
    for installment in enrollment.installments:
        if installment.state in OWED_STATES:
            open_cents += installment.open_cents
            move(installment, to, INSTALLMENT_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    return open_cents


def remind(*, enrollment: Enrollment, at: dt.datetime) -> None:
    """Remind a student who has not paid; once, by the letter's own event."""
    recipient = queries.recipient(enrollment)
    post(letters.payment_reminder(enrollment, recipient=recipient, lapses_on=lapses_on(enrollment)), at=at)
