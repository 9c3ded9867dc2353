"""From an offer to a confirmed place and back: who is told what, where the place is, and how the clock stands."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from provider.affiliations import openings
from provider.affiliations import queries as sites
from provider.affiliations.actions import OpeningClosed
from provider.affiliations.rules import Pattern, Period, mask
from provider.clocks.rules import ClockState
from provider.disclosures.models import Disclosure
from provider.enrollments.rules import EnrollmentState
from provider.externships import checks, nearby, queries
from provider.externships.disclosing import HOW_TO_REACH, WHO_COMES
from provider.externships.offer_words import to_site, what_became
from provider.externships.refusals import (
    AgreementDoesNotCover,
    DaysImpossible,
    DoesNotFit,
    LastPlaceTaken,
    NotAStudent,
    OfferOver,
    OfferTooLate,
    RequestNotReady,
)
from provider.externships.rules import OfferState, ReleaseReason, RequestState
from provider.history.models import History
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.tasks.models import Task
from tests.harness.externs import ASKED, active, ask, asked, clock_of, pauses_of, request
from tests.harness.places import (
    accept,
    answer_no,
    answer_yes,
    decline,
    offer,
    offered,
    propose,
    revoke,
    sent_to,
    taken,
)
from tests.harness.sites import COORDINATOR, supply
from tests.harness.sites import offer as another_opening

DAY = dt.timedelta(days=1)
UNTIL = dt.datetime(2027, 2, 7, 4, 59, 59, 999999, dt.UTC)  # the whole of the 6th in New York
S, R = OfferState, RequestState

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def tasks_about(wish: str, kind: str) -> list[Task]:
    about = request(wish).enrollment.reference
    return list(db.session.scalars(sa.select(Task).where(Task.about == about, Task.kind == kind)))


def test_an_offer_keeps_a_place_and_the_clock_waits_for_the_student() -> None:
    made, wish = supply(), asked()
    found = offered(offer(wish, made.opening))
    assert (found.state, found.first_on, found.last_on) == (S.SENT, dt.date(2027, 2, 15), dt.date(2027, 3, 31))
    assert (found.expires_at, found.tenths) == (UNTIL, 0)
    assert request(wish).state is R.OFFERED
    assert (taken(made), clock_of(wish).state) == (1, ClockState.PAUSED)
    assert sent_to(wish) == ["externship_asked", "place_offered"]


def test_both_say_yes_and_the_guarantee_is_kept() -> None:
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    accept(reference, at=ASKED + DAY)
    assert (offered(reference).state, clock_of(wish).state) == (S.ACCEPTED, ClockState.RUNNING)
    answer_yes(reference, at=ASKED + DAY)
    assert (offered(reference).state, request(wish).state) == (S.CONFIRMED, R.PLACED)
    assert (taken(made), clock_of(wish).state) == (1, ClockState.MET)
    assert sent_to(wish, site=False) == ["externship_asked", "place_offered", "place_confirmed"]
    assert sent_to(wish, site=True) == ["place_asked", "place_confirmed_site"]
    assert disclosed() == [WHO_COMES, HOW_TO_REACH]
    events = sa.select(History.event).where(History.subject_reference == reference).order_by(History.id)
    assert db.session.scalars(events).all() == [f"offer.{one}" for one in ("proposed", "sent", "accepted", "confirmed")]


def disclosed() -> list[str]:
    """Return what was noted as told to sites."""
    return list(db.session.scalars(sa.select(Disclosure.what).order_by(Disclosure.id)))


def test_a_no_costs_nothing_and_the_site_is_not_offered_again() -> None:
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    decline(reference, at=ASKED + DAY, words="Too far for me.")
    found = offered(reference)
    assert (found.state, found.words, taken(made)) == (S.DECLINED, "Too far for me.", 0)
    assert (request(wish).state, clock_of(wish).state) == (R.READY, ClockState.RUNNING)
    assert [reason for reason, _, _ in pauses_of(wish)] == ["offer_waits"]
    assert sent_to(wish) == ["externship_asked", "place_offered"]
    with pytest.raises(DoesNotFit, match=r"^The student has said no to this site before\.$"):
        offer(wish, another_opening(made))


@pytest.mark.parametrize("late", [dt.timedelta(0), dt.timedelta(microseconds=1)], ids=["last instant", "one past it"])
def test_an_answer_counts_through_the_last_instant_of_its_day(late: dt.timedelta) -> None:
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    if late:
        with pytest.raises(OfferTooLate, match=r"until February 6, 2027, so this place went back"):
            accept(reference, at=UNTIL + late)
        assert offered(reference).state is S.SENT
    else:
        assert accept(reference, at=UNTIL) == "accepted"


def test_a_site_says_no_with_a_reason_that_only_staff_read() -> None:
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    accept(reference, at=ASKED + DAY)
    answer_no(reference, at=ASKED + DAY, reason="Our preceptor is ill.")
    found = offered(reference)
    assert (found.state, found.words, taken(made)) == (S.DECLINED, "Our preceptor is ill.", 0)
    assert (request(wish).state, clock_of(wish).state) == (R.READY, ClockState.RUNNING)
    (task,) = tasks_about(wish, "site_declined")
    assert "“Our preceptor is ill.” Find another place." in task.sentence
    assert sent_to(wish, site=False) == ["externship_asked", "place_offered", "offer_over"]
    assert what_became(found).startswith("The site could not take you")
    assert offered(offer(wish, made.opening, at=ASKED + DAY)).state is S.SENT  # the site's no is not the student's


def test_other_days_are_a_new_offer_with_the_same_place_and_one_yes_is_enough() -> None:
    made, wish = supply(capacity=1), asked()
    old = offer(wish, made.opening)
    accept(old, at=ASKED + DAY)
    new = propose(old, dt.date(2027, 3, 1), dt.date(2027, 4, 30), at=ASKED + DAY)
    assert (offered(old).state, offered(old).end_reason) == (S.REVOKED, ReleaseReason.OTHER_DATES)
    found = offered(new)
    assert (found.state, found.site_agreed, found.replaces_id) == (S.SENT, True, offered(old).id)
    assert (taken(made), request(wish).state, clock_of(wish).state) == (1, R.OFFERED, ClockState.PAUSED)
    assert what_became(offered(old)).startswith("The site proposed other days")
    assert accept(new, at=ASKED + 2 * DAY) == "confirmed"
    assert (taken(made), request(wish).state, clock_of(wish).state) == (1, R.PLACED, ClockState.MET)
    assert sent_to(wish, site=True) == ["place_asked", "place_confirmed_site"]
    assert disclosed() == [WHO_COMES, HOW_TO_REACH]


def test_days_that_the_site_cannot_have_are_refused_in_its_words() -> None:
    made, wish = supply(agreement=Period(dt.date(2026, 1, 1), dt.date(2027, 6, 30))), asked()
    reference = offer(wish, made.opening)
    accept(reference, at=ASKED)
    order = "The last day must come after the first one, within a year."
    early = "The first day must be tomorrow or later, and not before the student can start."
    uncovered = "Our agreement with your site does not cover each of these days."
    too_few = "These days do not give the hours that the program asks for. Choose a longer time."
    same = "These are the days we asked for. Choose others, or accept the student for these."
    for days, sentence in (
        ((dt.date(2027, 3, 1), dt.date(2027, 2, 1)), order),
        ((dt.date(2027, 2, 2), dt.date(2027, 4, 1)), early),
        ((dt.date(2027, 6, 1), dt.date(2027, 7, 31)), uncovered),
        ((dt.date(2027, 2, 20), dt.date(2027, 2, 21)), too_few),
        ((dt.date(2027, 2, 15), dt.date(2027, 3, 31)), same),
    ):
        with pytest.raises(DaysImpossible) as refused:
            propose(reference, *days, at=ASKED)
        assert refused.value.sentence == sentence
    assert (offered(reference).state, taken(made)) == (S.ACCEPTED, 1)


def test_who_takes_an_offer_back_tells_whoever_was_asked_and_nobody_twice() -> None:
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    accept(reference, at=ASKED)
    revoke(reference, at=ASKED + DAY)
    assert (offered(reference).state, request(wish).state, taken(made)) == (S.REVOKED, R.READY, 0)
    assert sent_to(wish, site=False) == ["externship_asked", "place_offered", "offer_over"]
    assert sent_to(wish, site=True) == ["place_asked", "site_not_needed"]
    with pytest.raises(OfferOver):
        revoke(reference, at=ASKED + DAY)
    assert len(sent_to(wish)) == 5


ANSWERS: dict[str, Callable[[str], object]] = {
    "accept": lambda reference: accept(reference, at=ASKED),
    "decline": lambda reference: decline(reference, at=ASKED),
    "site accepts": lambda reference: answer_yes(reference, at=ASKED),
    "site declines": lambda reference: answer_no(reference, at=ASKED),
    "site proposes": lambda reference: propose(reference, dt.date(2027, 3, 1), dt.date(2027, 4, 1), at=ASKED),
}
BEFORE: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "sent": ((), frozenset({"accept", "decline"})),
    "accepted": (("accept",), frozenset({"site accepts", "site declines", "site proposes"})),
    "confirmed": (("accept", "site accepts"), frozenset()),
    "declined": (("decline",), frozenset()),
    "declined by the site": (("accept", "site declines"), frozenset()),
    "other days": (("accept", "site proposes"), frozenset()),
}


@pytest.mark.parametrize("before", BEFORE)
def test_an_answer_that_is_not_awaited_is_refused_in_one_sentence_and_tells_nobody(before: str) -> None:
    """B04: a second click, a stale tab, the other side's button."""
    made, wish = supply(), asked()
    reference = offer(wish, made.opening)
    steps, awaited = BEFORE[before]
    for step in steps:
        ANSWERS[step](reference)
    stands, letters = offered(reference).state, sent_to(wish)
    for name in sorted(ANSWERS.keys() - awaited):
        with pytest.raises(OfferOver) as refused:
            ANSWERS[name](reference)
        told = to_site if name.startswith("site") else what_became
        assert (refused.value.status, refused.value.sentence) == (409, told(offered(reference)))
    assert (offered(reference).state, sent_to(wish)) == (stands, letters)


def test_each_reason_against_an_offer_has_its_own_sentence() -> None:
    wish = asked(miles=10)
    refused: list[tuple[type[DomainError], str]] = [
        (AgreementDoesNotCover, supply(agreement=None).opening),
        (AgreementDoesNotCover, supply(agreement=Period(dt.date(2026, 1, 1), dt.date(2027, 3, 30))).opening),
        (DoesNotFit, supply(program="cpt").opening),
        (DoesNotFit, supply(pattern=Pattern(mask([5, 6]), 8 * 60, 16 * 60)).opening),
        (DoesNotFit, supply(days=Period(dt.date(2026, 11, 30), dt.date(2027, 2, 14))).opening),
        (DoesNotFit, supply(zip_code="30303").opening),
    ]
    for kind, opening in refused:
        with pytest.raises(kind):
            offer(wish, opening)
    made = supply(capacity=1)
    offer(asked(), made.opening)
    with pytest.raises(LastPlaceTaken):
        offer(wish, made.opening)
    assert (request(wish).state, taken(made), sent_to(wish)) == (R.READY, 1, ["externship_asked"])
    mine = supply()
    offer(wish, mine.opening)
    with pytest.raises(RequestNotReady, match="This student has been offered a place meanwhile"):
        offer(wish, supply().opening)


def test_whoever_left_the_program_is_offered_nothing() -> None:
    wish = asked()
    found = queries.by_reference(wish)
    found.enrollment.state = EnrollmentState.ACTIVE
    with pytest.raises(NotAStudent):
        checks.check_student(found)
    found.early_reason = "The class ends in March, and the site has a place now."
    checks.check_student(found)
    db.session.rollback()
    early = ask(active(), early_reason="The class ends in March, and the site has a place now.")
    assert offered(offer(early, supply().opening)).state is S.SENT


def test_places_nearby_are_listed_by_distance_with_what_speaks_against_each() -> None:
    near, full = supply(zip_code="10001"), supply(zip_code="10001", capacity=1)
    supply(zip_code="30303")
    supply(program="cpt")
    offer(asked(), full.opening)
    alone = supply(zip_code="10001", agreement=None)
    wish = queries.by_reference(asked())
    found = nearby.nearby(wish, at=ASKED)
    assert [(one.opening.reference, one.fits) for one in found] == [
        (near.opening, True),
        (full.opening, False),
        (alone.opening, False),
    ]
    assert [[against.why.value for against in one.against] for one in found] == [[], ["full"], ["agreement"]]


def test_an_opening_that_closed_takes_nobody_new_and_keeps_whom_it_has() -> None:
    made, wish, late = supply(), asked(), asked()
    reference = offer(wish, made.opening)
    with unit_of_work():
        openings.close_opening(sites.opening(made.opening, lock=True), actor=COORDINATOR, at=ASKED)
    with pytest.raises(OpeningClosed):
        offer(late, made.opening)
    assert accept(reference, at=ASKED) == "accepted"
