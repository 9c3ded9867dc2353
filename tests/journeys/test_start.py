"""`make run` without the installation: prepare, then the Procfile, two schools side by side, one without mail."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.remote import RemoteVisitor
from tests.harness.server import ROOT, free_port

pytestmark = pytest.mark.xdist_group("servers")
OWN = ("PORT", "BASE_URL", "DATABASE_URL", "MAIL_URL", "INSTANCE_DIR", "SECRET_KEY")


def _start(folder: Path, port: int) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if name not in OWN}
    environ |= {"PORT": str(port), "INSTANCE_DIR": str(folder), "WEB_WORKERS": "1"}
    command = [sys.executable, str(ROOT / ".ci/start.py")]
    return subprocess.Popen(
        command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


def _wait(port: int, *, answers: bool) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            RemoteVisitor(port).get("/")
            if answers:
                return
            time.sleep(0.1)
            continue
        if not answers:
            return
        time.sleep(0.1)
    message = f"port {port} should {'answer' if answers else 'be silent'}"
    raise AssertionError(message)


def _read_until(school: subprocess.Popen[str], words: str) -> str:
    """Return what a school prints up to a line with these words."""
    assert school.stdout is not None
    lines = []
    for line in school.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def _two_ports() -> int:
    """Return a free port with another free one after it."""
    while True:
        port = free_port()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port + 1))
            return port


def test_two_schools_run_side_by_side_and_end_cleanly_and_a_taken_port_stops_only_the_mailroom(tmp_path: Path) -> None:
    ports = [_two_ports(), _two_ports()]
    taken = socket.create_server(("127.0.0.1", ports[1] + 1))
    schools = [_start(tmp_path / str(port), port) for port in ports]
    try:
        begun = [
            _read_until(schools[0], f"The mailroom takes mail on 127.0.0.1, port {ports[0] + 1}"),
            _read_until(schools[1], f"it cannot listen on 127.0.0.1, port {ports[1] + 1}"),
        ]
        for port in ports:
            _wait(port, answers=True)
        for school in schools:
            os.kill(school.pid, signal.SIGINT)
        printed = [first + school.communicate(timeout=30)[0] for first, school in zip(begun, schools, strict=True)]
    finally:
        taken.close()
        for school in schools:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(school.pid, signal.SIGKILL)
    assert [school.returncode for school in schools] == [0, 0], printed
    for port, text in zip(ports, printed, strict=True):
        _wait(port, answers=False)
        assert f"http://127.0.0.1:{port}\n" in text
        assert len(re.findall(rf"http://127\.0\.0\.1:{port}/links/\S+", text)) == 1
        assert "Traceback" not in text
        assert (tmp_path / str(port) / "school.sqlite3").exists()
        assert (tmp_path / str(port) / "secret.key").stat().st_mode & 0o777 == 0o600
