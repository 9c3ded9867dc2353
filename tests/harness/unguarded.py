"""The control of a race: many who look first and then write what they saw fit, as one would without a guard."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from provider.kernel.database import db, retrying
from tests.harness.money import at_once


def looked_first(app: Flask, *pairs: tuple[Callable[[], bool], Callable[[], Any]], in_turn: bool = False) -> list[bool]:
    """Let everybody look, then everybody write who saw that they may, each in a unit of their own; say who wrote.

    ``in_turn`` lets them write one after the other: for a race of which only one order does harm.
    """
    barrier = threading.Barrier(len(pairs))
    wrote = [threading.Event() for _ in pairs]

    def work(number: int, look: Callable[[], bool], write: Callable[[], Any]) -> Callable[[], bool]:
        def one() -> bool:
            may = look()
            db.session.rollback()
            barrier.wait()
            if in_turn and number:
                assert wrote[number - 1].wait(10)
            if may:
                retrying(write)
            wrote[number].set()
            return may

        return one

    return at_once(app, *(work(number, *pair) for number, pair in enumerate(pairs)))
