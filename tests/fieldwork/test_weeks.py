"""Weeks on their way to a preceptor and back: sent once, answered once and whole, reminded, moved to another."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.accounts.models import SignedLink
from provider.affiliations import queries as affiliations
from provider.affiliations import sites
from provider.affiliations.sites import ContactFacts
from provider.disclosures.models import Disclosure
from provider.externships import placements
from provider.externships.models import Placement
from provider.fieldwork import approving, clocking, entries, evaluations, weeks
from provider.fieldwork.approving import AlreadyAnswered, PageOutdated, Verdict
from provider.fieldwork.clocking import LooksPersonal
from provider.fieldwork.evaluations import EVALUATION_LINK
from provider.fieldwork.models import HoursEntry
from provider.fieldwork.rules import EvaluationKind, ProcedureKind
from provider.fieldwork.weeks import WEEK_LINK, NothingToSend, NothingWaits
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.registry import TellsWhenOver, registry
from provider.mail.letters import write
from provider.mail.models import OutboxLetter
from provider.tasks.models import Task
from tests.harness.money import BURSAR, kept
from tests.harness.placed import (
    HERSELF,
    MONDAY,
    NEXT_MONDAY,
    PRECEPTOR,
    Placed,
    answer,
    at,
    do,
    enter,
    hours,
    placed,
    procedures,
    send,
    sent_weeks,
    typed,
)
from tests.harness.stories import timeline

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)


@pytest.fixture
def who(context: AppContext) -> Placed:
    return placed()


def letters(who: Placed, template: str) -> list[OutboxLetter]:
    query = sa.select(OutboxLetter).where(OutboxLetter.about == who.enrollment, OutboxLetter.template == template)
    return kept(list(db.session.scalars(query.order_by(OutboxLetter.id))))


def open_links(batch: str) -> list[str]:
    mine = SignedLink.subject_reference == batch, SignedLink.revoked_at.is_(None)
    return list(db.session.scalars(sa.select(SignedLink.reference).where(*mine)))


def tasks(who: Placed) -> list[str]:
    query = sa.select(Task.sentence).where(Task.about == who.enrollment, Task.state == "open")
    return list(db.session.scalars(query.order_by(Task.id)))


def states(who: Placed) -> list[str]:
    return [*(one.state.value for one in hours(who)), *(one.state.value for one in procedures(who))]


def test_a_week_goes_to_the_preceptor_whole_and_says_what_it_is(who: Placed) -> None:
    enter(who)
    enter(who, MONDAY + DAY, begins="06:00")
    do(who)
    enter(who, MONDAY + WEEK, when=at(MONDAY + WEEK, "20:00"))
    batch = send(who, when=NEXT_MONDAY + DAY)
    assert states(who) == ["submitted", "submitted", "entered", "submitted"]
    (letter,) = letters(who, "week_to_approve")
    values = letter.values
    assert (values["hours"], values["procedures"], values["odd"], values["reminder"]) == ("18 h", 5, 1, False)
    assert open_links(batch) == [values["week_link"]]
    week = sa.select(Disclosure).where(Disclosure.about == who.enrollment, Disclosure.what.like("%of a week%"))
    (told,) = db.session.scalars(week).all()
    assert (told.kind, told.consent_at is not None) == ("site", True)
    with pytest.raises(NothingToSend):
        send(who)


def test_the_answer_counts_for_every_line_and_is_given_once(who: Placed) -> None:
    first, second, done = enter(who), enter(who, MONDAY + DAY), do(who)
    batch = send(who)
    said = {first: Verdict(450), second: Verdict(0, "You left at noon that day."), done: Verdict(4)}
    answer(batch, said)
    assert states(who) == ["approved", "returned", "approved"]
    assert [one.approved_minutes for one in hours(who)] == [450, None]
    assert [one.approved_number for one in procedures(who)] == [4]
    (letter,) = letters(who, "week_returned")
    assert letter.values["lines"] == [
        {"day": "2026-11-16", "what": "8 h, approved as 7 h 30 min", "because": None},
        {"day": "2026-11-17", "what": "8 h", "because": "You left at noon that day."},
        {"day": "2026-11-16", "what": "Venipuncture: 5, approved as 4", "because": None},
    ]
    with pytest.raises(AlreadyAnswered, match=r"answered on November 23, 2026, signed “Pat Preceptor”\. Nothing was"):
        answer(batch)
    assert [one.approved_minutes for one in hours(who)] == [450, None]
    told = [row.event for row in timeline(who.enrollment) if row.event.startswith("entry_batch")]
    assert told == ["entry_batch.sent", "entry_batch.answered"]


def test_a_week_approved_as_it_was_needs_no_letter(who: Placed) -> None:
    enter(who)
    answer(send(who))
    assert (states(who), letters(who, "week_returned")) == (["approved"], [])


def test_an_answer_that_misses_a_line_changes_nothing(who: Placed) -> None:
    enter(who)
    batch = send(who)
    with pytest.raises(PageOutdated):
        answer(batch, {"HE-22222222": Verdict(1)})
    assert (states(who), sent_weeks(who)[0].answered_at) == (["submitted"], None)


def test_a_reason_that_tells_of_a_patient_changes_nothing(who: Placed) -> None:
    entry = enter(who)
    batch = send(who)
    with pytest.raises(LooksPersonal):
        answer(batch, {entry: Verdict(0, "Mr. Smith complained")})
    assert (states(who), sent_weeks(who)[0].answered_at) == (["submitted"], None)


def test_what_was_sent_back_goes_again_only_when_it_was_corrected(who: Placed) -> None:
    entry = enter(who)
    answer(send(who), {entry: Verdict(0, "Too long.")})
    with pytest.raises(NothingToSend):
        send(who)
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        found = entries.one_of(placement, HoursEntry, entry)
        shorter = typed(ends="12:30")
        clocking.correct(placement=placement, entry=found, typed=shorter, actor=HERSELF, at=NEXT_MONDAY)
    assert states(who) == ["returned"]
    again = send(who, when=NEXT_MONDAY + DAY)
    assert [(week.number, week.state.value) for week in sent_weeks(who)] == [(2, "sent"), (1, "answered")]
    answer(again)
    assert [one.approved_minutes for one in hours(who)] == [240]


def test_days_on_which_it_is_held_stay_behind(who: Placed) -> None:
    enter(who)
    enter(who, MONDAY + DAY)
    hold(who, MONDAY + DAY)
    send(who)
    assert states(who) == ["submitted", "entered"]
    with pytest.raises(NothingToSend):
        send(who)
    hold(who, None)
    send(who)
    assert states(who) == ["submitted", "submitted"]


def hold(who: Placed, day: dt.date | None) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Placement).where(Placement.reference == who.placement).values(held_on=day))


def test_a_question_goes_to_staff_and_the_week_goes_on_waiting(who: Placed) -> None:
    enter(who)
    batch = send(who)
    for question in ("Was she here on Friday?", "Was she here on Friday?", "And on Monday?"):
        ask(batch, question, NEXT_MONDAY + DAY * len(question))
    assert [sentence.partition(": ")[2] for sentence in tasks(who)] == ["Was she here on Friday?", "And on Monday?"]
    answer(batch)
    with pytest.raises(AlreadyAnswered):
        ask(batch, "More?", NEXT_MONDAY)


def ask(batch: str, question: str, when: dt.datetime) -> None:
    with unit_of_work():
        found = entries.batch(batch, lock=True)
        placement = entries.placement_by_id(found.placement_id)
        approving.ask(batch=found, placement=placement, question=question, actor=PRECEPTOR, at=when)


def look(who: Placed, batch: str, when: dt.datetime) -> None:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        weeks.remind(batch=entries.batch(batch, lock=True), placement=placement, at=when)


def test_a_week_that_waits_is_reminded_once_and_then_put_before_staff_once(who: Placed) -> None:
    enter(who)
    batch = send(who)
    instant = dt.timedelta(microseconds=1)
    for after, sent, raised in (
        (3 * DAY - instant, 1, 0),
        (3 * DAY, 2, 0),
        (4 * DAY, 2, 0),
        (7 * DAY - instant, 2, 0),
        (7 * DAY, 2, 1),
        (9 * DAY, 2, 1),
    ):
        look(who, batch, NEXT_MONDAY + after)
        assert (len(letters(who, "week_to_approve")), len(tasks(who))) == (sent, raised)
        assert len(open_links(batch)) == 1
    assert [one.values["reminder"] for one in letters(who, "week_to_approve")] == [False, True]
    answer(batch)
    assert tasks(who) == []
    look(who, batch, NEXT_MONDAY + 30 * DAY)
    assert len(letters(who, "week_to_approve")) == 2


def relief(who: Placed, *, at: dt.datetime, has_left: bool = False) -> None:
    """Let Robin Relief take the placement over, from a preceptor who may have left."""
    with unit_of_work():
        site = affiliations.site(who.supply.site)
        other = ContactFacts("Robin Relief", "robin@clinic.example", None, None, None, supervises=True, signs=False)
        contact = sites.add_contact(site, other, actor=BURSAR, at=at)
        placement = entries.placement(who.placement)
        if has_left:
            placement.preceptor.left_at = at
        placements.change_preceptor(placement=placement, preceptor=contact, actor=BURSAR, at=at)


def test_another_preceptor_gets_what_waits_at_once_and_the_one_before_is_told(who: Placed) -> None:
    enter(who)
    batch = send(who)
    ask_halfway(who)
    before = open_links(batch)
    relief(who, at=NEXT_MONDAY)
    first, second = letters(who, "week_to_approve")
    assert (first.recipient != second.recipient, second.recipient) == (True, "robin@clinic.example")
    assert [one.recipient for one in letters(who, "evaluation_asked")] == [first.recipient, "robin@clinic.example"]
    noted = db.session.scalars(
        sa.select(Disclosure.what).where(Disclosure.recipient.startswith("Robin Relief, "))
    ).all()
    assert noted[0] == "Name, program and days of the externship; e-mail address and telephone number"
    (thanks,) = letters(who, "preceptor_relieved")
    assert thanks.recipient == first.recipient
    assert "There is nothing left for you to do. What you approved stays approved." in write(thanks).text
    after = open_links(batch)
    assert (len(before), len(after), set(before) & set(after)) == (1, 1, set())
    answer(batch)
    with pytest.raises(NothingWaits):
        send_again(who, batch)


def test_a_preceptor_who_has_left_hears_nothing_of_who_comes_after(who: Placed) -> None:
    relief(who, at=NEXT_MONDAY, has_left=True)
    assert (letters(who, "preceptor_relieved"), len(letters(who, "preceptor_changed"))) == ([], 1)


def ask_halfway(who: Placed) -> str:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        return evaluations.ask(placement=placement, kind=EvaluationKind.MID, actor=SYSTEM, at=NEXT_MONDAY).reference


def told_by_closed(purpose: str, subject: str, made_at: dt.datetime) -> str:
    """Return what a closed link says that was made at an instant."""
    found = registry().links[purpose]
    assert isinstance(found, TellsWhenOver)
    return found.over(subject, made_at) or ""


def test_a_closed_link_says_who_looks_at_the_week_now(who: Placed) -> None:
    enter(who)
    batch, asked = send(who), ask_halfway(who)
    newer = "This link does not work any more: a newer letter about this week has the one that does."
    assert told_by_closed(WEEK_LINK, batch, NEXT_MONDAY).startswith(newer)
    assert told_by_closed(EVALUATION_LINK, asked, NEXT_MONDAY) == ""
    relief(who, at=NEXT_MONDAY + DAY)
    site = entries.placement(who.placement).opening.location.site.name
    gone = f"Somebody else at {site} supervises this student now. There is nothing left for you to do. Thank you."
    assert told_by_closed(WEEK_LINK, batch, NEXT_MONDAY) == gone
    assert told_by_closed(EVALUATION_LINK, asked, NEXT_MONDAY) == gone
    assert told_by_closed(WEEK_LINK, batch, NEXT_MONDAY + DAY).startswith(newer)
    answer(batch)
    assert told_by_closed(WEEK_LINK, batch, NEXT_MONDAY).startswith("This week was answered on ")


def send_again(who: Placed, batch: str) -> None:
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        weeks.send_again(batch=entries.batch(batch, lock=True), placement=placement, actor=SYSTEM, at=NEXT_MONDAY)


def test_a_preceptor_changed_elsewhere_is_noticed_by_the_daily_look(who: Placed) -> None:
    enter(who)
    batch = send(who)
    with unit_of_work():
        site = affiliations.site(who.supply.site)
        other = ContactFacts("Robin Relief", "robin@clinic.example", None, None, None, supervises=True, signs=False)
        contact = sites.add_contact(site, other, actor=BURSAR, at=NEXT_MONDAY)
        entries.placement(who.placement, lock=True).preceptor_id = contact.id
    look(who, batch, NEXT_MONDAY + DAY)
    assert [one.recipient for one in letters(who, "week_to_approve")][1:] == ["robin@clinic.example"]


def test_a_week_is_due_on_monday_where_the_site_is(who: Placed) -> None:
    west = placed(zip_code="90062")
    for one in (who, west):
        enter(one)
        do(one, MONDAY + WEEK, ProcedureKind.EKG)
    ids = [entries.placement(one.placement).id for one in (who, west)]
    midnight = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
    assert weeks.weeks_due(midnight - dt.timedelta(seconds=1)) == []
    assert weeks.weeks_due(midnight) == [(ids[0], MONDAY)]
    assert weeks.weeks_due(midnight + dt.timedelta(hours=3)) == [(ids[0], MONDAY), (ids[1], MONDAY)]
