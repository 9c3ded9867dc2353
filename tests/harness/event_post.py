"""The post of the payment service: events signed and delivered, once or often, in any order, late, or kept back."""

import contextlib
import datetime as dt
import http.client
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.harness import service_words
from tests.harness.service_words import Sent

TRIES = 20
WAITS = (0.2, 0.5, 1.0, 2.0)


@dataclass
class Habits:
    """How events travel: to where, how often, how late at most, and in whose order."""

    url: str = ""
    copies: int = 1
    latest_seconds: float = 0.0
    seed: int | None = None
    held: bool = True


@dataclass(order=True)
class _Letter:
    at: float
    number: int
    sent: Sent = field(compare=False)
    tries: int = field(default=0, compare=False)


class Post:
    """Keeps what was not delivered yet; a thread delivers it as the habits say, and again until it is answered 2xx."""

    def __init__(self, secret: str, now: Callable[[], dt.datetime]) -> None:
        self.habits = Habits()
        self._secret = secret
        self._now = now
        self.last = 0  # the number of the last event; the next ones are others
        self._numbers = itertools.count(1)
        self._random = random.Random(0)
        self._waiting: list[_Letter] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._deliver, daemon=True).start()

    def tell(self, kind: str, thing: Mapping[str, Any]) -> None:
        """Write an event about an object as it is now."""
        with self._changed:
            self.last += 1
            sent = service_words.event(self.last, kind, thing, at=self._now())
            copies = 1 if self.habits.held else self.habits.copies
            for _ in range(copies):
                late = 0.0 if self.habits.held else self._random.uniform(0, self.habits.latest_seconds)
                self._waiting.append(_Letter(time.monotonic() + late, next(self._numbers), sent))
            self._changed.notify_all()

    def change(self, **habits: Any) -> None:  # noqa: ANN401 - the fields of Habits
        """Change the habits; what waits goes out by the new ones."""
        with self._changed:
            self.habits = Habits(**{**vars(self.habits), **habits})
            if self.habits.seed is not None:
                self._random = random.Random(self.habits.seed)
            self._changed.notify_all()

    def take(self) -> list[Sent]:
        """Hand out what waits, in the order in which it happened; it is not delivered any more."""
        with self._changed:
            taken = {letter.sent.id: letter.sent for letter in sorted(self._waiting, key=lambda one: one.number)}
            self._waiting.clear()
            return list(taken.values())

    def clear(self) -> None:
        with self._changed:
            self._waiting.clear()
            self.habits = Habits(url=self.habits.url)

    def _deliver(self) -> None:
        while True:
            with self._changed:
                letter = self._due()
                if letter is None:
                    self._changed.wait(0.05 if self._waiting and not self.habits.held else None)
                    continue
                self._waiting.remove(letter)
            if not self._answered(letter.sent) and letter.tries < TRIES:
                letter.at = time.monotonic() + WAITS[min(letter.tries, len(WAITS) - 1)]
                letter.tries += 1
                with self._changed:
                    self._waiting.append(letter)

    def _due(self) -> _Letter | None:
        if self.habits.held or not self.habits.url:
            return None
        due = [letter for letter in self._waiting if letter.at <= time.monotonic()]
        return min(due, default=None)

    def _answered(self, sent: Sent) -> bool:
        """Deliver an event; say whether it was answered 2xx."""
        parts = urlsplit(self.habits.url)
        line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        headers["Stripe-Signature"] = sent.signature(self._secret, self._now())
        with contextlib.closing(line):
            try:
                line.request("POST", parts.path, sent.body, headers)
                return 200 <= line.getresponse().status < 300
            except (OSError, http.client.HTTPException):
                return False
