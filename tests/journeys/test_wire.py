"""What comes over the wire and is no request of a browser: the server says no, and goes on serving others."""

import contextlib
import http.client
import socket

import pytest

from tests.harness.people import Journey

pytestmark = pytest.mark.xdist_group("servers")
MEGABYTE = 1024 * 1024
HEAD = "POST /contact HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def _status(house: Journey, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=20) as wire:
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            wire.sendall(request)
        return wire.recv(1024).partition(b"\r\n")[0]


def test_a_body_of_100_megabytes_is_refused_before_it_is_sent(house: Journey) -> None:
    request = f"{HEAD}Content-Length: {100 * MEGABYTE}\r\n\r\na=b".encode()
    assert _status(house, request).split()[1] == b"413"


def test_a_body_without_end_is_refused(house: Journey) -> None:
    chunk = f"{MEGABYTE:x}\r\n".encode() + b"x" * MEGABYTE + b"\r\n"
    request = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 12 + b"0\r\n\r\n"
    assert _status(house, request).split()[1] in {b"400", b"413"}


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        HEAD.encode() + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD.encode() + b"Content-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(house: Journey, request_: bytes) -> None:
    status = _status(house, request_)
    assert not status or status.split()[1][:1] == b"4" or status.split()[1] == b"505", status


def _serves(house: Journey) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", house.server.port, timeout=20)
    connection.request("GET", "/programs")
    status = connection.getresponse().status
    connection.close()
    return status


def test_connections_that_say_nothing_are_set_aside_after_five_seconds(house: Journey) -> None:
    with contextlib.ExitStack() as silent:
        for _ in range(8):  # as many as there are threads
            silent.enter_context(socket.create_connection(("127.0.0.1", house.server.port)))
        assert _serves(house) == 200


def test_connections_that_stop_in_the_middle_of_a_request_are_forgotten_once_they_hang_up(house: Journey) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(20):
            wire = slow.enter_context(socket.create_connection(("127.0.0.1", house.server.port)))
            wire.sendall(HEAD.encode() + b"Content-Le")
    assert _serves(house) == 200
