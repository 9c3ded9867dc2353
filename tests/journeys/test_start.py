"""`make run` without the installation: prepare, then web and worker by the Procfile, two schools side by side."""

import contextlib
import http.client
import os
import re
import signal
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


def test_two_schools_run_side_by_side_and_end_cleanly(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    schools = [_start(tmp_path / str(port), port) for port in ports]
    try:
        for port in ports:
            _wait(port, answers=True)
        for school in schools:
            os.kill(school.pid, signal.SIGINT)
        printed = [school.communicate(timeout=30)[0] for school in schools]
    finally:
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
