"""A visitor over a real connection: the same pages and forms as in `visitor.py`, sent through a socket."""

import http.client
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

from werkzeug.test import EnvironBuilder, TestResponse

from tests.harness.visitor import Visitor

Headers = Mapping[str, str]


class RemoteClient:
    """Speaks HTTP to one address and keeps its cookies; answers as Flask's test client does."""

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self.port = port
        self.timeout = timeout
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> TestResponse:
        return self.send("GET", path)

    def post(self, path: str, *, data: Mapping[str, Any]) -> TestResponse:
        builder = EnvironBuilder(path=path, method="POST", data=dict(data))
        environ = builder.get_environ()
        body = environ["wsgi.input"].read()
        return self.send("POST", path, body, {"Content-Type": environ["CONTENT_TYPE"]})

    def send(self, method: str, path: str, body: bytes = b"", headers: Headers | None = None) -> TestResponse:
        """Send one request on a connection of its own; raises OSError or HTTPException when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body or None, {"Cookie": cookie} | dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for line in answer.msg.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        request = EnvironBuilder(path=path, method=method).get_request()
        status = f"{answer.status} {answer.reason}"
        return TestResponse([content], status, list(answer.msg.items()), request)  # type: ignore[arg-type]


class RemoteVisitor(Visitor):
    """One browser with its cookies, in front of a running server."""

    def __init__(self, port: int) -> None:
        self.client = RemoteClient(port)  # type: ignore[assignment] # what a visitor uses of a client
        self.page = None
