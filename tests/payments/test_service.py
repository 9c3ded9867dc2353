import threading

import pytest
from flask import Flask

from provider.kernel.database import db
from provider.payments.gateway import Unreachable
from provider.payments.service import ask


@pytest.fixture
def threads(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application whose service only counts."""
    monkeypatch.setitem(app.extensions, "payment_service", object())
    monkeypatch.delitem(app.extensions, "payment_service_slots", raising=False)
    return app


def hanging(app: Flask, count: int, *, web: bool) -> tuple[list[str], threading.Event]:
    """Let many call a service that does not answer; return what each was told, and what ends it."""
    told, answer, begun = [], threading.Event(), threading.Barrier(count + 1)

    def call() -> None:
        with app.test_request_context() if web else app.app_context():
            begun.wait()
            try:
                told.append(str(ask(lambda _gateway: "waited" if answer.wait(10) else "never")))
            except Unreachable:
                told.append("turned away")
            finally:
                db.session.remove()

    for _ in range(count):
        threading.Thread(target=call, daemon=True).start()
    begun.wait()
    return told, answer


def settled(told: list[str], count: int) -> list[str]:
    for _ in range(500):
        if len(told) >= count:
            break
        threading.Event().wait(0.01)
    return sorted(told)


def test_of_eight_web_threads_four_may_wait_for_the_service_and_the_others_go_on_at_once(threads: Flask) -> None:
    told, answer = hanging(threads, 8, web=True)
    assert settled(told, 4) == ["turned away"] * 4
    answer.set()
    assert settled(told, 8) == ["turned away"] * 4 + ["waited"] * 4


def test_a_place_is_free_again_once_the_service_has_answered(threads: Flask) -> None:
    for _ in range(3):
        told, answer = hanging(threads, 4, web=True)
        answer.set()
        assert settled(told, 4) == ["waited"] * 4


def test_workers_wait_as_many_as_there_are(threads: Flask) -> None:
    told, answer = hanging(threads, 6, web=False)
    answer.set()
    assert settled(told, 6) == ["waited"] * 6


def test_while_somebody_waits_for_the_service_no_connection_of_theirs_is_in_use(threads: Flask) -> None:
    with threads.app_context():
        db.session.execute(db.text("SELECT 1"))
        assert ask(lambda _gateway: db.engine.pool.checkedout()) == 0  # type: ignore[attr-defined]
