"""What the database guards, on either: one clock at a time, one answer to a week, and a whole week there and back."""

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.fieldwork import approving, clocking, entries
from provider.fieldwork.approving import AlreadyAnswered, Verdict
from provider.fieldwork.clocking import AlreadyClockedIn
from provider.fieldwork.models import EntryBatch
from provider.fieldwork.rules import BatchState
from provider.history.actions import note
from provider.history.models import History
from provider.kernel.database import db, retrying
from tests.harness.money import at_once
from tests.harness.placed import (
    HERSELF,
    MONDAY,
    NEXT_MONDAY,
    PRECEPTOR,
    answer,
    at,
    do,
    enter,
    hours,
    placed,
    procedures,
    send,
    sent_weeks,
)
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first


def test_of_many_pages_that_clock_in_at_once_one_does(app: Flask) -> None:
    with app.app_context():
        who = placed()

    def press(key: str) -> str:
        return retrying(
            lambda: (
                clocking.clock_in(
                    placement=entries.placement(who.placement, lock=True),
                    client_key=key,
                    claimed_at=None,
                    actor=HERSELF,
                    received_at=at(MONDAY, "08:00"),
                ).reference
            )
        )

    same = at_once(app, *[lambda: press("one")] * 4, *[lambda: press("other")] * 4)
    refused = [one for one in same if isinstance(one, AlreadyClockedIn)]
    assert (len(refused), len({one for one in same if isinstance(one, str)})) == (4, 1)
    with app.app_context():
        assert len(hours(who)) == 1


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_of_several_tabs_that_sign_a_week_at_once_one_does(app: Flask, _round: int) -> None:
    with app.app_context():
        who = placed()
        entry = enter(who)
        batch = send(who)

    def sign(counts: int) -> None:
        def work() -> None:
            found = entries.batch(batch, lock=True)
            approving.answer(
                batch=found,
                placement=entries.placement_by_id(found.placement_id),
                verdicts={entry: Verdict(counts)},
                signature=f"Signed for {counts}",
                actor=PRECEPTOR,
                at=NEXT_MONDAY,
            )

        retrying(work)

    found = at_once(app, *[lambda counts=counts: sign(counts) for counts in (100, 200, 300, 400)])
    assert [type(one) for one in found if one is not None] == [AlreadyAnswered] * 3
    with app.app_context():
        (week,) = sent_weeks(who)
        assert week.signature == f"Signed for {hours(who)[0].approved_minutes}"
        assert answers(batch) == 1


def answers(batch: str) -> int:
    query = sa.select(sa.func.count()).select_from(History).where(History.event == "entry_batch.answered")
    return db.session.scalars(query.where(History.subject_reference == batch)).one()


def test_without_the_guard_every_tab_signs_and_the_last_one_counts(app: Flask) -> None:
    """The control: whether the week was answered is looked at first, and the signature is written afterwards."""
    with app.app_context():
        who = placed()
        enter(who)
        batch = send(who)
    row = sa.update(EntryBatch).where(EntryBatch.reference == batch)

    def open_still() -> bool:
        return entries.batch(batch).state is BatchState.SENT

    def sign(name: str) -> None:
        db.session.execute(row.values(state=BatchState.ANSWERED, answered_at=NEXT_MONDAY, signature=name))
        note(entries.batch(batch), "entry_batch.answered", actor=PRECEPTOR, at=NEXT_MONDAY)

    tabs = [(open_still, lambda name=name: sign(name)) for name in ("One", "Two", "Three", "Four")]
    assert looked_first(app, *tabs) == [True] * 4
    with app.app_context():
        assert answers(batch) == 4


def test_a_week_goes_there_and_back(app: Flask) -> None:
    with app.app_context():
        who = placed()
        kept, back, done = enter(who), enter(who, begins="16:00", ends="18:00", rest=0), do(who)
        batch = send(who)
        answer(batch, {kept: Verdict(450), back: Verdict(0, "You left at five.")})
        assert [(one.approved_minutes, one.exceptions) for one in hours(who)] == [
            (450, ["overlap"]),
            (None, ["other_hours", "overlap"]),
        ]
        assert [(one.reference, one.approved_number) for one in procedures(who)] == [(done, 5)]
        assert [week.state.value for week in sent_weeks(who)] == ["answered"]
        found = entries.minutes_of(entries.placement(who.placement).id)
        assert (found.approved, found.returned) == (450, 120)
