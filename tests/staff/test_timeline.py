import datetime as dt
from typing import Any

from provider.app import HANDLERS
from provider.history.models import History
from provider.history.queries import Told as Remembered
from provider.kernel.actors import ActorKind
from provider.kernel.registry import Registry
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.staff.timeline import TEXT_GONE, Event, Telling, Told, story

REGISTRY = Registry()
for register in HANDLERS:
    register(REGISTRY)
WORDS = {event: said for strand in REGISTRY.strands for event, said in strand.words.items()}
NOON = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def event(event: str, subject: str = "E-22222222", minutes: int = 0, **more: object) -> History:
    kind = event.partition(".")[0]
    values: dict[str, Any] = {
        "actor_kind": ActorKind.SYSTEM,
        "actor_reference": None,
        "data": {},
        "about": "E-22222222",
    }
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


def told(
    history: list[History],
    letters: list[OutboxLetter] | None = None,
    personal: dict[str, Any] | None = None,
    **more: object,
) -> list[Event]:
    values: dict[str, Any] = {"words": WORDS, "with_money": True, **more}
    return story([Remembered(row, personal or {}) for row in history], letters or [], Telling(**values))


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


def test_without_money_the_subject_of_a_letter_is_not_told() -> None:
    assert titles(told([], [letter(1)], with_money=False)) == ["Letter: Receipt"]


def test_a_note_shows_its_text_until_it_is_erased() -> None:
    row = event("note.written", "N-22222222", actor_kind=ActorKind.STAFF)
    assert [one.text for one in told([row], personal={"text": "Called <b>her</b>"})] == ["Called <b>her</b>"]
    assert [one.text for one in told([row])] == [TEXT_GONE]


def test_a_title_says_what_the_event_kept() -> None:
    names = {"P-22222222": "Sam Staff"}
    rows = [
        event("task.assigned", "T-1", data={"new": "P-22222222"}),
        event("task.assigned", "T-1", 1, data={"new": "P-33333333"}),
        event("task.due_changed", "T-1", 2, data={"new": "2026-12-24"}),
        event("task.due_changed", "T-1", 3, data={"old": "2026-12-24"}),
        event("person.role_granted", "P-1", 4, data={"role": "credit_officer"}),
        event("task.assigned", "T-1", 5, data={"new": "{names} {0.__class__}"}),
    ]
    assert titles(told(rows, names=names)) == [
        "Task given to {names} {0.  class  }",
        "Role given: credit officer",
        "Task due: any day",
        "Task due: December 24, 2026",
        "Task given to P-33333333",
        "Task given to Sam Staff",
    ]


def test_every_line_says_whose_it_is_where_there_are_several_enrollments() -> None:
    rows = [
        event("enrollment.started", "E-22222222", about="E-22222222"),
        event("person.created", "P-1", 1, about="P-1"),
    ]
    abouts = {"E-22222222": "E-22222222"}
    assert [one.about for one in told(rows, abouts=abouts)] == [None, "E-22222222"]


def test_only_a_letter_that_did_not_leave_shows_its_state() -> None:
    states = [one.state for one in told([], [letter(1), letter(2, LetterState.FAILED)])]
    assert states == [None, LetterState.FAILED]


def test_an_event_without_words_is_told_by_its_name() -> None:
    assert titles(told([event("shelf.dusted_off")])) == ["Shelf dusted off"]
