import datetime as dt

import pytest

from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.mail.rules import Mailbox
from provider.threads import actions, queries
from provider.threads.actions import Writer, Written
from provider.threads.models import Thread
from provider.threads.rules import LONGEST_TEXT, NO_SUBJECT, Standing, ThreadState

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
ANA = Writer("ana@example.com", "Ana", Standing.UNKNOWN)

pytestmark = pytest.mark.usefixtures("context")


def opened(subject: str = "A question", written: Written | None = None) -> Thread:
    with unit_of_work():
        words = written or Written("When may I start?")
        return actions.open_thread(mailbox=Mailbox.EXTERNSHIP, subject=subject, writer=ANA, written=words, at=NOON)


def test_a_thread_waits_from_the_instant_at_which_its_first_unanswered_message_came() -> None:
    thread = queries.by_reference(opened().reference)
    with unit_of_work():
        held = queries.by_reference(thread.reference, lock=True)
        later = NOON + dt.timedelta(hours=1)
        actions.add_incoming(held, writer=ANA, written=Written("Hello?"), at=later)
    assert (held.state, held.waiting_since, held.last_at) == (ThreadState.WAITING, NOON, later)
    assert [message.text for message in queries.messages(held)] == ["When may I start?", "Hello?"]


def test_odd_subjects_and_endless_texts_are_kept_in_bounds() -> None:
    thread = opened(" \r\n ", Written("x" * (LONGEST_TEXT + 1)))
    assert (thread.subject, len(queries.messages(thread)[0].text)) == (NO_SUBJECT, LONGEST_TEXT)
    assert opened("a\r\nBcc: eve@example.com").subject == "a Bcc: eve@example.com"


def test_nobody_is_proved_who_claimed_to_be_nobody() -> None:
    thread = opened()
    with unit_of_work():
        held = queries.by_reference(thread.reference, lock=True)
        assert actions.prove(held, actor=SYSTEM, at=NOON).standing is Standing.UNKNOWN
