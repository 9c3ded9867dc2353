"""A real SMTP server on a free loopback port that keeps every mail it took, and misbehaves on request."""

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

BUSY, REFUSED = "450 4.2.0 Try again later", "550 5.1.1 No such mailbox"


class Fault(StrEnum):
    """What the server does with a mail."""

    ACCEPT = "accept"
    BUSY = "450"
    REFUSE = "550"
    BUSY_AT_DATA = "451 at the end of the mail"
    REFUSE_AT_DATA = "554 at the end of the mail"
    DROP_AFTER_DATA = "kept, then hung up without an answer"
    HANG_UP = "hung up before anything was handed over"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    def body(self, kind: str = "plain") -> str:
        part = self.mail.get_body((kind,))
        assert part is not None
        return str(part.get_content())


class _Handler:
    """Asks the server's owner what to do at each step."""

    def __init__(self, server: "MailServer") -> None:
        self.server = server
        self.faults: dict[Session, Fault] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        self.server.commands.append(f"RCPT {address}")
        fault = self.faults[session] = self.server.fault_for(address)
        if fault is Fault.HANG_UP:
            return self._hang_up(server)
        if fault is Fault.BUSY:
            return BUSY
        if fault is Fault.REFUSE:
            return REFUSED
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        fault = self.faults.pop(session)
        if fault is Fault.BUSY_AT_DATA:
            return "451 4.3.0 Not now"
        if fault is Fault.REFUSE_AT_DATA:
            return "554 5.7.1 Looks like spam"
        await asyncio.sleep(self.server.slow_seconds)
        content = envelope.original_content or b""
        self.server.deliveries.append(Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        self.server.taken.set()
        if fault is Fault.DROP_AFTER_DATA:
            return self._hang_up(server)
        await asyncio.sleep(self.server.silent_seconds)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - as above
        self.server.left.set()
        return "221 Bye"

    @staticmethod
    def _hang_up(server: SMTP) -> str:
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
        return "421 Goodbye"


class MailServer:
    """The server's switches and its memory; ``faults`` are tried one after the other, then ``fault`` stands."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.deliveries: list[Delivery] = []
        self.commands: list[str] = []
        self.fault = Fault.ACCEPT
        self.faults: list[Fault] = []
        self.by_recipient: dict[str, Fault] = {}
        self.slow_seconds = 0.0  # before the mail is kept
        self.silent_seconds = 0.0  # after it was kept, before the answer
        self.taken = threading.Event()
        self.left = threading.Event()
        self.tls: ssl.SSLContext | None = None
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def fault_for(self, recipient: str) -> Fault:
        if recipient in self.by_recipient:
            return self.by_recipient[recipient]
        return self.faults.pop(0) if self.faults else self.fault

    def up(self) -> None:
        self._controller = Controller(_Handler(self), hostname="127.0.0.1", port=self.port, tls_context=self.tls)
        self._controller.start()

    def down(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def to(self, recipient: str) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if delivery.recipients == (recipient,)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Run a server, with STARTTLS when given a certificate; stopped at the end."""
    server = MailServer()
    server.tls = tls
    server.up()
    try:
        yield server
    finally:
        server.down()
