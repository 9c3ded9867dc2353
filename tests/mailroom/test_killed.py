"""The mailroom is killed while mail comes in: what it answered for is stored, and what comes again is one mail."""

import random
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.harness.mail_in import mail, send
from tests.harness.server import Server, running
from tests.harness.soak import SOAK

pytestmark = pytest.mark.xdist_group("servers")
KILLS, MAILS = (20, 40) if SOAK else (1, 24)


def stored(server: Server) -> list[bytes]:
    with sqlite3.connect(server.folder / "instance" / "school.sqlite3") as connection:
        return [row[0] for row in connection.execute("SELECT raw FROM incoming_mail")]


def test_no_answered_mail_is_lost_and_none_is_there_twice(tmp_path: Path) -> None:
    dice = random.Random(7)
    with running(Server(tmp_path)) as server:
        server.prepare()
        wanted: list[bytes] = []
        for kill in range(KILLS):
            server.start_mailroom()
            mails = [mail(f"Mail {kill}-{number}.", message_id=f"<{kill}.{number}@a>") for number in range(MAILS)]
            wanted += mails
            answered: list[bytes] = []

            def bring(some: list[bytes], told: list[bytes] = answered) -> None:
                for one in some:
                    with suppress(OSError, AssertionError):
                        if send(server.mail_port, one).startswith("250"):
                            told.append(one)

            clients = [threading.Thread(target=bring, args=(mails[part::4],)) for part in range(4)]
            killer = threading.Timer(dice.uniform(0.02, 0.4), server.kill, args=("mailroom",))
            killer.start()
            for client in clients:
                client.start()
            for thread in (*clients, killer):
                thread.join()
            found = stored(server)
            assert set(answered) <= set(found)  # answered for, so stored
            assert len(found) == len(set(found))
        server.start_mailroom()
        for one in wanted:  # as a mail server does that got no answer
            assert send(server.mail_port, one).startswith("250")
        assert sorted(stored(server)) == sorted(wanted)
