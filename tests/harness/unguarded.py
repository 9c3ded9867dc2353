"""The control of a race: many who look first and then write what they saw fit, as one would without a guard."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from provider.kernel.database import db, retrying
from tests.harness.money import at_once


def looked_first(app: Flask, *pairs: tuple[Callable[[], bool], Callable[[], Any]]) -> list[bool]:
    """Let everybody look, then everybody write who saw that they may, each in a unit of their own; say who wrote."""
    barrier = threading.Barrier(len(pairs))

    def work(look: Callable[[], bool], write: Callable[[], Any]) -> Callable[[], bool]:
        def one() -> bool:
            may = look()
            db.session.rollback()
            barrier.wait()
            if may:
                retrying(write)
            return may

        return one

    return at_once(app, *(work(*pair) for pair in pairs))
