"""localstripe as the fault proxy's child: started, spoken to, and ended with it."""

import http.client
import json as json_text
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from tests.harness.localstripe_alone import STATE_FILE

ROOT = Path(__file__).parents[2]
HOST = "::1"
KEY = "sk_test_behind_the_proxy"
START_SECONDS = 20.0


class Upstream:
    """One localstripe on loopback; one call at a time."""

    def __init__(self, log: Path, state: Path | None = None) -> None:
        self._log = log
        self._state = state
        self._port = _free_port()
        self._line: http.client.HTTPConnection | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.localstripe_alone", str(self._port)],
                cwd=ROOT,
                env=os.environ | ({} if self._state is None else {STATE_FILE: str(self._state)}),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_INET6) as probe:
                if probe.connect_ex((HOST, self._port)) == 0:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.__exit__(None, None, None)
        raise RuntimeError(f"localstripe did not start: {self._log.read_text()[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()  # which it ends by
            self._process.wait(10)

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        json: Mapping[str, Any] | None = None,
    ) -> tuple[int, Any]:
        """Call it and return status and answer; an answer that is no JSON is a bug of it, told as 500."""
        body = json_text.dumps(json) if json is not None else urlencode(params) if params else None
        kind = "application/json" if json is not None else "application/x-www-form-urlencoded"
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": kind}
        status, answer = self._send(method, path, body, headers)
        try:
            return status, json_text.loads(answer) if answer else {}
        except ValueError:
            return 500, {"error": {"type": "api_error", "message": answer.decode(errors="replace")}}

    def page(self, path: str) -> tuple[bytes, str]:
        """Return a file and its type."""
        line = http.client.HTTPConnection(HOST, self._port, timeout=30)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.read(), answer.getheader("Content-Type", "")
        finally:
            line.close()

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._line is None:
            self._line = http.client.HTTPConnection(HOST, self._port, timeout=30)
        try:
            self._line.request(method, path, body, dict(headers))
            answer = self._line.getresponse()
            return answer.status, answer.read()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._line.close()  # it gave up a line that was idle for long
            self._line.request(method, path, body, dict(headers))
            answer = self._line.getresponse()
            return answer.status, answer.read()


def _free_port() -> int:
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
