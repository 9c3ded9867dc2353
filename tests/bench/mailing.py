"""Programs beside the mail rows: a client that sends mails as fast as it can, and aiosmtpd writing to a Maildir."""

import smtplib
import sys
import threading
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from tests.bench.servers import free_port

WORDS = "A line of words as people write them, more or less seventy characters.\r\n" * 40


def send(port: int, count: int, connections: int, tag: str) -> None:
    """Send different mails of three kilobytes over some connections, after a line on stdin; print when, and errors."""
    clients = [smtplib.SMTP("127.0.0.1", port, timeout=60) for _ in range(connections)]
    for client in clients:
        client.ehlo()
    print("ready", flush=True)
    sys.stdin.readline()
    errors: list[str] = []
    began = time.time()

    def work(number: int) -> None:
        for one in range(number, count, connections):
            sender = f"m{tag}-{one}@example.com"
            head = f"From: {sender}\r\nTo: enquiries@example.org\r\nSubject: {tag} {one}\r\n"
            try:
                clients[number].sendmail(sender, ["enquiries@example.org"], f"{head}\r\n{WORDS}".encode())
            except (OSError, smtplib.SMTPException) as error:
                errors.append(repr(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(began, time.time(), len(errors), *errors[:1], flush=True)


def maildir(folder: str) -> None:
    """Take mails into a Maildir until stdin ends; print the port."""
    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    port = free_port()
    controller = Controller(Mailbox(Path(folder)), hostname="127.0.0.1", port=port)
    controller.start()
    print(port, flush=True)
    sys.stdin.read()
    controller.stop()


if __name__ == "__main__":
    if sys.argv[1] == "maildir":
        maildir(sys.argv[2])
    else:
        send(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
