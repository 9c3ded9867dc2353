"""Mail: what is taken in and stored before the answer, what is filed, and how fast a thousand letters leave.

Taking in is measured in turns with aiosmtpd writing each mail to a Maildir, which waits for the disk as well. Letters
leave by one worker, each over a connection of its own; the limit of the mail server is what one client gets through one
connection that stays open.
"""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from config import Config
from provider.app import create_app
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.actions import post
from provider.mail.rules import Letter
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import MailState
from tests.bench import table
from tests.bench.measure import Sheet
from tests.bench.servers import BIN, ROOT, START_SECONDS, Databases, Side, free_port
from tests.harness.smtp import MailServer, mail_server

CONNECTIONS = 8
LOOK_SECONDS = 0.01
GIVE_UP_SECONDS = 300.0


class Mails:
    """The mail rows of one database."""

    def __init__(self, sheet: Sheet, databases: Databases, folder: Path) -> None:
        self.sheet, self.folder = sheet, folder / databases.name / "mails"
        self.side = Side("product", self.folder / "product", databases.url("mails"), "/programs/ccma")
        self.port = free_port()
        self.side.environ |= {"MAILROOM_PORT": str(self.port), "SECRET_KEY": "k" * 40}

    def run(self, *, rounds: int, batch: int, letters: int) -> None:
        """Measure everything; what was started is ended, whatever happens."""
        self.side.prepare()
        with mail_server() as server:
            self.side.environ["MAIL_URL"] = server.url
            self.app = create_app(Config.load(self.side.environ))
            self.intake(rounds, batch)
            self.filing(rounds * batch)
            self.out(server, letters)
        with self.app.app_context():
            db.engine.dispose()

    def intake(self, rounds: int, batch: int) -> None:
        """Take in mails over eight connections, in turns with a Maildir."""
        alone: list[float] = []
        ours: list[float] = []
        errors: list[str] = []
        with _process("maildir", str(self.folder / "maildir")) as plain, self._running("mailroom"):
            port = int(_line(plain))
            _listening(self.port)
            for number in range(rounds):
                for to, rates in ((port, alone), (self.port, ours)):
                    rate, wrong = _sent(to, batch, CONNECTIONS, f"{number}")
                    rates.append(rate)
                    errors += wrong
        self.sheet.add(
            table.MAIL_IN,
            statistics.median(mine / other for mine, other in zip(ours, alone, strict=True)),
            bare=f"{statistics.median(alone):.0f}/s",
            product=f"{statistics.median(ours):.0f}/s",
            errors=errors,
        )
        with self.app.app_context():
            stored = db.session.scalar(sa.select(sa.func.count()).select_from(IncomingMail))
        assert stored == rounds * batch, f"{stored} mails are stored of {rounds * batch} that were answered"

    def filing(self, count: int) -> None:
        """Let one worker file what was taken in."""
        with self._running("worker"):
            rate = self._rate(self._filed, count)
        self.sheet.add(table.FILED, rate, product=f"{count:,} mails by 1 worker")

    def _filed(self) -> int:
        with self.app.app_context():
            query = sa.select(sa.func.count()).select_from(IncomingMail).where(IncomingMail.state != MailState.STORED)
            found = db.session.scalar(query) or 0
            db.session.remove()
        return found

    def out(self, server: MailServer, count: int) -> None:
        """Let one worker send letters that are queued, after one client has shown what the server can take."""
        alone, errors = _sent(server.port, count, 1, "out")
        server.deliveries.clear()
        now = clock.now()
        with self.app.app_context(), unit_of_work():
            for number in range(count):
                values = {"name": "Kim Admin", "asked_at": now.isoformat()}
                post(Letter("test_letter", f"r{number}@example.com", f"bench:{number}", None, values=values), at=now)
        with self._running("worker"):
            rate = self._rate(lambda: sum(one.recipients[0].startswith("r") for one in server.deliveries), count)
        told = f"{rate:.0f}/s by 1 worker"
        self.sheet.add(table.LETTERS_OUT, rate / alone, bare=f"{alone:.0f}/s by 1 client", product=told, errors=errors)

    @staticmethod
    def _rate(done: Callable[[], int], count: int) -> float:
        """Return how many a second are done, from the first to the last."""
        first, end = 0.0, time.monotonic() + GIVE_UP_SECONDS
        begun = 0
        while time.monotonic() < end:
            number = done()
            if number and not first:
                first, begun = time.monotonic(), number
            if number >= count:
                return (count - begun) / max(time.monotonic() - first, LOOK_SECONDS)
            time.sleep(LOOK_SECONDS)
        raise SystemExit(f"only {done()} of {count} were done in {GIVE_UP_SECONDS:.0f} s")

    @contextmanager
    def _running(self, command: str) -> Iterator[None]:
        with self.side.log.open("ab") as log:
            process = subprocess.Popen(
                [BIN / "flask", "--app", "provider", command], cwd=ROOT, env=self.side.environ, stdout=log, stderr=log
            )
            try:
                yield
            finally:
                process.terminate()
                process.wait(30)


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.mailing", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _sent(port: int, count: int, connections: int, tag: str) -> tuple[float, list[str]]:
    """Return how many mails a second a client gets through, and what went wrong."""
    with _process("send", str(port), str(count), str(connections), tag) as client:
        assert _line(client) == "ready\n"
        assert client.stdin is not None
        client.stdin.write("go\n")
        client.stdin.flush()
        began, ended, number, *errors = _line(client).split(" ", 3)
    return count / (float(ended) - float(began)), errors if int(number) else []


def _listening(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the mailroom does not listen")
