import datetime as dt
from typing import Any

from provider.history.models import History
from provider.kernel.actors import ActorKind
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.staff.timeline import WORDS, Event, Told, story

NOON = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def event(event: str, subject: str = "E-22222222", minutes: int = 0, **more: object) -> History:
    kind = event.partition(".")[0]
    values: dict[str, Any] = {"actor_kind": ActorKind.SYSTEM, "actor_reference": None, "data": {}}
    return History(
        at=NOON + minutes * MINUTE, subject_kind=kind, subject_reference=subject, event=event, **(values | more)
    )


def letter(minutes: int, state: LetterState = LetterState.SENT) -> OutboxLetter:
    at = NOON + minutes * MINUTE
    return OutboxLetter(
        reference="L-22222222",
        template="receipt",
        recipient="ana@example.org",
        subject="Receipt 7: $5.00",
        state=state,
        queued_at=NOON,
        sent_at=at if state is LetterState.SENT else None,
    )


def told(history: list[History], letters: list[OutboxLetter] | None = None, **more: object) -> list[Event]:
    values: dict[str, Any] = {"names": {}, "told": {}, "letter_href": {}, "with_money": True}
    return story(history, letters or [], **(values | more))


def titles(events: list[Event]) -> list[str]:
    return [event.title for event in events]


def test_history_and_letters_are_merged_by_instant_newest_first() -> None:
    rows = [event("enrollment.started"), event("payment.captured", "PY-1", 2), event("enrollment.active", minutes=2)]
    assert titles(told(rows, [letter(1)])) == [
        "Enrollment active",
        "Payment recorded",
        "Letter: Receipt 7: $5.00",
        "Agreement accepted",
    ]


def test_several_installments_of_one_instant_are_one_line() -> None:
    rows = [
        event("installment.paid", "I-7-1", 1),
        event("installment.paid", "I-7-2", 1),
        event("installment.paid", "I-7-3", 1),
        event("installment.paid", "I-7-4", 2),
        event("installment.canceled", "I-7-5", 2),
    ]
    assert titles(told(rows)) == ["Installment 5 canceled", "Installment 4 paid", "Installments 1, 2 and 3 paid"]


def test_an_actor_is_named_and_an_unknown_one_is_said_to_be_who_they_are() -> None:
    rows = [
        event("enrollment.started", actor_kind=ActorKind.VISITOR),
        event("enrollment.active", minutes=1, actor_kind=ActorKind.STAFF, actor_reference="P-22222222"),
        event("enrollment.completed", minutes=2, actor_kind=ActorKind.STAFF, actor_reference="P-33333333"),
    ]
    who = [one.who for one in told(rows, names={"P-22222222": "Sam Staff"})]
    assert who == ["staff", "Sam Staff", "the student, not signed in"]


def test_money_records_say_their_amount_and_where_they_can_be_seen() -> None:
    (one,) = told([event("payment.captured", "PY-1")], told={"PY-1": Told(500, "Check, 17", "/staff/payments/PY-1")})
    assert (one.amount_cents, one.text, one.href, one.kind) == (500, "Check, 17", "/staff/payments/PY-1", "money")


def test_without_money_neither_amounts_nor_payments_are_told() -> None:
    rows = [event("enrollment.started"), event("payment.captured", "PY-1"), event("refund.approved", "R-1")]
    rows += [event("installment.paid", "I-7-1"), event("payout.sent", "PO-1"), event("letter.sent", "L-1")]
    assert titles(told(rows, [letter(1)], with_money=False)) == ["Letter: Receipt", "Agreement accepted"]


def test_only_a_letter_that_did_not_leave_shows_its_state() -> None:
    states = [one.state for one in told([], [letter(1), letter(2, LetterState.FAILED)])]
    assert states == [None, LetterState.FAILED]


def test_an_event_without_words_is_told_by_its_name() -> None:
    assert titles(told([event("enrollment.purchase_moved")])) == [WORDS.get(
        "enrollment.purchase_moved", ("Enrollment purchase moved", "")
    )[0]]  # fmt: skip
    assert titles(told([event("shelf.dusted_off")])) == ["Shelf dusted off"]
