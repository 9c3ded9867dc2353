"""The door for mail: SMTP and LMTP on one port, stored before it is answered for."""

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.jobs.models import Job
from provider.kernel import clock, database
from provider.kernel.database import Busy, db, unit_of_work
from provider.mail.rules import Mailbox
from provider.mailroom import keeper
from provider.mailroom import listener as door
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import FILE, MailState
from provider.mailroom.storing import Arrival, store
from tests.harness.mail_in import CREDITS, ENQUIRIES, EXTERNSHIP, Client, dotted, lmtp, mail, send, smtp
from tests.harness.money import at_once
from tests.harness.unguarded import looked_first

ONE = pytest.mark.one_database("sqlite")


def stored(app: Flask) -> list[Any]:
    with app.app_context():
        columns = (IncomingMail.mailbox, IncomingMail.recipient, IncomingMail.envelope_from, IncomingMail.raw)
        return list(db.session.execute(sa.select(*columns).order_by(IncomingMail.id)))


def test_a_mail_by_smtp_is_stored_byte_for_byte_with_its_job(app: Flask, listener: int) -> None:
    content = mail("A line.\r\n.A dot at its start.\r\n..Two.\r\n\r\nEnd.")
    before = clock.now()
    with smtp(listener) as client:
        assert client.send(content, "sam@example.com", [ENQUIRIES]) == [door.STORED]
    assert stored(app) == [(Mailbox.ENQUIRIES, ENQUIRIES, "sam@example.com", content)]
    with app.app_context():
        row = db.session.scalars(sa.select(IncomingMail)).one()
        assert before <= row.received_at <= clock.now()
        assert (row.state, row.size, row.peer) == (MailState.STORED, len(content), "127.0.0.1")
        job = db.session.scalars(sa.select(Job).where(Job.kind == FILE)).one()
        assert (job.key, job.payload) == (f"{FILE}:{row.reference}", {"mail": row.reference})


def test_lmtp_answers_once_for_each_recipient(app: Flask, listener: int) -> None:
    with lmtp(listener) as client:
        replies = client.send(mail(), "sam@example.com", [ENQUIRIES, "nobody@example.org", EXTERNSHIP])
    assert replies == [door.NO_MAILBOX, door.STORED, door.STORED]
    assert [row[0] for row in stored(app)] == [Mailbox.ENQUIRIES, Mailbox.EXTERNSHIP]


@ONE
def test_the_first_command_decides_which_protocol_it_is(app: Flask, listener: int) -> None:
    with smtp(listener) as client:
        assert client.say("LHLO tests") == door.OTHER_GREETING
    with lmtp(listener) as client:
        assert client.say("EHLO tests") == door.OTHER_GREETING
        assert client.say("HELO tests") == door.OTHER_GREETING
    with Client(listener) as client:
        assert client.greeting == "220 example.org ready"
        assert client.say("MAIL FROM:<a@example.com>").startswith("503")


@ONE
@pytest.mark.parametrize(
    "address",
    [
        "registrar@example.org", "enquiries@example.com", "enquiries@sub.example.org", "enquiries",
        "xenquiries@example.org", "enquiries.x@example.org", "+enquiries@example.org",
        "enquiries@example.org@example.com", "<>",
    ],
)  # fmt: skip
def test_nobody_elses_mail_is_taken(app: Flask, listener: int, address: str) -> None:
    with smtp(listener) as client:
        client.say("MAIL FROM:<sam@example.com>")
        assert client.say(f"RCPT TO:<{address}>")[:3] in {"550", "553", "501"}
        assert client.say("DATA").startswith("503")
    assert stored(app) == []


@ONE
@pytest.mark.parametrize(
    "address, mailbox",
    [
        ("ENQUIRIES@Example.ORG", Mailbox.ENQUIRIES),
        ("externship+abc123@example.org", Mailbox.EXTERNSHIP),
        ("collegecredits+@example.org", Mailbox.COLLEGE_CREDITS),
    ],
)
def test_a_mailbox_is_known_in_any_case_and_with_a_plus_part(
    app: Flask, listener: int, address: str, mailbox: Mailbox
) -> None:
    assert send(listener, mail(), to=address) == door.STORED
    assert [row[:2] for row in stored(app)] == [(mailbox, address)]


@ONE
def test_two_addresses_of_one_mailbox_are_one_mail_and_the_one_with_a_plus_part_is_kept(
    app: Flask, listener: int
) -> None:
    with lmtp(listener) as client:
        assert client.send(mail(), "sam@example.com", [CREDITS, "collegecredits+abc@example.org"]) == [door.STORED] * 2
    assert [row[1] for row in stored(app)] == ["collegecredits+abc@example.org"]


@ONE
def test_the_empty_sender_of_machines_is_none(app: Flask, listener: int) -> None:
    assert send(listener, mail(), sender="") == door.STORED
    assert [row[2] for row in stored(app)] == [None]


def test_the_same_bytes_to_the_same_mailbox_are_one_mail(app: Flask, listener: int) -> None:
    content = mail()
    with smtp(listener) as client:
        for _ in range(2):
            assert client.send(content, "sam@example.com", [ENQUIRIES, EXTERNSHIP]) == [door.STORED]
    assert send(listener, content.replace(b"question", b"Question")) == door.STORED
    assert [row[0] for row in stored(app)] == [Mailbox.ENQUIRIES, Mailbox.EXTERNSHIP, Mailbox.ENQUIRIES]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(Job.kind == FILE)) == 3


def _arrival(content: bytes) -> Arrival:
    return Arrival(content, ((Mailbox.ENQUIRIES, ENQUIRIES),), None, "127.0.0.1", clock.now())


def _kept(content: bytes) -> Callable[[], int]:
    def keep() -> int:
        with unit_of_work():
            return store([_arrival(content)])

    return keep


def test_of_many_who_bring_the_same_bytes_at_once_one_makes_a_mail(app: Flask) -> None:
    assert sorted(at_once(app, *[_kept(mail())] * 8)) == [0] * 7 + [1]
    assert len(stored(app)) == 1


def test_without_the_index_each_of_them_would(app: Flask) -> None:
    def nothing_there() -> bool:
        return db.session.scalar(sa.select(sa.func.count()).select_from(IncomingMail)) == 0

    def write() -> None:  # as if the same bytes had no name in common
        store([_arrival(mail() + secrets.token_bytes(8))])

    assert looked_first(app, *[(nothing_there, write)] * 4) == [True] * 4
    assert len(stored(app)) == 4


def test_a_busy_database_is_a_reason_to_come_again_and_the_next_one_is_stored(
    app: Flask, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: object) -> int:
        raise Busy

    with lmtp(listener) as client:
        with monkeypatch.context() as patch:
            patch.setattr(keeper, "store", busy)
            assert client.send(mail(), "sam@example.com", [ENQUIRIES, CREDITS]) == [door.TRY_AGAIN] * 2
        assert stored(app) == []
        assert client.send(mail(), "sam@example.com", [ENQUIRIES, CREDITS]) == [door.STORED] * 2
    assert len(stored(app)) == 2


@ONE
def test_a_write_lock_that_is_held_too_long_is_a_reason_to_come_again(
    app: Flask, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    with app.app_context(), unit_of_work():
        assert send(listener, mail()) == door.TRY_AGAIN
    assert stored(app) == []
    assert send(listener, mail()) == door.STORED


def test_one_mail_that_cannot_be_stored_keeps_no_other_from_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    poison = _arrival(b"poison")
    real = store

    def store_but(arrivals: Sequence[Arrival]) -> int:
        if poison in arrivals:
            raise ZeroDivisionError
        return real(arrivals)

    monkeypatch.setattr(keeper, "store", store_but)

    async def run() -> list[bool]:
        keeping = keeper.Keeper(app)
        waiting = [asyncio.create_task(keeping.keep(one)) for one in (_arrival(b"a"), poison, _arrival(b"b"))]
        await asyncio.sleep(0)  # all three wait before the first is taken
        keeping.start()
        found = await asyncio.gather(*waiting)
        await asyncio.to_thread(keeping.stop)
        return found

    assert asyncio.run(run()) == [True, False, True]
    assert [row[3] for row in stored(app)] == [b"a", b"b"]


@ONE
def test_what_is_too_large_is_refused_as_soon_as_it_is_known(app: Flask, listener: int) -> None:
    with Client(listener) as client:
        assert "250-SIZE 1000000" in client.say("EHLO tests").split("\n")
        assert client.say("MAIL FROM:<sam@example.com> SIZE=30000000").startswith("552")
    with lmtp(listener) as client:
        replies = client.send(mail("x" * 70 + "\n") * 4000, "sam@example.com", [ENQUIRIES, CREDITS])
        assert [reply[:3] for reply in replies] == ["552", "552"]
        assert client.send(mail(), "sam@example.com", [ENQUIRIES]) == [door.STORED]
    assert len(stored(app)) == 1


@ONE
def test_a_line_without_end_is_refused_and_a_long_one_is_not(app: Flask, listener: int) -> None:
    with smtp(listener) as client:
        assert client.send(b"Subject: a\r\n\r\n" + b"x" * 200_000, "sam@example.com", [ENQUIRIES])[0][:3] == "500"
        assert client.send(b"Subject: a\r\n\r\n" + b"x" * 9_000, "sam@example.com", [ENQUIRIES]) == [door.STORED]


@ONE
def test_an_end_that_is_none_smuggles_no_second_mail(app: Flask, listener: int) -> None:
    inner = b"\n.\nMAIL FROM:<staff@example.org>\r\nRCPT TO:<collegecredits@example.org>\r\nDATA\r\nSubject: b\r\n"
    with smtp(listener) as client:
        client.say("MAIL FROM:<sam@example.com>")
        client.say(f"RCPT TO:<{ENQUIRIES}>")
        client.say("DATA")
        client.raw(b"Subject: a\r\n\r\nText." + inner + b"\r\n.\r\n")
        assert client.reply() == door.STORED
    assert [(row[0], row[2]) for row in stored(app)] == [(Mailbox.ENQUIRIES, "sam@example.com")]


@ONE
def test_whoever_hangs_up_before_the_answer_is_stored_once_all_the_same(app: Flask, listener: int) -> None:
    content = mail()
    with Client(listener) as client:
        client.raw(
            b"EHLO tests\r\nMAIL FROM:<sam@example.com>\r\nRCPT TO:<enquiries@example.org>\r\nDATA\r\n"
            + dotted(content)
            + b".\r\n"
        )
    end = time.monotonic() + 10
    while not stored(app) and time.monotonic() < end:
        time.sleep(0.02)
    assert send(listener, content) == door.STORED
    assert [row[3] for row in stored(app)] == [content]


@ONE
def test_whoever_hangs_up_in_the_middle_leaves_nothing(app: Flask, listener: int) -> None:
    with smtp(listener) as client:
        client.say("MAIL FROM:<sam@example.com>")
        client.say(f"RCPT TO:<{ENQUIRIES}>")
        client.say("DATA")
        client.raw(b"Subject: half of a mail\r\n")
    assert send(listener, mail()) == door.STORED
    assert len(stored(app)) == 1


@ONE
def test_a_mail_counts_from_when_the_door_was_ready_for_it(app: Flask, listener: int) -> None:
    with (
        time_machine.travel(dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC), tick=False) as clocks,
        smtp(listener) as client,
    ):
        client.say("MAIL FROM:<sam@example.com>")
        client.say(f"RCPT TO:<{ENQUIRIES}>")
        client.say("DATA")
        clocks.shift(dt.timedelta(minutes=4))
        client.raw(dotted(mail()) + b".\r\n")
        assert client.reply() == door.STORED
    with app.app_context():
        assert db.session.scalars(sa.select(IncomingMail.received_at)).all() == [
            dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)
        ]


@ONE
def test_more_connections_than_fit_are_asked_to_come_again(
    app: Flask, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_CONNECTIONS", 0)
    with Client(listener) as client:
        assert client.greeting == door.TOO_MANY.decode().strip()
        assert client.reply() == ""
    monkeypatch.undo()
    assert send(listener, mail()) == door.STORED


@ONE
def test_an_error_inside_tells_nothing_of_it(app: Flask, listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(door, "recipients_by_mailbox", broken)
    assert send(listener, mail()) == door.TRY_AGAIN
    monkeypatch.undo()
    assert send(listener, mail()) == door.STORED
