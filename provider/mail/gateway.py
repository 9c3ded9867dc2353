"""The way out: hands one mail to a maildir or to an SMTP server, and says what became of it."""

import mailbox
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config import ConfigError
from provider.mail.rules import Outcome

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
GOODBYE_SECONDS = 1.0
LONGEST_REPLY = 500
# The server wants us to sign in, or to sign in differently: no letter's fault, so none is refused for it.
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})
_CLOSING = 421
_SHAPES = "write maildir:FOLDER, smtp://HOST:PORT, smtp://USER:PASSWORD@HOST:PORT?tls=required or smtps://HOST:PORT"


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one attempt, with the words of the server."""

    outcome: Outcome
    text: str


class Transport(Protocol):
    """Hands over one mail to exactly one recipient; answers, and raises nothing for what happens on the way."""

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Maildir:
    """Puts each mail into a folder that any mail program reads."""

    folder: Path

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Reply:  # noqa: ARG002 - stands in the headers
        """Store the mail durably; a full or missing disk is a server that is away."""
        try:
            for name in ("tmp", "new", "cur"):
                (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            key = mailbox.Maildir(self.folder, create=False).add(message.as_bytes())
        except OSError as error:
            return Reply(Outcome.UNREACHABLE, str(error))
        return Reply(Outcome.ACCEPTED, f"stored as {key}")


@dataclass(frozen=True, slots=True)
class Smtp:
    """Hands each mail to a server over a connection of its own.

    ``tls`` is None (plain), ``required`` (STARTTLS, or the letter stays here) or ``implicit`` (smtps).
    """

    host: str
    port: int
    tls: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> Reply:
        """Deliver to one recipient; only silence after the whole mail was handed over is ambiguous."""
        content = message.as_bytes()
        try:
            with self._connected(message["From"].addresses[0].domain) as client:
                return _deliver(client, content, sender, recipient)
        except (OSError, smtplib.SMTPException) as error:
            return Reply(Outcome.UNREACHABLE, _said(error))

    @contextmanager
    def _connected(self, own_name: str) -> Iterator[smtplib.SMTP]:
        context = _context(self.ca) if self.tls else None
        client = _Client(own_name, context if self.tls == "implicit" else None)
        try:
            code, text = client.connect(self.host, self.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, text)
            if self.tls == "required":
                client.starttls(context=context)
            if self.user is not None:
                client.login(self.user, self.password or "")
            yield client
        finally:
            client.leave()


@lru_cache(maxsize=8)
def _context(ca: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


class _Client(smtplib.SMTP):
    """Waits less for a connection than for an answer, and speaks TLS from the first byte when given a context."""

    def __init__(self, own_name: str, context: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=own_name, timeout=READ_SECONDS)
        self._implicit = context

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._host = host  # what STARTTLS compares the certificate with
        connection = socket.create_connection((host, port), CONNECT_SECONDS)
        connection.settimeout(timeout)
        if self._implicit is None:
            return connection
        return self._implicit.wrap_socket(connection, server_hostname=host)

    def leave(self) -> None:
        """Say goodbye without waiting long for an answer: what was decided is decided."""
        with suppress(OSError, smtplib.SMTPException):
            if self.sock is not None:
                self.sock.settimeout(GOODBYE_SECONDS)
                self.quit()
        self.close()


def _deliver(client: smtplib.SMTP, content: bytes, sender: str, recipient: str) -> Reply:
    client.ehlo_or_helo_if_needed()
    refused = _refusal(*client.mail(sender)) or _refusal(*client.rcpt(recipient))
    if refused is not None:
        return refused
    try:
        code, text = client.data(content)
    except smtplib.SMTPDataError as error:  # refused before the content was sent
        return _refusal(error.smtp_code, error.smtp_error) or Reply(Outcome.TEMPORARY, _said(error))
    except (OSError, smtplib.SMTPException) as error:
        return Reply(Outcome.AMBIGUOUS, _said(error))
    return _refusal(code, text) or Reply(Outcome.ACCEPTED, _line(code, text))


def _refusal(code: int, text: bytes | str) -> Reply | None:
    if 200 <= code < 400:
        return None
    if code in _SIGN_IN_CODES or code == _CLOSING or code < 200:
        return Reply(Outcome.UNREACHABLE, _line(code, text))
    return Reply(Outcome.PERMANENT if code >= 500 else Outcome.TEMPORARY, _line(code, text))


def _line(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"[:LONGEST_REPLY]


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:LONGEST_REPLY]


@lru_cache(maxsize=8)
def transport(url: str) -> Transport:
    """Return the transport of a MAIL_URL; raises ConfigError with a sentence when it cannot be used."""
    if url.startswith("maildir:") and url.removeprefix("maildir:").strip("/"):
        return Maildir(Path(url.removeprefix("maildir:")))
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == 0 or parts.path.strip("/"):
        raise ConfigError(f"MAIL_URL is “{_public(parts)}”; {_SHAPES}.")
    return _smtp(parts, port)


def _smtp(parts: SplitResult, port: int | None) -> Smtp:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = "implicit" if parts.scheme == "smtps" else options.pop("tls", None)
    ca = options.pop("ca", None)
    if tls not in {None, "required", "implicit"} or options:
        raise ConfigError(f"MAIL_URL is “{_public(parts)}”; the only options are ?tls=required and ca=FILE.")
    if ca is not None and not Path(ca).is_file():
        raise ConfigError(f"MAIL_URL names the certificate file {ca}, which is not there.")
    if parts.username and tls is None and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ConfigError("MAIL_URL would send its password in plain text; add ?tls=required, or use smtps://.")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    default = {"implicit": 465, "required": 587}.get(tls or "", 25)
    return Smtp(parts.hostname or "", port or default, tls, user, password, ca)


def _public(parts: SplitResult) -> str:
    """Write the address without its password."""
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"…@{host}" if "@" in parts.netloc else host).geturl()
