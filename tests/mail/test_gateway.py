import mailbox
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from config import ConfigError
from provider.mail import gateway
from provider.mail.gateway import Maildir, Reply, Smtp, Transport, transport
from provider.mail.rules import Outcome
from tests.harness.smtp import Fault, MailServer, mail_server

LOST = "SMTPServerDisconnected: Connection unexpectedly closed"
SENDER, RECIPIENT = "enquiries@example.org", "ana@example.com"


def a_mail(text: str = "Good morning") -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = SENDER, RECIPIENT, "Zoë", "<l-1@example.org>"
    mail.set_content(text)
    return mail


def send(to: Transport, mail: EmailMessage | None = None) -> Reply:
    return to.send(mail or a_mail(), sender=SENDER, recipient=RECIPIENT)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture(params=["maildir", "smtp"])
def way(
    request: pytest.FixtureRequest, tmp_path: Path, server: MailServer
) -> tuple[Transport, Callable[[], list[str]]]:
    """Each transport, with a way to read the Message-IDs of what came out of it."""
    if request.param == "smtp":
        return transport(server.url), lambda: [delivery.message_id for delivery in server.deliveries]
    folder = tmp_path / "deep" / "mail"
    return transport(f"maildir:{folder}"), lambda: [m["Message-ID"] for m in mailbox.Maildir(folder)]


def test_every_transport_takes_a_mail_as_it_is(way: tuple[Transport, Callable[[], list[str]]]) -> None:
    out, arrived = way
    assert [send(out).outcome, send(out).outcome] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert arrived() == ["<l-1@example.org>"] * 2


def test_a_maildir_that_cannot_be_written_is_a_server_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert send(Maildir(tmp_path / "file" / "mail")).outcome is Outcome.UNREACHABLE


def test_a_maildir_is_for_its_owner_only(tmp_path: Path) -> None:
    send(Maildir(tmp_path / "mail"))
    assert (tmp_path / "mail" / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "fault, reply",
    [
        (Fault.ACCEPT, Reply(Outcome.ACCEPTED, "250 OK")),
        (Fault.BUSY, Reply(Outcome.TEMPORARY, "450 4.2.0 Try again later")),
        (Fault.REFUSE, Reply(Outcome.PERMANENT, "550 5.1.1 No such mailbox")),
        (Fault.BUSY_AT_DATA, Reply(Outcome.TEMPORARY, "451 4.3.0 Not now")),
        (Fault.REFUSE_AT_DATA, Reply(Outcome.PERMANENT, "554 5.7.1 Looks like spam")),
        (Fault.DROP_AFTER_DATA, Reply(Outcome.AMBIGUOUS, LOST)),
        (Fault.HANG_UP, Reply(Outcome.UNREACHABLE, LOST)),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Fault) else "",
)
def test_each_answer_of_a_server_has_its_outcome(server: MailServer, fault: Fault, reply: Reply) -> None:
    server.fault = fault
    assert send(transport(server.url)) == reply


def test_a_server_that_is_down_is_unreachable(server: MailServer) -> None:
    server.down()
    assert send(transport(server.url)) == Reply(
        Outcome.UNREACHABLE, "ConnectionRefusedError: [Errno 111] Connection refused"
    )


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    assert send(Smtp("no-such-host.invalid", 25)).outcome is Outcome.UNREACHABLE


def test_a_server_that_stays_silent_is_left_after_ten_seconds(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (gateway.CONNECT_SECONDS, gateway.READ_SECONDS) == (3.0, 10.0)
    monkeypatch.setattr(gateway, "READ_SECONDS", 0.2)
    server.slow_seconds = 0.6
    assert send(transport(server.url)) == Reply(
        Outcome.AMBIGUOUS, "SMTPServerDisconnected: Connection unexpectedly closed: timed out"
    )
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert send(Smtp("127.0.0.1", mute.getsockname()[1])).outcome is Outcome.UNREACHABLE


def test_a_server_that_is_closing_is_away_and_refuses_no_letter() -> None:
    with greeting(b"554 not today\r\n") as port:
        assert send(Smtp("127.0.0.1", port)) == Reply(Outcome.UNREACHABLE, "554 not today")
    assert gateway._refusal(421, b"4.3.2 shutting down") == Reply(Outcome.UNREACHABLE, "421 4.3.2 shutting down")
    assert gateway._refusal(530, b"5.7.0 sign in") == Reply(Outcome.UNREACHABLE, "530 5.7.0 sign in")


class greeting:  # noqa: N801 - reads like the function it is
    """A server that says one line to each caller."""

    def __init__(self, line: bytes) -> None:
        self.line = line

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._answer, daemon=True).start()
        port: int = self.socket.getsockname()[1]
        return port

    def _answer(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            connection.sendall(self.line)

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_lines_of_any_length_and_dots_arrive_as_they_were(server: MailServer) -> None:
    text = "\n".join([".", "..two", "x" * 5000, "ü" * 400, ""])
    send(transport(server.url), a_mail(text))
    assert server.deliveries[0].body().replace("\r\n", "\n") == text


CERTIFICATE = Path(__file__).parents[1] / "harness" / "loopback.pem"


def own_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_tls_required_never_falls_back_to_plain_text(server: MailServer) -> None:
    reply = send(transport(f"{server.url}?tls=required"))
    assert reply == Reply(Outcome.UNREACHABLE, "SMTPNotSupportedError: STARTTLS extension not supported by server.")
    assert (server.commands, server.deliveries) == ([], [])


def test_tls_required_sends_over_a_certificate_that_is_trusted() -> None:
    with mail_server(own_context()) as server:
        trusting = f"smtp://localhost:{server.port}?tls=required&ca={CERTIFICATE}"
        assert send(transport(trusting)).outcome is Outcome.ACCEPTED
        assert send(transport(f"smtp://localhost:{server.port}?tls=required")).outcome is Outcome.UNREACHABLE
        assert len(server.deliveries) == 1


def test_smtps_speaks_tls_from_the_first_byte(server: MailServer) -> None:
    assert send(transport(f"smtps://localhost:{server.port}")).outcome is Outcome.UNREACHABLE
    assert server.commands == []
    with tls_front(own_context(), server.port) as port:
        url = f"smtps://localhost:{port}?ca={CERTIFICATE}"
        assert send(transport(url)).outcome is Outcome.ACCEPTED


class tls_front:  # noqa: N801 - as above
    """Takes TLS off one connection and passes it on, as a proxy before a mail server does."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        self.context, self.port = context, port

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        port: int = self.socket.getsockname()[1]
        return port

    def _serve(self) -> None:
        accepted, _ = self.socket.accept()
        with (
            self.context.wrap_socket(accepted, server_side=True) as front,
            socket.create_connection(("127.0.0.1", self.port)) as back,
        ):
            upward = threading.Thread(target=self._pass, args=(front, back), daemon=True)
            upward.start()
            self._pass(back, front)
            upward.join(2)

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            return

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.mark.parametrize(
    "url, expected",
    [
        ("maildir:instance/mail", Maildir(Path("instance/mail"))),
        ("smtp://mail.example.org", Smtp("mail.example.org", 25)),
        ("smtp://mail.example.org:2525", Smtp("mail.example.org", 2525)),
        ("smtp://mail.example.org?tls=required", Smtp("mail.example.org", 587, "required")),
        (
            "smtp://us%40er:p%2Fw@mail.example.org:26?tls=required",
            Smtp("mail.example.org", 26, "required", "us@er", "p/w"),
        ),
        ("smtps://a:b@mail.example.org", Smtp("mail.example.org", 465, "implicit", "a", "b")),
        ("smtp://a:b@127.0.0.1:25", Smtp("127.0.0.1", 25, None, "a", "b")),
        ("smtp://[::1]:25", Smtp("::1", 25)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_address_of_a_transport_is_read(url: str, expected: Transport) -> None:
    assert transport(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "", "maildir:", "maildir:/", "mail.example.org", "http://mail.example.org", "smtp:", "smtp://",
        "smtp://mail.example.org:0", "smtp://mail.example.org:99999", "smtp://mail.example.org:x",
        "smtp://mail.example.org/path", "smtp://mail.example.org?tls=maybe", "smtp://mail.example.org?tsl=required",
        "smtps://mail.example.org?tls=required", "smtp://a:b@mail.example.org", "smtps://mail.example.org?ca=/no/file",
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_in_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match=r"\AMAIL_URL .+\.\Z"):
        transport(url)


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(ConfigError) as refused:
        transport("smtp://user:secret@mail.example.org?tls=maybe")
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(transport("smtps://user:secret@mail.example.org"))
