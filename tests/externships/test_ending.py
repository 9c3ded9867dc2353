"""An enrollment that ends takes its externship along in one transaction; a running placement needs a word (R5)."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.accounts.models import SignedLink
from provider.affiliations.rules import Period
from provider.clocks.rules import ClockState
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.externships import ending, offer_queries, queries
from provider.externships.ending import PlacementRuns, RequestOver
from provider.externships.rules import OfferState, PlacementState, ReleaseReason, RequestState
from provider.kernel.database import db, unit_of_work
from provider.mail.letters import write
from provider.mail.models import OutboxLetter
from provider.payments import queries as payments
from provider.refunds import actions as refunds
from provider.refunds import queries as returned
from provider.refunds.rules import Channel, RefundState
from provider.tasks.models import Task
from tests.harness import places
from tests.harness.externs import ASKED, STUDENT, UPFRONT, active, ask, asked, clock_of, graduate, request
from tests.harness.money import BURSAR, PAID, kept, letters, reverse, stored
from tests.harness.sites import Supply, supply
from tests.harness.stories import timeline

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
LATER = ASKED + 40 * DAY
DAYS = Period(dt.date(2027, 3, 1), dt.date(2027, 7, 30))
REASON = "Moves abroad with the family; agreed by telephone."
STAGES = ("looking", "offered", "planned")
LAST = ("accepted", "running")  # where a site has been spoken to
R, W, S = ReleaseReason.REFUNDED, ReleaseReason.WITHDRAWN_FROM_PROGRAM, ReleaseReason.STUDENT_WITHDREW


def at_stage(stage: str) -> tuple[str, Supply]:
    """Let a graduate come as far as a stage; returns the request and the site."""
    made, reference = supply(days=DAYS), asked(earliest_on=dt.date(2027, 3, 1))
    if stage == "looking":
        return reference, made
    offer = places.offer(reference, made.opening)
    if stage != "offered":
        places.accept(offer, at=ASKED + HOUR)
    if stage in {"planned", "running"}:
        places.answer_yes(offer, at=ASKED + 2 * HOUR)
    if stage == "running":
        placement = queries.active_placement(request(reference).enrollment_id)
        assert placement is not None
        assert places.start(kept(placement).reference, at=dt.datetime(2027, 3, 1, 14, tzinfo=dt.UTC))
    return reference, made


def refund_in_time(reference: str) -> None:
    """Enter a request that reached the school inside the window: the rule decides, nobody has to agree."""
    with unit_of_work():
        refund = refunds.enter_mailed_request(
            enrollment=by_reference(reference, lock=True),
            received_at=PAID + HOUR,
            evidence="A letter that lay unread.",
            actor=BURSAR,
            at=LATER,
        )
        assert refund.state is RefundState.APPROVED


def refund_as_exception(reference: str, *, agreed: bool = True) -> None:
    """Turn a late request down and make an exception of it."""
    with unit_of_work():
        late = refunds.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=LATER,
            at=LATER,
        ).reference
    with unit_of_work():
        declined = returned.by_reference(late)
        refunds.override(refund=declined, reason=REASON, actor=BURSAR, at=LATER, placement_ends=agreed)


def leave(reference: str, *, agreed: bool = True) -> None:
    """Let the student leave the program."""
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        refunds.withdraw(
            enrollment=enrollment, reason=REASON, waive=True, actor=BURSAR, at=LATER, placement_ends=agreed
        )


def withdraw(reference: str) -> None:
    """Let the student withdraw the request."""
    with unit_of_work():
        found = queries.open_of(by_reference(reference).id)
        assert found is not None
        ending.withdraw(request=found, actor=STUDENT, at=LATER)


WAYS: dict[str, tuple[Callable[[str], None], ReleaseReason]] = {
    "refund": (refund_in_time, R),
    "exception": (refund_as_exception, R),
    "withdrawal": (leave, W),
    "request": (withdraw, S),
}


def open_links() -> int:
    query = sa.select(sa.func.count()).select_from(SignedLink)
    query = query.where(SignedLink.purpose.in_(("place_offer", "place_answer")), SignedLink.revoked_at.is_(None))
    return db.session.scalars(query.where(SignedLink.used_at.is_(None))).one()


def told_site(enrollment: str) -> list[str]:
    """Return the letters that the site got at the end."""
    query = sa.select(OutboxLetter.template).where(
        OutboxLetter.about == enrollment,
        OutboxLetter.queued_at == LATER,
        OutboxLetter.recipient.like("%@clinic.example"),
    )
    return list(db.session.scalars(query.order_by(OutboxLetter.id)))


@pytest.mark.parametrize(
    "stage, way", [*((stage, "refund") for stage in STAGES), *((stage, way) for stage in LAST for way in WAYS)]
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_whatever_was_open_ends_at_once_and_everybody_is_told_once(context: AppContext, stage: str, way: str) -> None:
    reference, made = at_stage(stage)
    enrollment = request(reference).enrollment.reference
    assert places.taken(made) == (0 if stage == "looking" else 1)
    end, reason = WAYS[way]
    end(enrollment)
    found = request(reference)
    assert (found.state, found.end_reason, found.ended_at) == (RequestState.WITHDRAWN, reason, LATER)
    assert places.taken(made) == 0
    assert open_links() == 0
    clock = clock_of(reference)
    was_placed = stage in {"planned", "running"}
    assert clock.state is (ClockState.MET if was_placed else ClockState.STOPPED)
    told = {"accepted": ["site_not_needed"], "planned": ["place_released_site"], "running": ["place_released_site"]}
    assert told_site(enrollment) == told.get(stage, [])
    (letter,) = letters(enrollment, "request_withdrawn")
    assert (letter.mailbox, letter.values["reason"]) == ("externship", reason.value)
    assert (letter.values["place"] is not None) is was_placed
    if stage != "looking":
        (offer,) = kept(offer_queries.offers_of(found.id))
        assert (offer.state, offer.end_reason) == (OfferState.REVOKED, reason)
    if was_placed:
        (placement,) = kept(offer_queries.placements_of(found.id))
        assert (placement.state, placement.release_reason) == (PlacementState.RELEASED, reason)


def tasks() -> list[Task]:
    return kept(list(db.session.scalars(sa.select(Task).where(Task.kind == "end_placement"))))


@pytest.mark.parametrize("decide", [leave, refund_as_exception], ids=["withdrawal", "exception"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_where_staff_decide_a_coordinator_has_to_agree_first(context: AppContext, decide: Callable[..., None]) -> None:
    reference, made = at_stage("running")
    enrollment = request(reference).enrollment.reference
    with pytest.raises(PlacementRuns):
        decide(enrollment, agreed=False)
    db.session.rollback()
    assert request(reference).state is RequestState.RUNNING
    assert (places.taken(made), stored(enrollment).state) == (1, "completed")
    decide(enrollment, agreed=True)
    assert request(reference).state is RequestState.WITHDRAWN
    assert "placement.end_agreed" in [one.event for one in timeline(enrollment)]
    assert tasks() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_where_the_rule_decides_the_coordinators_get_a_task(context: AppContext) -> None:
    reference, _ = at_stage("running")
    enrollment = request(reference).enrollment.reference
    refund_in_time(enrollment)
    (task,) = tasks()
    assert task.about == enrollment
    assert "Call it, so that nobody waits for the student." in task.sentence


@pytest.mark.parametrize("stage", ["looking", "planned"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_nobody_is_asked_about_what_has_not_begun(context: AppContext, stage: str) -> None:
    reference, _ = at_stage(stage)
    enrollment = request(reference).enrollment.reference
    leave(enrollment, agreed=False)
    assert request(reference).state is RequestState.WITHDRAWN
    assert "placement.end_agreed" not in [one.event for one in timeline(enrollment)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_without_a_request_an_enrollment_ends_as_before(context: AppContext) -> None:
    enrollment = graduate()
    leave(enrollment)
    assert letters(enrollment, "request_withdrawn") == []
    assert [one.template for one in letters(enrollment)][-1] == "withdrawal"


def test_a_request_is_withdrawn_once_and_may_be_made_again(context: AppContext) -> None:
    reference = asked()
    enrollment = request(reference).enrollment.reference
    withdraw(enrollment)
    with pytest.raises(RequestOver), unit_of_work():
        ending.withdraw(request=queries.by_reference(reference), actor=STUDENT, at=LATER)
    again = ask(enrollment, at=LATER + DAY, earliest_on=dt.date(2027, 6, 1))
    assert (request(again).state, clock_of(again).started_at) == (RequestState.READY, LATER + DAY)
    assert clock_of(reference).state is ClockState.STOPPED


@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_an_early_request_ends_with_its_refund_too(context: AppContext) -> None:
    enrollment = active()
    reference = ask(enrollment, early_reason="The only place of this year begins next week.")
    refund_in_time(enrollment)
    assert (request(reference).state, request(reference).end_reason) == (RequestState.WITHDRAWN, R)
    assert stored(enrollment).state == "refunded"
    assert sum(one.amount_cents for one in kept(returned.of_enrollment(stored(enrollment).id))) == UPFRONT


def paid_in_error(stage: str) -> tuple[str, Supply]:
    """Let somebody who was asked for early come as far as a stage, and then lose the payment that let them in."""
    made, enrollment = supply(days=DAYS), active()
    reference = ask(enrollment, early_reason="The only place of this year begins next week.", earliest_on=DAYS.first_on)
    if stage != "looking":
        offer = places.offer(reference, made.opening)
        places.accept(offer, at=ASKED + HOUR)
        places.answer_yes(offer, at=ASKED + 2 * HOUR)
        (placement,) = kept(offer_queries.placements_of(request(reference).id))
        assert places.start(placement.reference, at=dt.datetime(2027, 3, 1, 14, tzinfo=dt.UTC))
    (payment,) = kept(payments.of_enrollment(stored(enrollment).id))
    reverse(payment.reference, at=LATER)
    assert (stored(enrollment).state, request(reference).ended_at) == ("awaiting_payment", None)
    return reference, made


def cancel(reference: str) -> None:
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        enrollments.cancel(enrollment=enrollment, reason=CancelReason.STAFF, actor=BURSAR, at=LATER)


@pytest.mark.parametrize("stage, told", [("looking", []), ("running", ["place_released_site"])])
def test_an_enrollment_that_is_canceled_takes_an_early_request_along(
    context: AppContext, stage: str, told: list[str]
) -> None:
    reference, made = paid_in_error(stage)
    enrollment = request(reference).enrollment.reference
    cancel(enrollment)
    found, canceled = request(reference), ReleaseReason.ENROLLMENT_CANCELED
    assert (found.state, found.end_reason, found.ended_at) == (RequestState.WITHDRAWN, canceled, LATER)
    assert (stored(enrollment).state, places.taken(made), told_site(enrollment)) == ("canceled", 0, told)
    (letter,) = letters(enrollment, "request_withdrawn")
    assert letter.values["reason"] == "enrollment_canceled"
    assert "because your enrollment was canceled. It costs you nothing." in write(letter).text
    assert len(tasks()) == len(told)
    assert [one.about for one in tasks()] == [enrollment] * len(told)
