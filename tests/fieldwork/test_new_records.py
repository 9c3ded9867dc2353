"""A record never says more than counts: it is revoked before anything is lowered, and a new one is made."""

import datetime as dt
import threading
from collections.abc import Callable, Sequence

import pytest
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.enrollments.queries import by_reference as enrollment_of
from provider.fieldwork import correcting, entries, record_queries, records
from provider.fieldwork.correcting import RecordStands
from provider.fieldwork.models import ExternshipRecord, HoursEntry
from provider.fieldwork.record_letters import COMPLETED
from provider.fieldwork.records import NotCompleted, RecordStandsAlready
from provider.history.actions import note
from provider.kernel.actors import SYSTEM
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.errors import DomainError
from provider.mail.letters import write
from provider.oversight.at_sites import CHECKS
from provider.refunds import approval
from tests.fieldwork.test_evaluations import come_in
from tests.fieldwork.test_records import DAYS, DONE, REASON, complete, worked
from tests.harness.audit import told_by
from tests.harness.html import faults
from tests.harness.issued import COORDINATOR
from tests.harness.money import at_once, kept, letters
from tests.harness.placed import MONDAY, NEXT_MONDAY, Placed, answer, enter, hours, send
from tests.harness.soak import repetitions
from tests.harness.stories import sign_in, staff, timeline
from tests.harness.unguarded import looked_first
from tests.harness.visitor import Visitor

HOUR, TUESDAY = dt.timedelta(hours=1), MONDAY + dt.timedelta(days=1)
Colleague = Callable[..., Visitor]


def lower(who: Placed, counts: int) -> None:
    """Lower the first day of a placement, as the page of an entry does."""
    placement = entries.placement(who.placement, lock=True)
    entry = entries.all_of(placement.id, HoursEntry)[-1]
    correcting.lower(
        placement=placement, entry=entry, counts=counts, reason="Counted twice.", actor=COORDINATOR, at=DONE
    )


def revoke(reference: str) -> None:
    with unit_of_work():
        records.revoke(
            record=record_queries.by_reference(reference), reason="Counted twice.", public_reason=None,
            actor=COORDINATOR, at=DONE + HOUR,
        )  # fmt: skip


def make_anew(who: Placed, *, at: dt.datetime = DONE + 2 * HOUR) -> str:
    placement = entries.placement(who.placement)
    return records.issue_anew(placement=placement, signature="Ada Adams", actor=COORDINATOR, at=at).reference


def anew(who: Placed, *, at: dt.datetime = DONE + 2 * HOUR) -> str:
    with unit_of_work():
        return make_anew(who, at=at)


def all_records(who: Placed) -> list[ExternshipRecord]:
    return kept(list(record_queries.of_placement(entries.placement(who.placement).id)))


def wrong() -> list[str]:
    return told_by(CHECKS)


def test_nothing_is_lowered_under_a_record_that_stands(app: Flask) -> None:
    with app.app_context():
        who = worked()
        reference = complete(who)
        told = f"The record {reference} says what was approved, and it stands. Revoke it first, then correct this entry"
        with unit_of_work(), pytest.raises(RecordStands, match=told):
            lower(who, 420)
        assert [one.approved_minutes for one in hours(who)] == [480]
        assert "hours_entry.lowered" not in [one.event for one in timeline(who.enrollment)]


def test_a_new_record_says_what_counts_by_now_and_the_old_one_stays_revoked(app: Flask) -> None:
    with app.app_context():
        who = worked()
        first = complete(who)
        revoke(first)
        with unit_of_work():
            lower(who, 420)
        second = anew(who)
        new, old = all_records(who)
        assert [(one.reference, one.number, one.content["minutes"]) for one in (new, old)] == [
            (second, 2, 420),
            (first, 1, 480),
        ]
        assert (new.signature, new.document.revoked_at, old.document.revoked_at) == ("Ada Adams", None, DONE + HOUR)
        assert dict(new.document.facts)["Hours approved"] == "7 h of 8 required"
        assert new.document.code != old.document.code
        told = [write(one) for one in letters(who.enrollment, COMPLETED)]
        assert [one.subject for one in told] == [
            "Your externship is completed: the record",
            "Your new externship record",
        ]
        assert "It takes the place of the one that we revoked" in told[1].text
        assert timeline(who.enrollment)[-1].data == {"instead_of": first}
        assert wrong() == []


def test_there_is_a_new_record_only_where_none_stands_of_what_was_completed_and_not_refunded(app: Flask) -> None:
    with app.app_context():
        who = worked()
        with pytest.raises(NotCompleted):
            anew(who)
        complete(who)
        with pytest.raises(RecordStandsAlready):
            anew(who)
        with unit_of_work():
            approval.end(enrollment_of(who.enrollment, lock=True), COORDINATOR, DONE + HOUR)
        with pytest.raises(NotCompleted):
            anew(who)
        assert len(all_records(who)) == 1


def test_a_new_record_of_what_ended_early_names_the_day_on_which_it_ended(app: Flask) -> None:
    with app.app_context():
        who = worked()
        revoke(complete(who, at=NEXT_MONDAY + HOUR))
        anew(who, at=DONE + dt.timedelta(days=30))
        assert [one.content["last_on"] for one in all_records(who)] == [MONDAY.isoformat()] * 2
        assert DAYS.last_on > MONDAY


def test_what_is_approved_after_a_record_was_made_makes_it_no_lie_and_comes_into_the_next(app: Flask) -> None:
    with app.app_context():
        who = worked()
        enter(who, TUESDAY)
        waits = send(who, MONDAY, when=NEXT_MONDAY + HOUR)
        first = complete(who, at=DONE)
        answer(waits, when=DONE + HOUR)
        assert wrong() == []
        assert record_queries.approved_since(record_queries.by_reference(first))
        revoke(first)
        second = record_queries.by_reference(anew(who))
        assert (second.content["minutes"], record_queries.approved_since(second)) == (960, False)
        assert wrong() == []


def finish(who: Placed) -> None:
    placement = entries.placement(who.placement)
    records.complete(placement=placement, signature="Dana Dean", reason=REASON, actor=COORDINATOR, at=DONE)


@pytest.mark.parametrize("_round", range(repetitions(60)))
def test_a_record_that_is_made_while_hours_are_lowered_says_no_more_than_counts(app: Flask, _round: int) -> None:
    with app.app_context():
        who = worked()
    work = [lambda: retrying(lambda: finish(who)), *[lambda n=n: retrying(lambda: lower(who, n)) for n in (420, 300)]]
    refused = [one for one in at_once(app, *work) if isinstance(one, DomainError)]
    assert {type(one) for one in refused} <= {RecordStands, correcting.OnlyLess}
    with app.app_context():
        (record,) = all_records(who)
        assert record.content["minutes"] == hours(who)[0].approved_minutes
        assert wrong() == []


def test_without_the_guard_a_record_says_more_than_counts(app: Flask) -> None:
    """The control: whether a record stands is looked at first, and the hours are lowered afterwards."""
    with app.app_context():
        who = worked()
        entry = hours(who)[0].reference

    def none_yet() -> bool:
        return record_queries.standing(entries.placement(who.placement).id) is None

    def write_down() -> None:
        row = entries.one_of(entries.placement(who.placement), HoursEntry, entry)
        row.approved_minutes = 420
        note(row, "hours_entry.lowered", actor=SYSTEM, at=DONE)

    both = looked_first(app, (none_yet, lambda: finish(who)), (none_yet, write_down), in_turn=True)
    assert both == [True, True]
    with app.app_context():
        assert all_records(who)[0].content["minutes"] > (hours(who)[0].approved_minutes or 0)
        assert [one.split(":")[0] for one in wrong()] == ["record_says_what_was_approved"]


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_of_several_who_make_a_new_record_at_once_one_does(app: Flask, _round: int) -> None:
    with app.app_context():
        who = worked()
        revoke(complete(who))

    found = at_once(app, *[lambda: retrying(lambda: make_anew(who))] * 4)
    assert [type(one) for one in found if not isinstance(one, str)] == [RecordStandsAlready] * 3
    with app.app_context():
        assert [one.number for one in all_records(who)] == [2, 1]
        assert len(letters(who.enrollment, COMPLETED)) == 2


@pytest.mark.parametrize("_round", range(repetitions(100)))
def test_no_new_record_stands_after_a_refund_that_comes_at_once(app: Flask, _round: int) -> None:
    with app.app_context():
        who = worked()
        revoke(complete(who))

    def give_back() -> None:
        approval.end(enrollment_of(who.enrollment, lock=True), COORDINATOR, DONE + 2 * HOUR)

    made, back = at_once(app, lambda: retrying(lambda: make_anew(who)), lambda: retrying(give_back))
    assert (back, type(made)) in [(None, str), (None, NotCompleted)]
    with app.app_context():
        assert all(one.document.revoked_at for one in all_records(who))
        assert wrong() == []


def test_a_refund_waits_for_a_new_record_that_is_being_made(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that did harm: the state is looked at, then a refund comes, then the record is written."""
    with app.app_context():
        who = worked()
        revoke(complete(who))
    looked, wanted, before = threading.Event(), threading.Event(), record_queries.of_placement

    def slowly(placement_id: int) -> Sequence[ExternshipRecord]:
        found = before(placement_id)
        looked.set()
        wanted.wait(1)  # the refund, which has to wait, does not come through in the meantime
        return found

    def make() -> None:
        placement = entries.placement(who.placement)
        with monkeypatch.context() as patch:
            patch.setattr(record_queries, "of_placement", slowly)
            records.issue_anew(placement=placement, signature="Ada Adams", actor=COORDINATOR, at=DONE + 2 * HOUR)

    def give_back() -> None:
        assert looked.wait(10)
        retrying(lambda: approval.end(enrollment_of(who.enrollment, lock=True), COORDINATOR, DONE + 2 * HOUR))
        wanted.set()

    assert at_once(app, lambda: retrying(make), give_back) == [None, None]
    with app.app_context():
        assert [one.document.revoked_at for one in all_records(who)] == [DONE + 2 * HOUR, DONE + HOUR]


def test_the_list_of_records_names_the_day_of_the_school(app: Flask, visitor: Visitor) -> None:
    late = DONE + 5 * HOUR  # 10 p.m. on December 11 in New York, and the 12th by UTC
    with app.app_context():
        who = worked()
        revoke(complete(who))
        anew(who, at=late)
    with time_machine.travel(late):
        come_in(app, visitor, who)
        words = visitor.get("/my/externship/record").words("[aria-labelledby=others]")
    assert words.replace("\xa0", " ").count("made on Dec 11, 2026") == 2


def test_staff_are_told_to_revoke_first_correct_the_hours_and_make_a_new_record(
    app: Flask, visitors: Colleague
) -> None:
    with app.app_context():
        who = worked()
        complete(who)
        entry = hours(who)[0].reference
    coordinator, student = visitors(), visitors()
    email = staff(app, Role.COORDINATOR)
    path = f"/staff/placements/{who.placement}/record"
    of_entry = f"/staff/externships/placements/{who.placement}/entries/{entry}"
    with time_machine.travel(DONE):
        sign_in(coordinator, email)
        coordinator.get(of_entry)
        page = coordinator.post(of_entry, {"counts": "7:00", "reason": "Counted twice."}, 422)
        assert "Revoke it first, then correct this entry and make a new record." in page.errors["_schema"][0]
        assert "Make a new record" not in coordinator.get(path).text
        coordinator.post(f"{path}/revocation", {"reason": "Counted twice."})
        coordinator.get(of_entry)
        coordinator.post(of_entry, {"counts": "7:00", "reason": "Counted twice."})
        page = coordinator.get(path)
        assert faults(page.response) == []
        assert "It says what is approved today: 7 h." in page.text
        page = coordinator.post(path, {"signature": ""}, 422)
        assert page.errors == {
            "signature": [
                "Your full name, as the school’s signature: Type your name, which signs the record for the school."
            ]
        }
        coordinator.post(path, {"signature": "Ada Adams"})
        page = coordinator.get(path)
        assert faults(page.response) == []
        new, old = page.all("a[href^='/verify/']")
        assert student.get(new.attrs["href"]).words(".tag") == "Valid"
        assert student.get(old.attrs["href"]).words(".tag") == "Revoked"
        come_in(app, student, who)
        page = student.get("/my/externship/record")
        assert faults(page.response) == []
        assert page.words(".tag").startswith("Valid")
        assert "7 h of 8 required" in page.text
