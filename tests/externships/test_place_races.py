"""Many at once around one place: one wins, the others get a sentence; and a control that shows the race unguarded."""

import datetime as dt
import threading
from collections import Counter
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.links import make_link
from provider.accounts.models import SignedLink
from provider.affiliations import queries as sites
from provider.affiliations.models import Opening
from provider.externships import queries, releasing
from provider.externships.models import Offer
from provider.externships.offer_ends import ANSWER_LINK
from provider.externships.refusals import LastPlaceTaken, OfferOver
from provider.externships.rules import HOLDING_OFFERS, OfferState, ReleaseReason, RequestState
from provider.kernel.database import db, retrying, unit_of_work
from tests.harness.externs import ASKED, COORDINATOR, asked, request
from tests.harness.money import at_once
from tests.harness.places import accept, answer_yes, offer, offered, placed, placement, release, revoke, sent_to, taken
from tests.harness.sites import Supply, supply
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first

MANY = 16
DAY = dt.timedelta(days=1)


@pytest.fixture
def crowd(app: Flask) -> list[str]:
    """Sixteen requests that look for a place."""
    with app.app_context():
        return [asked() for _ in range(MANY)]


def holding(made: Supply) -> int:
    query = sa.select(sa.func.count()).select_from(Offer)
    return db.session.scalars(query.where(Offer.opening_id == made.opening_id, Offer.state.in_(HOLDING_OFFERS))).one()


@pytest.mark.parametrize("_ten", range(repetitions(20)))
def test_of_sixteen_coordinators_one_gets_the_last_place_and_fifteen_a_sentence(
    app: Flask, crowd: list[str], _ten: int
) -> None:
    """B01; each of ten rounds has an opening of its own, and the winner's offer is taken back for the next."""
    for number in range(10):
        assert (number, last_place(app, crowd)) == (number, {"str": 1, "LastPlaceTaken": MANY - 1})


def last_place(app: Flask, crowd: list[str]) -> Counter[str]:
    with app.app_context():
        made = supply(capacity=1)
    found = at_once(app, *[partial(offer, wish, made.opening) for wish in crowd])
    assert {one.sentence for one in found if isinstance(one, LastPlaceTaken)} == {LastPlaceTaken.sentence}
    with app.app_context():
        assert (taken(made), holding(made)) == (1, 1)
        states = Counter(request(wish).state for wish in crowd)
        assert states == {RequestState.READY: MANY - 1, RequestState.OFFERED: 1}
        for won in (one for one in found if isinstance(one, str)):
            revoke(won, at=ASKED)
        assert (taken(made), holding(made)) == (0, 0)
    return Counter(type(one).__name__ for one in found)


def test_without_the_guard_the_same_sixteen_all_get_the_last_place(app: Flask) -> None:
    """The control: read whether a place is free, then take it, as one would without the conditional update."""
    with app.app_context():
        made = supply(capacity=1)
        with unit_of_work():
            db.session.execute(sa.update(Opening).where(Opening.id == made.opening_id).values(capacity=MANY))
    barrier = threading.Barrier(MANY)

    def unguarded() -> bool:
        free = 1 - taken(made) > 0
        db.session.rollback()
        barrier.wait()
        if free:
            with unit_of_work():
                take = sa.update(Opening).where(Opening.id == made.opening_id)
                db.session.execute(take.values(taken=Opening.taken + 1))
        return free

    assert at_once(app, *[unguarded] * MANY) == [True] * MANY
    with app.app_context():
        assert taken(made) == MANY


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_two_tabs_that_accept_at_once_ask_the_site_once(app: Flask, _round: int) -> None:
    """B04."""
    with app.app_context():
        made, wish = supply(), asked()
        reference = offer(wish, made.opening)
    found = at_once(app, *[lambda: accept(reference, at=ASKED)] * 4)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "OfferOver": 3}
    with app.app_context():
        assert (sent_to(wish, site=True), answer_links(reference)) == (["place_asked"], 1)
        answers = at_once(app, *[lambda: answer_yes(reference, at=ASKED)] * 4)
        assert Counter(type(one).__name__ for one in answers) == {"str": 1, "OfferOver": 3}
        assert sent_to(wish, site=True) == ["place_asked", "place_confirmed_site"]


def answer_links(reference: str) -> int:
    query = sa.select(sa.func.count()).select_from(SignedLink).where(SignedLink.purpose == ANSWER_LINK)
    return db.session.scalars(query.where(SignedLink.subject_reference == reference)).one()


def test_without_the_guard_each_tab_accepts_and_gives_the_site_a_link(app: Flask) -> None:
    """The control of B04: whether the offer waits is looked at first, and the yes is written afterwards."""
    with app.app_context():
        made, wish = supply(), asked()
        reference = offer(wish, made.opening)

    def waits() -> bool:
        return offered(reference).state is OfferState.SENT

    def yes() -> None:
        accepted = sa.update(Offer).where(Offer.reference == reference)
        db.session.execute(accepted.values(state=OfferState.ACCEPTED, answered_at=ASKED))
        make_link(purpose=ANSWER_LINK, subject=reference, at=ASKED, lasts=DAY)

    assert looked_first(app, *[(waits, yes)] * 4) == [True] * 4
    with app.app_context():
        assert answer_links(reference) == 4


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_an_offer_that_is_taken_back_while_it_is_accepted_ends_in_one_of_both(app: Flask, _round: int) -> None:
    with app.app_context():
        made, wish = supply(), asked()
        reference = offer(wish, made.opening)
    yes, no = at_once(app, lambda: accept(reference, at=ASKED), lambda: revoke(reference, at=ASKED))
    with app.app_context():
        # Taken back before or after the yes: it is over in any case, and the site is told only what it was asked.
        assert no is None
        assert yes == "accepted" or isinstance(yes, OfferOver)
        assert (offered(reference).state, taken(made)) == (OfferState.REVOKED, 0)
        told = sent_to(wish, site=True)
        assert told == (["place_asked", "site_not_needed"] if yes == "accepted" else [])
        assert sent_to(wish, site=False).count("offer_over") == 1


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_an_agreement_that_ends_while_offers_are_answered_leaves_nobody_beyond_it(app: Flask, _round: int) -> None:
    """B02: sending, both yeses and the end at the same instant; nothing stands beyond it, whoever was first."""
    with app.app_context():
        made = supply(capacity=4)
        wishes = [asked() for _ in range(3)]
        sent, agreed = (offer(one, made.opening) for one in wishes[:2])
        accept(agreed, at=ASKED)
    assert made.agreement is not None
    agreement = made.agreement

    def end() -> None:
        retrying(
            lambda: releasing.end_agreement(
                agreement,
                on=ASKED.date() + DAY,
                reason="Both agreed.",
                both_agree=True,
                actor=COORDINATOR,
                at=ASKED,
            )
        )

    found = at_once(
        app,
        lambda: accept(sent, at=ASKED),
        lambda: answer_yes(agreed, at=ASKED),
        lambda: offer(wishes[2], made.opening),
        end,
    )
    assert [one for one in found if isinstance(one, sa.exc.SQLAlchemyError)] == []
    assert found[3] is None
    with app.app_context():
        assert (taken(made), holding(made)) == (0, 0)
        assert {request(one).state for one in wishes} == {RequestState.READY}
        for one in wishes:
            letters = sent_to(one, site=False)
            assert letters.count("offer_over") + letters.count("place_released") == letters.count("place_offered")


def test_a_placement_that_is_released_twice_at_once_is_free_once(app: Flask) -> None:
    with app.app_context():
        made, wish = supply(), asked()
        reference = placed(wish, made.opening)

    found = at_once(app, *[lambda: release(reference, ReleaseReason.COORDINATOR, at=ASKED)] * 4)
    assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "PlacementOver": 3}
    with app.app_context():
        assert (taken(made), placement(reference).release_reason) == (0, ReleaseReason.COORDINATOR)
        assert sent_to(wish).count("place_released") == 1
        assert queries.by_reference(wish).state is RequestState.READY
        assert sites.opening(made.opening).free == 2
