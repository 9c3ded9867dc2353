"""The door for mail: speaks SMTP and LMTP on one port, and answers for a mail only once it is stored."""

import asyncio
import datetime as dt
import logging
import signal
from collections.abc import Callable
from typing import AnyStr

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from flask import Flask

from config import Config
from provider.kernel import clock
from provider.mailroom.keeper import Keeper
from provider.mailroom.rules import LONGEST_LINE, MEGABYTE, mailbox_of, recipients_by_mailbox
from provider.mailroom.storing import Arrival

log = logging.getLogger("provider.mailroom")

STORED = "250 2.0.0 Stored"
TRY_AGAIN = "451 4.3.0 The school's records are busy, try again later"
NO_MAILBOX = "550 5.1.1 No such mailbox here"
TOO_MANY = b"421 4.3.2 Too many connections, try again later\r\n"
OTHER_GREETING = "503 5.5.1 This connection began in the other protocol"
MOST_RECIPIENTS = 100
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"
MOST_CONNECTIONS = 50
# From one command to the next, and for the whole of a mail.
TIMEOUT_SECONDS = 300.0
_BEFORE = frozenset({"354", "501", "503"})  # what is said before the mail itself
_NOBODY = frozenset({"", "<>"})


class Door(SMTP):
    """One connection: LMTP when it begins with LHLO, SMTP when with EHLO or HELO.

    ``open_now`` counts the connections of one listener. In LMTP the end of a mail is answered once per recipient.
    """

    line_length_limit = LONGEST_LINE

    def __init__(self, taker: "Taker", config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self.lmtp = False
        self.began_at: dt.datetime | None = None
        self._owed = 1
        self._taker = taker
        self._refused = False
        super().__init__(
            taker,
            data_size_limit=config.MAILROOM_LARGEST_MB * MEGABYTE,
            enable_SMTPUTF8=True,
            hostname=config.MAIL_DOMAIN,
            ident="ready",
            timeout=TIMEOUT_SECONDS,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are as many as fit."""
        self._taker.connections += 1
        if self._taker.connections > MOST_CONNECTIONS and isinstance(transport, asyncio.Transport):
            self._refused = True
            transport.write(TOO_MANY)
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._taker.connections -= 1
        if not self._refused:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if self._refused else super().eof_received()

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Begin in LMTP."""
        if self.session is not None and self.session.host_name and not self.lmtp:
            await self.push(OTHER_GREETING)
            return
        self.lmtp = True
        await super().smtp_EHLO(arg)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802 - as above
        """Begin in SMTP."""
        await (self.push(OTHER_GREETING) if self.lmtp else super().smtp_EHLO(arg))

    @syntax("HELO hostname")
    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802 - as above
        """Begin in SMTP of old."""
        await (self.push(OTHER_GREETING) if self.lmtp else super().smtp_HELO(arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a mail; it counts from now, before a byte of it was read or anything was waited for."""
        self.began_at = clock.now()
        if self.lmtp and self.envelope is not None:
            self._owed = max(len(self.envelope.rcpt_tos), 1)
        try:
            await super().smtp_DATA(arg)
        finally:
            self._owed = 1

    async def push(self, status: AnyStr) -> None:
        """Send a reply; the one at the end of a mail as often as there were recipients, in LMTP."""
        for _ in range(self._times(status)):
            await super().push(status)

    def _times(self, status: str | bytes) -> int:
        said = status.decode() if isinstance(status, bytes) else status
        return 1 if said[:3] in _BEFORE else self._owed


class Taker:
    """What a listener does with recipients and mails; aiosmtpd calls these by name."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.connections = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd's signature
        session: Session,  # noqa: ARG002 - as above
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Take the school's own mailboxes, with or without a plus part, and nobody else's."""
        if mailbox_of(address, await self.keeper.domains()) is None:
            return NO_MAILBOX
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Store a mail and say so; a database that is busy or away is a reason to come again."""
        assert isinstance(server, Door)  # noqa: S101 - the only one there is
        recipients = recipients_by_mailbox(envelope.rcpt_tos, await self.keeper.domains())
        arrival = Arrival(
            content=envelope.original_content or b"",
            recipients=tuple(recipients.items()),
            envelope_from=None if envelope.mail_from in _NOBODY else envelope.mail_from,
            peer=_peer(session),
            received_at=server.began_at or clock.now(),
        )
        return STORED if await self.keeper.keep(arrival) else TRY_AGAIN

    async def handle_exception(self, error: Exception) -> str:
        """Tell a sender nothing about our inside, and let it come again."""
        log.error("a connection failed: %s: %s", type(error).__name__, error)
        return TRY_AGAIN


def _peer(session: Session) -> str:
    peer: object = session.peer
    return str(peer[0]) if isinstance(peer, tuple) else str(peer or "")


async def serve(app: Flask, *, until: asyncio.Event, listening: Callable[[int], None]) -> None:
    """Take mail until told to stop, then finish what is at the door; raises OSError for a port that cannot be had."""
    config: Config = app.extensions["settings"]
    keeper, loop = Keeper(app), asyncio.get_running_loop()
    taker = Taker(keeper)
    host, port = config.MAILROOM_HOST, config.MAILROOM_PORT
    server = await loop.create_server(lambda: Door(taker, app.extensions["settings"], loop), host, port)
    keeper.start()
    try:
        listening(server.sockets[0].getsockname()[1])
        await until.wait()
    finally:
        server.close()
        await asyncio.to_thread(keeper.stop)


async def serve_until_interrupted(app: Flask, *, listening: Callable[[int], None]) -> None:
    """Take mail until SIGTERM or Ctrl-C."""
    until, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, until.set)
    await serve(app, until=until, listening=listening)
