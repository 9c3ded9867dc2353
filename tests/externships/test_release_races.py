"""Several who end one place at once, or end it while it is confirmed: it ends once; and controls without the guards."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations.models import Opening
from provider.enrollments.models import Enrollment
from provider.enrollments.queries import by_reference as enrollment_of
from provider.enrollments.rules import EnrollmentState
from provider.externships import queries, releasing
from provider.externships.models import Offer, Placement
from provider.externships.rules import OfferState, PlacementState, ReleaseReason, RequestState
from provider.history.models import History
from provider.kernel import references
from provider.kernel.database import db, retrying
from provider.refunds import actions as refunds
from tests.externships.test_ending import HOUR
from tests.harness.externs import ASKED, COORDINATOR, asked, request
from tests.harness.money import BURSAR, PAID, at_once, stored
from tests.harness.places import (
    accept,
    answer_yes,
    offer,
    offered,
    placed,
    placement,
    release,
    revoke,
    sent_to,
    taken,
)
from tests.harness.sites import Supply, supply
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first

ROUNDS = range(repetitions(40))
ENDS = {"NoneType": 1, "PlacementOver": 1}


def history_of(reference: str, event: str) -> int:
    query = sa.select(sa.func.count()).select_from(History)
    return db.session.scalars(query.where(History.subject_reference == reference, History.event == event)).one()


def accepted(made: Supply) -> tuple[str, str]:
    """Let a request come as far as waiting for the site; returns it and its offer."""
    wish = asked()
    reference = offer(wish, made.opening)
    accept(reference, at=ASKED)
    return wish, reference


def close(made: Supply) -> None:
    retrying(lambda: releasing.close_site(made.site, actor=COORDINATOR, at=ASKED))


def end_agreement(made: Supply) -> None:
    agreement, on = made.agreement, ASKED.date()
    assert agreement is not None
    retrying(
        lambda: releasing.end_agreement(
            agreement, on=on, reason="Both agreed.", both_agree=True, actor=COORDINATOR, at=ASKED
        )
    )


@pytest.mark.parametrize("_round", ROUNDS)
def test_coordinator_site_and_agreement_that_end_a_placement_at_once_end_it_once(app: Flask, _round: int) -> None:
    with app.app_context():
        made, wish = supply(capacity=3), asked()
        reference = placed(wish, made.opening)
        other = offer(asked(), made.opening)
    found = at_once(app, lambda: release(reference, at=ASKED), partial(close, made), partial(end_agreement, made))
    assert [type(one).__name__ for one in found[1:]] == ["NoneType", "NoneType"]
    assert type(found[0]).__name__ in ENDS
    with app.app_context():
        over = placement(reference)
        assert over.state is PlacementState.RELEASED
        reasons = {ReleaseReason.SITE_CLOSED, ReleaseReason.AGREEMENT_ENDED}
        assert over.release_reason is ReleaseReason.COORDINATOR if found[0] is None else over.release_reason in reasons
        assert history_of(reference, "placement.released") == 1
        assert (taken(made), offered(other).state, offered(other).end_reason in reasons) == (
            0,
            OfferState.REVOKED,
            True,
        )
        assert Counter(sent_to(wish)) & Counter({"place_released": 9, "place_released_site": 9}) == {
            "place_released": 1,
            "place_released_site": 1,
        }
        assert request(wish).state is RequestState.READY


def set_offer(reference: str, state: OfferState, **values: Any) -> None:  # noqa: ANN401 - each column has its own type
    db.session.execute(sa.update(Offer).where(Offer.reference == reference).values(state=state, **values))


def over(reference: str) -> None:
    """End an offer and give its place back, whatever became of it meanwhile."""
    set_offer(reference, OfferState.REVOKED, ended_at=ASKED, end_reason=ReleaseReason.COORDINATOR)
    of_offer = sa.select(Offer.opening_id).where(Offer.reference == reference).scalar_subquery()
    db.session.execute(sa.update(Opening).where(Opening.id == of_offer).values(taken=Opening.taken - 1))


def confirmed(reference: str) -> None:
    """Confirm an offer and write its placement, whatever became of it meanwhile."""
    set_offer(reference, OfferState.CONFIRMED, ended_at=None, end_reason=None)
    found = db.session.execute(
        sa.select(Offer, Opening).join(Opening, Opening.id == Offer.opening_id).where(Offer.reference == reference)
    ).one()
    enrollment_id = queries.by_id(found.Offer.request_id).enrollment_id
    db.session.add(
        Placement(
            reference=references.new("PL"), offer_id=found.Offer.id, request_id=found.Offer.request_id,
            enrollment_id=enrollment_id, opening_id=found.Opening.id, preceptor_id=found.Opening.preceptor_id,
            state=PlacementState.PLANNED, first_on=found.Offer.first_on, last_on=found.Offer.last_on,
            required_hours=160, confirmed_at=ASKED,
        )
    )  # fmt: skip


def waits(reference: str) -> Callable[[], bool]:
    return lambda: offered(reference).state in {OfferState.ACCEPTED, OfferState.CONFIRMED}


def test_without_the_guard_three_who_end_one_placement_give_three_places_back(app: Flask) -> None:
    """The control: the places of two others go with it."""
    with app.app_context():
        made = supply(capacity=3)
        mine = placed(asked(), made.opening)
        for _ in range(2):
            placed(asked(), made.opening)
        reference = db.session.get_one(Offer, placement(mine).offer_id).reference
    assert looked_first(app, *[(waits(reference), partial(over, reference))] * 3) == [True] * 3
    with app.app_context():
        assert taken(made) == 0
        standing = sa.select(sa.func.count()).where(Offer.opening_id == made.opening_id)
        assert db.session.scalars(standing.where(Offer.state == OfferState.CONFIRMED)).one() == 2


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_site_that_confirms_what_is_taken_back_at_once_ends_in_one_of_both(app: Flask, _round: int) -> None:
    with app.app_context():
        made = supply()
        wish, reference = accepted(made)
    yes, no = at_once(app, lambda: answer_yes(reference, at=ASKED), lambda: revoke(reference, at=ASKED))
    with app.app_context():
        found = queries.active_placement(request(wish).enrollment_id)
        here = (offered(reference).state, taken(made), request(wish).state, found is not None)
        site = sent_to(wish, site=True)
        if yes == "confirmed":
            assert type(no).__name__ == "OfferOver"
            assert here == (OfferState.CONFIRMED, 1, RequestState.PLACED, True)
            assert site == ["place_asked", "place_confirmed_site"]
        else:
            assert (type(yes).__name__, no) == ("OfferOver", None)
            assert here == (OfferState.REVOKED, 0, RequestState.READY, False)
            assert site == ["place_asked", "site_not_needed"]


def test_without_the_guard_a_place_is_confirmed_and_given_to_the_next(app: Flask) -> None:
    """The control: a placement stands whose place counts as free."""
    with app.app_context():
        made = supply(capacity=1)
        wish, reference = accepted(made)
    look = waits(reference)
    assert looked_first(app, (look, partial(confirmed, reference)), (look, partial(over, reference))) == [True, True]
    with app.app_context():
        assert queries.active_placement(request(wish).enrollment_id) is not None
        assert taken(made) == 0


def refund(enrollment: str) -> str:
    """Enter a request that reached the school inside the window."""
    return retrying(
        lambda: (
            refunds.enter_mailed_request(
                enrollment=enrollment_of(enrollment, lock=True),
                received_at=PAID + HOUR,
                evidence="A letter that lay unread.",
                actor=BURSAR,
                at=ASKED,
            ).state.value
        )
    )


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_refund_while_the_site_confirms_leaves_no_place_and_tells_everybody_once(app: Flask, _round: int) -> None:
    with app.app_context():
        made = supply()
        wish, reference = accepted(made)
        enrollment = enrollment_reference(wish)
    yes, back = at_once(app, lambda: answer_yes(reference, at=ASKED), lambda: refund(enrollment))
    assert back == "approved"
    assert yes == "confirmed" or type(yes).__name__ == "OfferOver"
    with app.app_context():
        assert stored(enrollment).state is EnrollmentState.REFUNDED
        assert (offered(reference).state, offered(reference).end_reason) == (
            OfferState.REVOKED,
            ReleaseReason.REFUNDED,
        )
        assert (taken(made), request(wish).state) == (0, RequestState.WITHDRAWN)
        assert queries.active_placement(request(wish).enrollment_id) is None
        confirmed_first = ["place_asked", "place_confirmed_site", "place_released_site"]
        assert sent_to(wish, site=True) == (
            confirmed_first if yes == "confirmed" else ["place_asked", "site_not_needed"]
        )
        assert sent_to(wish, site=False).count("request_withdrawn") == 1


def test_without_the_guard_a_refunded_student_keeps_a_place(app: Flask) -> None:
    """The control: the site's yes is written by what was read before the refund."""
    with app.app_context():
        made = supply()
        wish, reference = accepted(made)
        enrollment = enrollment_reference(wish)

    def give_back() -> None:
        db.session.execute(
            sa.update(Enrollment).where(Enrollment.reference == enrollment).values(state=EnrollmentState.REFUNDED)
        )

    looked = looked_first(
        app,
        (waits(reference), partial(confirmed, reference)),
        (lambda: stored(enrollment).state is EnrollmentState.COMPLETED, give_back),
    )
    assert looked == [True, True]
    with app.app_context():
        assert stored(enrollment).state is EnrollmentState.REFUNDED
        assert queries.active_placement(request(wish).enrollment_id) is not None


def enrollment_reference(wish: str) -> str:
    return db.session.get_one(Enrollment, request(wish).enrollment_id).reference
