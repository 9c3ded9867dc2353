"""`make demo` without the installation: it makes its season, says who is who, is clicked through, and ends cleanly."""

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
from tests.harness.stories import PASSWORD, sign_in

pytestmark = pytest.mark.xdist_group("servers")
BAR = "Demonstration No money moves here, and the students are invented."


def _start(folder: Path, port: int, **more: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environ |= {"PORT": str(port), "INSTANCE_DIR": str(folder), "WEB_WORKERS": "1", **more}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.demo"],
        cwd=ROOT,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(demo: subprocess.Popen[str], port: int) -> RemoteVisitor:
    """Wait until it serves; return somebody at its door."""
    end = time.monotonic() + 300
    while time.monotonic() < end and demo.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            visitor = RemoteVisitor(port)
            visitor.get("/")
            return visitor
        time.sleep(0.2)
    demo.kill()
    raise AssertionError(demo.communicate()[0])


def _stop(demo: subprocess.Popen[str]) -> str:
    """End it as Ctrl-C does; return all that it said."""
    try:
        os.kill(demo.pid, signal.SIGINT)
        return demo.communicate(timeout=30)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(demo.pid, signal.SIGKILL)


def _bars(visitor: RemoteVisitor, path: str) -> list[str]:
    return [" ".join(bar.to_text().split()) for bar in visitor.get(path).all("aside.demonstration")]


def _shown(folder: Path, port: int, said: str) -> str:
    """Return the path of a page that the guide names."""
    found = re.findall(rf"http://127\.0\.0\.1:{port}(/\S+) +{said}", (folder / "who-is-who.txt").read_text())
    return str(found[0])


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_is_made_clicked_through_stopped_and_kept(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    demo = _start(folder, port)
    try:
        student = _wait(demo, port)
        assert _bars(student, "/programs/ccma") == [BAR]
        email = re.findall(r"(\S+@example\.\w+) +paid today", (folder / "who-is-who.txt").read_text())[0]
        assert sign_in(student, email).path == "/my"
        assert _bars(student, "/my") == [BAR]
        staff = RemoteVisitor(port)
        sign_in(staff, "bursar@example.org")
        assert _bars(staff, "/staff/refunds?state=approved") == [BAR]
        assert staff.page is not None
        refunds = set(re.findall(r"/staff/refunds/(R-\w{8})", staff.page.text))
        assert refunds
        coordinator = RemoteVisitor(port)
        sign_in(coordinator, "coordinator@example.org")
        plan, preceptor = (_shown(folder, port, said) for said in ("a plan to look at", "a preceptor evaluates"))
        assert coordinator.get(plan).title == f"Plan {plan.rpartition('/')[2]}"
        assert RemoteVisitor(port).get(preceptor).title == "Final evaluation of Tuấn Lê"
    finally:
        said = _stop(demo)
    assert demo.returncode == 0, said
    assert f"Everybody’s password: {PASSWORD}" in said
    assert f"Sample School of Health Careers: http://127.0.0.1:{port}\n" in said
    assert "There is no administrator yet." not in said
    assert "Traceback" not in said
    assert not _listening(port)
    assert len(list((folder / "mail/new").iterdir())) > 200

    other = free_port()
    kept = _start(folder, other, DEMO_KEEP="1")
    try:
        _wait(kept, other)
        staff = RemoteVisitor(other)
        sign_in(staff, "bursar@example.org")
        page = staff.get("/staff/refunds?state=approved")
        assert set(re.findall(r"/staff/refunds/(R-\w{8})", page.text)) == refunds
    finally:
        said = _stop(kept)
    assert kept.returncode == 0, said
    assert f"http://127.0.0.1:{other}/staff/plans/" in said
    assert "Ninety students" not in said


def test_a_folder_that_is_no_demonstration_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "school.sqlite3").write_text("somebody’s school")
    demo = _start(tmp_path, free_port())
    said = demo.communicate(timeout=60)[0]
    assert (demo.returncode, said) == (
        1,
        f"{tmp_path} is no demonstration, so it is not removed. Set INSTANCE_DIR to another folder, or to none.\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["school.sqlite3"]
