"""What comes to an end before its time: sites, agreements, documents, days; and what jobs do, however late they run."""

import datetime as dt
from email import policy
from email.parser import BytesParser

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.affiliations import queries as sites
from provider.affiliations.rules import Period, minutes_in_common
from provider.clocks.rules import ClockState
from provider.documents.rules import DocumentKind, DocumentState
from provider.externships import offer_queries, place_handlers, placements, queries, releasing
from provider.externships.fitting import minutes_needed
from provider.externships.refusals import AgreementDoesNotCover, NotThisPreceptor, PlacementOver
from provider.externships.rules import OfferState, PlacementState, ReleaseReason, RequestState
from provider.kernel.database import db, retrying
from provider.mail import letters
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.oversight.placing import places_lie_within_agreements
from provider.programs.queries import hours_of
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from tests.harness.audit import told_by
from tests.harness.externs import ASKED, COORDINATOR, asked, bring, check, clock_of, pauses_of, request, require
from tests.harness.money import at_once
from tests.harness.placed import NEW_YORK
from tests.harness.places import (
    accept,
    answer_yes,
    complete,
    decline,
    offer,
    offered,
    placed,
    placement,
    release,
    sent_to,
    start,
    taken,
)
from tests.harness.sites import DAYTIME, Supply, supply

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2027, 2, 15, 5, tzinfo=dt.UTC)  # the first instant of the first day in New York
S, R, P = OfferState, RequestState, PlacementState
SECOND = dt.timedelta(seconds=1)

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def ended(made: Supply, on: dt.date, *, at: dt.datetime = ASKED) -> None:
    assert made.agreement is not None
    reference = made.agreement
    retrying(
        lambda: releasing.end_agreement(
            reference, on=on, reason="Both agreed.", both_agree=True, actor=COORDINATOR, at=at
        )
    )


def test_a_site_that_closes_lets_everybody_go_and_tells_each_once() -> None:
    made = supply(capacity=4)
    wishes = [asked() for _ in range(4)]
    sent, accepted = (offer(one, made.opening) for one in wishes[:2])
    accept(accepted, at=ASKED)
    kept = placed(wishes[2], made.opening)
    elsewhere = placed(wishes[3], supply().opening)
    retrying(lambda: releasing.close_site(made.site, actor=COORDINATOR, at=ASKED + DAY))
    assert [offered(one).state for one in (sent, accepted)] == [S.REVOKED, S.REVOKED]
    assert (placement(kept).state, placement(kept).release_reason) == (P.RELEASED, ReleaseReason.SITE_CLOSED)
    assert placement(elsewhere).state is P.PLANNED
    assert taken(made) == 0
    assert [request(one).state for one in wishes] == [R.READY, R.READY, R.READY, R.PLACED]
    assert [clock_of(one).state for one in wishes] == [ClockState.RUNNING] * 3 + [ClockState.MET]
    assert [sent_to(one, site=False)[2:] for one in wishes[:2]] == [["offer_over"], ["offer_over"]]
    assert sent_to(wishes[2], site=False)[2:] == ["place_confirmed", "place_released"]
    assert sent_to(wishes[0], site=True) == []
    assert sent_to(wishes[1], site=True) == ["place_asked", "site_not_needed"]
    assert sent_to(wishes[2], site=True) == ["place_asked", "place_confirmed_site", "place_released_site"]


@pytest.mark.parametrize("what", ["site", "location"])
@pytest.mark.parametrize("late", [False, True], ids=["on the last day", "the day after"])
def test_who_was_there_to_the_last_day_is_not_sent_away_when_the_place_closes(what: str, *, late: bool) -> None:
    made, wish = supply(), asked()
    mine = placed(wish, made.opening)
    assert start(mine, at=FIRST)
    midnight = dt.datetime.combine(placement(mine).last_on + DAY, dt.time(), tzinfo=NEW_YORK).astimezone(dt.UTC)
    at = midnight if late else midnight - SECOND
    assert releasing.leaving([sites.opening(made.opening).location_id], at) == (not late)
    if what == "site":
        retrying(lambda: releasing.close_site(made.site, actor=COORDINATOR, at=at))
    else:
        there = sites.opening(made.opening).location.reference
        retrying(lambda: releasing.close_location(there, actor=COORDINATOR, at=at))
    assert placement(mine).state is (P.RUNNING if late else P.RELEASED)
    with time_machine.travel(at, tick=False):
        assert releasing.leaving([sites.opening(made.opening).location_id], at) == 0
        assert told_by([places_lie_within_agreements]) == []
    if late:
        complete(mine, at=at + DAY)
        assert (placement(mine).state, request(wish).state) == (P.COMPLETED, R.COMPLETED)


def test_what_never_began_ends_with_its_site_however_late_it_closes() -> None:
    made = supply(capacity=2)
    silent, stuck = asked(), asked()
    accepted = offer(silent, made.opening)
    accept(accepted, at=ASKED)
    held = placed(stuck, made.opening)
    late = FIRST + 100 * DAY
    assert placement(held).last_on < late.date()
    with time_machine.travel(late, tick=False):
        assert releasing.leaving([sites.opening(made.opening).location_id], late) == 2
        retrying(lambda: releasing.close_site(made.site, actor=COORDINATOR, at=late))
        assert told_by([places_lie_within_agreements]) == []
    assert (offered(accepted).state, placement(held).state) == (S.REVOKED, P.RELEASED)
    assert ([request(one).state for one in (silent, stuck)], taken(made)) == ([R.READY, R.READY], 0)


def test_an_agreement_that_ends_lets_go_only_what_goes_beyond_it() -> None:
    made, other = supply(), supply()
    within, beyond = asked(), asked()
    kept, gone = placed(within, made.opening), placed(beyond, other.opening)
    ended(made, dt.date(2027, 3, 31))
    ended(other, dt.date(2027, 3, 30))
    assert (placement(kept).state, placement(gone).state) == (P.PLANNED, P.RELEASED)
    assert placement(gone).release_reason is ReleaseReason.AGREEMENT_ENDED
    reasons = [reason for reason, _, _ in pauses_of(beyond)]
    assert (request(beyond).state, reasons[-1]) == (R.READY, "was_placed")


def test_the_days_of_an_agreement_are_days_of_the_site_to_the_second() -> None:
    """B02: a day ends at midnight where the site is, two hours after the school's own."""
    first = dt.date(2027, 2, 16)
    made = supply(zip_code="80202", agreement=Period(first, dt.date(2027, 12, 31)))
    midnight = dt.datetime(2027, 2, 15, 7, tzinfo=dt.UTC)  # the 15th begins in Denver
    wish = asked(zip="80202", earliest_on=dt.date(2027, 2, 2))
    with pytest.raises(AgreementDoesNotCover):
        offer(wish, made.opening, at=midnight - SECOND)  # it would begin on the 15th
    reference = offer(wish, made.opening, at=midnight + SECOND)
    assert offered(reference).first_on == first


@pytest.mark.parametrize("late", [False, True], ids=["a second before midnight", "a second after"])
def test_a_yes_of_the_site_counts_until_the_days_that_are_left_are_too_few(late: bool) -> None:  # noqa: FBT001
    days = Period(dt.date(2027, 2, 15), dt.date(2027, 3, 31))
    made, wish = supply(days=days), asked()
    reference = offer(wish, made.opening, at=FIRST - 3 * DAY)
    accept(reference, at=FIRST - 2 * DAY)
    needed = queries.by_reference(wish).enrollment.program_id
    enough = _last_beginning(needed, days)
    at = dt.datetime.combine(enough, dt.time(5), tzinfo=dt.UTC) - (-SECOND if late else SECOND)
    assert answer_yes(reference, at=at) == ("revoked" if late else "confirmed")
    assert (taken(made), request(wish).state) == ((0, R.READY) if late else (1, R.PLACED))
    if late:
        assert sent_to(wish, site=False)[-1] == "offer_over"
    else:
        assert sent_to(wish, site=False)[-1] == "place_confirmed"


def _last_beginning(program_id: int, days: Period) -> dt.date:
    """Return the last day on which one may begin and still get the program's hours, eight and a half a day."""
    needed = minutes_needed(hours_of(program_id))
    day = days.last_on
    while minutes_in_common(DAYTIME, DAYTIME, Period(day, days.last_on)) < needed:
        day -= DAY
    return day


def test_a_released_placement_gives_place_and_time_back_and_one_that_is_over_stays() -> None:
    made, wish = supply(), asked()
    reference = placed(wish, made.opening)
    assert start(reference, at=FIRST)
    release(reference, ReleaseReason.SITE_ASKED, at=FIRST + DAY)
    assert (taken(made), request(wish).state, clock_of(wish).state) == (0, R.READY, ClockState.RUNNING)
    with pytest.raises(PlacementOver, match="This placement is released by now"):
        release(reference, at=FIRST + DAY)
    again = placed(wish, made.opening, at=FIRST + DAY)
    start(again, at=FIRST + 3 * DAY)
    complete(again, at=FIRST + 30 * DAY)
    assert (placement(again).state, request(wish).state, taken(made)) == (P.COMPLETED, R.COMPLETED, 1)
    with pytest.raises(PlacementOver, match="This placement is completed by now"):
        release(again, at=FIRST + 31 * DAY)


@pytest.mark.parametrize("reason", [ReleaseReason.REFUNDED, ReleaseReason.STUDENT_WITHDREW])
def test_who_ends_the_request_tells_the_student_and_the_site_hears_no_private_reason(reason: ReleaseReason) -> None:
    """B05: the site is told once, without what is the student's own matter."""
    made, wish = supply(), asked()
    reference = placed(wish, made.opening)
    release(reference, reason, at=ASKED + DAY)
    assert (request(wish).state, taken(made)) == (R.PLACED, 0)
    assert sent_to(wish, site=False)[-1] == "place_confirmed"
    letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "place_released_site")).one()
    assert letter.values["sentence"] == "The student does not take part any more."


def test_a_placement_is_held_while_a_document_does_not_hold_and_goes_on_by_itself() -> None:
    require("ccma", DocumentKind.TB)
    made, wish = supply(), asked()
    enrollment = request(wish).enrollment.reference
    first = bring(enrollment, DocumentKind.TB, at=ASKED, expires_on=dt.date(2027, 4, 1))
    reference = placed(wish, made.opening)
    check(first, DocumentState.REFUSED, at=ASKED + DAY)
    _documents_changed(wish, ASKED + DAY)
    assert placement(reference).held_on == dt.date(2027, 2, 2)
    assert not start(reference, at=FIRST)
    task = db.session.scalars(sa.select(Task).where(Task.kind == "placement_held")).one()
    assert "TB test must be accepted and good through the last day" in task.sentence
    bring(enrollment, DocumentKind.TB, at=FIRST, expires_on=dt.date(2027, 3, 31))
    _documents_changed(wish, FIRST)
    assert placement(reference).held_on is None
    assert start(reference, at=FIRST)
    db.session.expire_all()
    assert db.session.scalars(sa.select(Task.state).where(Task.id == task.id)).one() is TaskState.DONE
    assert sent_to(wish, site=False)[-2:] == ["place_held", "place_held"]


def _documents_changed(wish: str, at: dt.datetime) -> None:
    person_id = request(wish).enrollment.person_id
    assert person_id is not None
    retrying(lambda: place_handlers.documents_changed(person_id, at))


def test_only_somebody_of_the_site_who_supervises_takes_a_placement_over() -> None:
    made, wish = supply(), asked()
    reference, other = placed(wish, made.opening), supply()
    with pytest.raises(NotThisPreceptor):
        retrying(lambda: _change(reference, other.contact))
    with pytest.raises(NotThisPreceptor):
        retrying(lambda: _change(reference, made.contact))
    assert "preceptor_changed" not in sent_to(wish)


def _change(reference: str, contact: str) -> None:
    placements.change_preceptor(
        placement=offer_queries.placement(reference), preceptor=sites.contact(contact), actor=COORDINATOR, at=ASKED
    )


def test_offers_run_out_and_placements_begin_once_whoever_runs_the_jobs_and_however_late(app: Flask) -> None:
    """B06: four runners at once, three days late."""
    made = supply(capacity=4)
    waiting, answered, begins = asked(), asked(), asked()
    late, no = offer(waiting, made.opening), offer(answered, made.opening)
    decline(no, at=ASKED)
    reference = placed(begins, made.opening)
    now = FIRST + 3 * DAY
    jobs = (place_handlers.expire_offers, place_handlers.start_placements, place_handlers.look_at_placements)
    found = at_once(app, *[lambda: [job({}, now=now) for job in jobs]] * 4)
    assert [error for error in found if isinstance(error, Exception)] == []
    assert (offered(late).state, offered(no).state) == (S.EXPIRED, S.DECLINED)
    assert (placement(reference).state, placement(reference).started_at) == (P.RUNNING, now)
    assert (taken(made), request(waiting).state, request(begins).state) == (1, R.READY, R.RUNNING)
    assert sent_to(waiting).count("offer_over") == 1
    assert "offer_over" not in sent_to(answered)


@pytest.mark.parametrize(
    "at, begun", [(FIRST - SECOND, False), (FIRST, True)], ids=["a second before the day", "with the day"]
)
def test_a_placement_begins_with_its_first_day_where_it_is(at: dt.datetime, begun: bool) -> None:  # noqa: FBT001
    reference = placed(asked(), supply().opening)
    assert start(reference, at=at) is begun


def test_a_confirmation_leaves_with_a_paper_and_a_calendar_file_and_is_stored_without_them(app: Flask) -> None:
    wish = asked()
    placed(wish, supply(bring="Closed shoes").opening)
    letter = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "place_confirmed")).one()
    written = letters.write(letter)
    letter.subject, letter.body_text, letter.body_html = written.subject, written.text, written.html
    sent = letters.compose(letter, written, letters.attachments_of(letter))
    mail = BytesParser(policy=policy.default).parsebytes(sent.as_bytes())
    names = [part.get_filename() for part in mail.iter_attachments()]
    number = letter.values["placement"]
    assert names == [f"externship-{number}.pdf", f"externship-{number}.ics"]
    kinds = [part.get_content_type() for part in mail.iter_attachments()]
    assert kinds == ["application/pdf", "text/calendar"]
    assert (letter.state, queries.by_reference(wish).state) == (LetterState.QUEUED, R.PLACED)
