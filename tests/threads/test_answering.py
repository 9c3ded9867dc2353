from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox, Manner
from provider.threads import answering, queries, sorting
from provider.threads.answering import Meanwhile, NotAnswerable, TooManyFiles
from provider.threads.rules import Direction, ThreadState
from tests.harness.money import at_once
from tests.harness.papers import PAPER, STAFF
from tests.harness.threads import answer, move, opened, thread, wrote_again

pytestmark = pytest.mark.usefixtures("context")


def answers() -> list[OutboxLetter]:
    return list(db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == "thread_answer")))


def test_an_answer_leaves_from_the_mailbox_as_a_letter_of_a_person_that_answers_the_mail() -> None:
    reference = opened("TB test", message_id="<1@example.com>")
    answer(reference, "In January.")
    (letter,) = answers()
    found = thread(reference)
    assert (letter.recipient, letter.mailbox, letter.manner, letter.in_reply_to, letter.about) == (
        "zoe@example.com", Mailbox.EXTERNSHIP, Manner.PERSONAL, "<1@example.com>", reference,
    )  # fmt: skip
    assert (letter.values["subject"], letter.values["message"]) == ("Re: TB test", "In January.")
    assert (found.state, found.waiting_since) == (ThreadState.ANSWERED, None)
    assert [one.direction for one in queries.messages(found)] == [Direction.IN, Direction.OUT]
    assert queries.of_letter(letter.id) is found


def test_the_same_form_sent_twice_is_one_answer_and_an_old_page_sends_none() -> None:
    reference = opened()
    seen = queries.messages(thread(reference))[-1].reference
    assert answer(reference, key="a", seen=seen) == answer(reference, key="a", seen=seen)
    with pytest.raises(Meanwhile):
        answer(reference, "Mine.", key="b", seen=seen)
    assert len(answers()) == 1


def test_an_answered_thread_is_answered_again_and_waits_when_its_writer_does() -> None:
    reference = opened()
    answer(reference)
    answer(reference, "And one thing more.")
    wrote_again(reference)
    assert (thread(reference).state, len(answers())) == (ThreadState.WAITING, 2)


@pytest.mark.parametrize("state", ["spam", "merged"])
def test_what_is_spam_or_elsewhere_is_not_answered(state: str) -> None:
    first, reference = opened(), opened()
    if state == "spam":
        move(reference, sorting.mark_as_spam)
    else:
        with unit_of_work():
            sorting.merge(*queries.pair(first, reference), actor=STAFF, at=clock.now())
    held = thread(reference)
    with pytest.raises(NotAnswerable):
        answering.answer(held, text="x", seen="", key="k", signed="Kim", actor=STAFF, at=clock.now())
    assert answers() == []


def test_files_go_with_an_answer_and_not_too_many() -> None:
    reference = opened()
    for uploads, refused in (([PAPER] * 4, True), ([PAPER], False)):
        with unit_of_work():
            held = queries.by_reference(reference, lock=True)
            seen = queries.messages(held)[-1].reference
            send = partial(answering.answer, held, text="Here.", seen=seen, key="k", signed="Kim", uploads=uploads)
            if refused:
                with pytest.raises(TooManyFiles):
                    send(actor=STAFF, at=clock.now())
            else:
                send(actor=STAFF, at=clock.now())
    (kept,) = queries.messages(thread(reference))[-1].attachments
    assert (kept["name"], kept["kind"], kept["size"]) == (f"{reference}-1.pdf", "application/pdf", len(PAPER))
    assert [one["file"] for one in answers()[0].values["files"]] == [kept["file"]]


def test_of_two_who_answer_at_once_one_does(app: Flask) -> None:
    reference = opened()
    seen = queries.messages(thread(reference))[-1].reference
    db.session.remove()

    def one(key: str) -> bool:
        try:
            answer(reference, key=key, seen=seen)
        except (Meanwhile, sa.exc.IntegrityError):
            return False
        return True

    assert sorted(at_once(app, *(partial(one, f"key-{number}") for number in range(4)))) == [False] * 3 + [True]
    assert len(answers()) == 1
