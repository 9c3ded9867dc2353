"""Machines that answer machines: however many there are and however rude, what we send them is bounded and ends.

Everything goes over the wire: our letters to a real mail server, each answer to the real listener, minute by minute.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message

import pytest
import time_machine
from flask import Flask

from provider.jobs.worker import run_due
from provider.mailroom import acknowledging
from tests.harness.audit import assert_clean
from tests.harness.mail_in import AT, ENQUIRIES, EXTERNSHIP, mail, send
from tests.harness.smtp import Delivery, MailServer, mail_server
from tests.harness.soak import SOAK
from tests.mailroom.notes import bounced

pytestmark = pytest.mark.one_database("sqlite")
MANY, ROUNDS = (20, 10) if SOAK else (3, 5)
Reply = tuple[bytes, str, str]  # the mail, its envelope's sender, its recipient


@dataclass(frozen=True, slots=True)
class Machine:
    """Somebody's mail program that answers by itself: what it begins with, and what it answers to a letter."""

    address: str
    answers: Callable[["Machine", Delivery, int], Iterator[Reply]]

    def begins(self) -> Reply:
        return mail("Hello?", sender=self.address, message_id=f"<begin-{self.address}>"), self.address, ENQUIRIES


def _said(delivery: Delivery) -> Message:
    return message_from_bytes(delivery.content)


def on_vacation(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """As RFC 3834 wants it."""
    told = mail(f"I am away. {number}", sender=me.address, Auto_Submitted="auto-replied", In_Reply_To=letter.message_id)
    yield told, "", str(_said(letter)["Reply-To"])


def rude(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """As a person would, into the same thread."""
    yield mail(f"Thanks. {number}", sender=me.address), me.address, str(_said(letter)["Reply-To"])


def forgetful(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """As a person would who writes about something new every time, to two mailboxes."""
    for mailbox in (ENQUIRIES, EXTERNSHIP):
        yield mail(f"New. {number} {mailbox}", sender=me.address, subject=f"{number}"), me.address, mailbox


def broken_server(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """A server that bounces to the address in the mail, also what must not be bounced."""
    yield bounced(letter.message_id, me.address) + f"{number}".encode(), "", ENQUIRIES


def mirror(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """A forwarding that leads back to us, our own letter unchanged."""
    yield letter.content, ENQUIRIES, EXTERNSHIP
    yield letter.content, me.address, ENQUIRIES


def changing(me: Machine, letter: Delivery, number: int) -> Iterator[Reply]:
    """As a person would, from another address each time."""
    other = f"m{number}-{me.address}"
    yield mail(f"New. {number}", sender=other), other, ENQUIRIES


@pytest.fixture
def out(app: Flask) -> Iterator[MailServer]:
    before = app.extensions["settings"]
    with mail_server() as server:
        app.extensions["settings"] = replace(before, MAIL_URL=server.url)
        yield server
    app.extensions["settings"] = before


def letters_by_round(app: Flask, listener: int, out: MailServer, machines: list[Machine]) -> list[int]:
    """Let all begin, then let everybody answer whatever they get, a minute a round; return how many letters left."""
    of = {machine.address: machine for machine in machines}
    left: list[int] = []
    numbers, waiting = itertools.count(), [machine.begins() for machine in machines]
    with time_machine.travel(AT, tick=False) as clocks:
        for _ in range(ROUNDS):
            for content, sender, recipient in waiting:
                assert send(listener, content, sender=sender, to=recipient).startswith("250")
            clocks.shift(dt.timedelta(minutes=1))
            before = len(out.deliveries)
            with app.app_context():
                run_due(AT + dt.timedelta(minutes=len(left) + 1))
            new = out.deliveries[before:]
            left.append(len(new))
            waiting = [
                reply
                for letter in new
                for machine in [of.get(letter.recipients[0]) or of[letter.recipients[0].partition("-")[2]]]
                for reply in machine.answers(machine, letter, next(numbers))
            ]
    return left


@pytest.mark.parametrize("kind", [on_vacation, rude, forgetful, broken_server, mirror])
def test_each_machine_gets_one_letter_and_then_there_is_silence(
    app: Flask, listener: int, out: MailServer, kind: Callable[[Machine, Delivery, int], Iterator[Reply]]
) -> None:
    machines = [Machine(f"{kind.__name__}{number}@example.com", kind) for number in range(MANY)]
    assert letters_by_round(app, listener, out, machines) == [MANY] + [0] * (ROUNDS - 1)
    assert {letter.sender for letter in out.deliveries} == {"<>"}  # nothing can bounce back
    assert all(_said(letter)["Auto-Submitted"] == "auto-replied" for letter in out.deliveries)
    assert_clean(app, AT + dt.timedelta(minutes=ROUNDS))


def test_two_of_our_own_mailboxes_wired_to_each_other_say_nothing(app: Flask, listener: int, out: MailServer) -> None:
    ours = [Machine(ENQUIRIES, forgetful), Machine(EXTERNSHIP, forgetful)]
    assert letters_by_round(app, listener, out, ours) == [0] * ROUNDS


def test_machines_with_ever_new_addresses_end_at_the_bound_of_all(
    app: Flask, listener: int, out: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "ACKNOWLEDGMENTS_PER_HOUR", MANY + 2)
    machines = [Machine(f"c{number}@example.com", changing) for number in range(MANY)]
    left = letters_by_round(app, listener, out, machines)
    assert sum(left) == MANY + 2
    assert left[-1] == 0


def test_without_the_guards_they_would_go_on_for_good(
    app: Flask, listener: int, out: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "_first_today", lambda *_: True)
    assert letters_by_round(app, listener, out, [Machine("f@example.com", forgetful)])[:5] == [1, 2, 4, 8, 16]
