"""The database goes away or is held: that request answers 503 and changes nothing, the next one is fine."""

import html
import sqlite3
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.engine import make_url

from config import Config
from tests.harness.people import Journey
from tests.harness.remote import RemoteVisitor
from tests.harness.stories import answers, enroll, open_form, someone

pytestmark = pytest.mark.xdist_group("servers")
AWAY = "The school's records cannot be reached. Nothing was changed. Try again in a few seconds."
BUSY = "The school's records are busy. Nothing was changed. Wait a few seconds and try again."


def _url(journey: Journey) -> str:
    return Config.load(journey.server.environ).DATABASE_URL


class Held:
    """A lock that another program holds on the tables, and the server process that waits for it."""

    def __init__(self, journey: Journey) -> None:
        if journey.engine == "sqlite":
            path = make_url(_url(journey)).database
            assert path is not None
            own = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            own.execute("BEGIN IMMEDIATE")
            self.free: Callable[[], object] = own.close
            return
        self.held = psycopg.connect(_url(journey).replace("+psycopg", ""))
        self.held.execute("LOCK TABLE enrollment IN ACCESS EXCLUSIVE MODE")
        self.free = self.held.close

    def end_waiting_backend(self) -> None:
        """Terminate the server process that waits for this lock, once there is one."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
        for _ in range(400):
            if self.held.execute(query).fetchall():
                return
            time.sleep(0.01)
        raise AssertionError("nobody waited for the lock")


def _send(visitor: RemoteVisitor, known: dict[str, str], answered: list[tuple[int, str]]) -> None:
    assert visitor.page is not None
    values = {name: value for name, value in answers(visitor, **known).items() if value is not None}
    hidden = {each.attrs["name"]: each.attrs["value"] for each in visitor.page.all("main form input[type=hidden]")}
    page = visitor.client.post("/programs/ccma/enroll", data={"plan": "upfront"} | hidden | values)
    answered.append((page.status_code, html.unescape(page.get_data(as_text=True))))


def _held_up(journey: Journey, during: Callable[[Held], object]) -> tuple[int, str]:
    """Send an enrollment while the tables are held; return its answer."""
    visitor = journey.visitor()
    open_form(visitor)
    answered: list[tuple[int, str]] = []
    held = Held(journey)
    sender = threading.Thread(target=_send, args=(visitor, someone(), answered))
    sender.start()
    try:
        during(held)
        sender.join()
    finally:
        held.free()
    return answered[0]


def test_tables_held_by_another_program_are_waited_for_then_answered_in_words(journey: Journey) -> None:
    started = time.monotonic()
    status, text = _held_up(journey, lambda _: None)
    waited = time.monotonic() - started
    assert (status, BUSY in text) == (503, True)
    assert 4.5 < waited < 15
    assert enroll(journey.visitor(), **someone()).startswith("E-")


def test_a_request_whose_database_process_ended_is_refused_and_the_next_is_fine(journey: Journey) -> None:
    if journey.engine == "sqlite":
        return  # has no process of its own that could end
    status, text = _held_up(journey, Held.end_waiting_backend)
    assert (status, AWAY in text) == (503, True)
    assert enroll(journey.visitor(), **someone()).startswith("E-")
