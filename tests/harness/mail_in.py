"""The mailroom's listener on a free loopback port, and clients that say to it exactly what they are told to."""

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import Self

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.actions import add_person, grant
from provider.accounts.rules import Role
from provider.enrollments.queries import by_reference, recipient
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mailroom import queries
from provider.mailroom.actions import dismiss_draft
from provider.mailroom.filing import file_mail
from provider.mailroom.listener import serve
from provider.mailroom.models import IncomingMail, RefundDraft
from provider.mailroom.rules import DraftState, mailbox_of
from provider.mailroom.storing import Arrival, store
from provider.threads.models import ThreadMessage
from tests.harness.money import BURSAR, agreed, record

ENQUIRIES, EXTERNSHIP, CREDITS = (f"{name}@example.org" for name in ("enquiries", "externship", "collegecredits"))
TRUSTED = "mx.example.org"


@contextmanager
def listening(app: Flask) -> Iterator[int]:
    """Run a listener in a thread of its own; yields its port."""
    bound: list[int] = []
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def heard(port: int) -> None:
        bound.append(port)
        ready.set()

    async def run() -> None:
        until = asyncio.Event()
        stop.append((asyncio.get_running_loop(), until))
        await serve(app, until=until, listening=heard)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield bound[0]
    finally:
        loop, until = stop[0]
        loop.call_soon_threadsafe(until.set)
        thread.join(10)


class Client:
    """One connection, line by line."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._lines = self._socket.makefile("rb")
        try:
            self.greeting = self.reply()
        except OSError:  # killed while it greeted
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def reply(self) -> str:
        """Read one reply, however many lines it has."""
        lines: list[str] = []
        while True:
            line = self._lines.readline().decode()
            if not line:
                return "\n".join(lines)
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def raw(self, content: bytes) -> None:
        self._socket.sendall(content)

    def say(self, line: str | bytes) -> str:
        self.raw((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def send(self, content: bytes, sender: str, recipients: Sequence[str]) -> list[str]:
        """Hand over a mail; return the refusals of recipients, then the replies at its end, one for LMTP's each."""
        replies = [self.say(f"MAIL FROM:<{sender}>")]
        accepted = [one for one in recipients if not _refused(self.say(f"RCPT TO:<{one}>"), replies)]
        if not accepted:
            return replies[1:]
        assert self.say("DATA").startswith("354")
        self.raw(dotted(content) + b".\r\n")
        ends = len(accepted) if self.lmtp else 1
        return replies[1:] + [self.reply() for _ in range(ends)]

    lmtp = False


def _refused(said: str, replies: list[str]) -> bool:
    if said.startswith("250"):
        return False
    replies.append(said)
    return True


def dotted(content: bytes) -> bytes:
    """Return a mail as it goes over the wire: lines end with CR LF, and a dot at their start is doubled."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


@contextmanager
def smtp(port: int) -> Iterator[Client]:
    with Client(port) as client:
        client.say("EHLO tests")
        yield client


@contextmanager
def lmtp(port: int) -> Iterator[Client]:
    with Client(port) as client:
        client.say("LHLO tests")
        client.lmtp = True
        yield client


def send(port: int, content: bytes, *, sender: str = "sam@example.com", to: str = ENQUIRIES) -> str:
    """Send one mail over a connection of its own; return the last reply."""
    with smtp(port) as client:
        return client.send(content, sender, [to])[-1]


def mail(
    text: str = "I have a question.",
    *,
    sender: str = "Sam Doe <sam@example.com>",
    to: str = ENQUIRIES,
    subject: str = "A question",
    proved: bool = False,
    **headers: str,
) -> bytes:
    """Write an ordinary mail; ``proved`` puts on top what our own server says of it."""
    message = EmailMessage(policy=SMTP)
    if proved:
        domain = sender.rpartition("@")[2].strip(">")
        message["Authentication-Results"] = f"{TRUSTED}; dmarc=pass header.from={domain}"
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Mon, 16 Nov 2026 12:00:00 +0000"
    if "message_id" not in headers:
        message["Message-ID"] = f"<{abs(hash((text, sender, subject))):x}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@pytest.fixture(scope="session")
def listener(_templates: Flask) -> Iterator[int]:
    """One listener for all tests of a database."""
    with listening(_templates) as port:
        yield port


AT = dt.datetime(2026, 11, 21, 20, tzinfo=dt.UTC)


def came(
    content: bytes,
    *,
    to: str = ENQUIRIES,
    sender: str | None = "sam@example.com",
    at: dt.datetime = AT,
    filed: dt.datetime | None = None,
) -> IncomingMail:
    """Let a mail come in at an instant and be filed, then or later; returns it as it stands. Needs an app context."""
    mailbox = mailbox_of(to, {"example.org"})
    assert mailbox is not None
    with unit_of_work():
        store([Arrival(content, ((mailbox, to),), sender, "127.0.0.1", at)])
    newest = sa.select(IncomingMail.reference).where(IncomingMail.mailbox == mailbox)
    reference = db.session.scalars(newest.order_by(IncomingMail.id.desc())).first()
    file_mail({"mail": reference}, now=filed or at)
    found = queries.find(str(reference))
    assert found is not None
    return found


def known(email: str = "sam@example.com", *roles: Role, at: dt.datetime = AT) -> str:
    """Let somebody have an account with a proved address; returns their reference. Needs an app context."""
    with unit_of_work():
        person = add_person(name="Sam Doe", email=email, zone="America/New_York", proved_at=at, actor=SYSTEM, at=at)
        for role in roles:
            grant(person=person, role=role, actor=SYSTEM, at=at)
        return person.reference


def draft_of(email: str, *, at: dt.datetime | None = None) -> str:
    """Return the open draft of a refund that a mail of a student became, written now if there is none."""
    now = at or clock.now()
    open_one = (
        sa.select(RefundDraft.reference)
        .join(ThreadMessage, ThreadMessage.reference == RefundDraft.message)
        .where(RefundDraft.state == DraftState.OPEN, ThreadMessage.sender == email)
    )
    found = db.session.scalar(open_one)
    if found is None:
        text = "Good morning,\n\nI changed my mind, please return my tuition.\n\nThank you"
        came(mail(text, sender=email, subject="My program"), sender=email, at=now)
        found = db.session.scalars(open_one).one()
    return found


def dismissed_draft() -> str:
    """Return a draft of somebody who has just paid, and that a person set aside."""
    now = clock.now()
    reference = agreed(at=now)
    record(reference, 189_900, at=now)
    found = draft_of(recipient(by_reference(reference)))
    with unit_of_work():
        dismiss_draft(draft=queries.draft(found, lock=True), actor=BURSAR, at=now)
    return found


def claimed_thread(app: Flask, email: str) -> str:
    """Return the thread of a mail under a known address that nothing proves."""
    with app.app_context():
        thread = came(mail(sender=email), sender=email, at=clock.now()).thread
        db.session.remove()
    assert thread is not None
    return thread
