"""The thread that stores what comes in: all that waits is one transaction, so that one commit serves many senders."""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import Busy, db, unit_of_work
from provider.kernel.settings import settings
from provider.mailroom.storing import Arrival, store
from provider.school import queries as school

log = logging.getLogger("provider.mailroom")

MOST_AT_ONCE = 50
KNOWN_SECONDS = 10.0  # for which it is not asked again whose mail is taken


@dataclass(frozen=True, slots=True)
class _Waiting:
    arrival: Arrival
    stored: asyncio.Future[bool]
    loop: asyncio.AbstractEventLoop

    def tell(self, *, stored: bool) -> None:
        """Answer whoever waits; who hung up meanwhile hears nothing, and the mail stays stored."""
        self.loop.call_soon_threadsafe(self._tell, stored)

    def _tell(self, stored: bool) -> None:  # noqa: FBT001 - the loop passes arguments by place
        if not self.stored.done():
            self.stored.set_result(stored)


class Keeper:
    """Stores mails for a listener, and knows whose mail is taken; both wait for the database, so not in its loop."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
        self._domains = frozenset({app.extensions["settings"].MAIL_DOMAIN.lower()})
        self._asked_at = -KNOWN_SECONDS

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Store what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    async def keep(self, arrival: Arrival) -> bool:
        """Say whether a mail is stored for good: True only after the commit."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(arrival, loop.create_future(), loop)
        self._queue.put(waiting)
        return await waiting.stored

    async def domains(self) -> frozenset[str]:
        """Return the domains whose mail is taken: the present one, and those that old letters carry."""
        if time.monotonic() - self._asked_at >= KNOWN_SECONDS:
            self._asked_at = time.monotonic()
            await asyncio.to_thread(self._ask)
        return self._domains

    def _ask(self) -> None:
        with self._app.app_context():
            try:
                school.refresh()
                self._domains = frozenset({one.lower() for one in (settings().MAIL_DOMAIN, *school.domains_ever())})
            except sa.exc.SQLAlchemyError:
                log.warning("the database cannot be asked for the school's domain; what was known before stands")
            finally:
                db.session.remove()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, ended = [first], False
            while len(batch) < MOST_AT_ONCE:
                try:
                    one = self._queue.get_nowait()
                except Empty:
                    break
                if one is None:
                    ended = True
                    break
                batch.append(one)
            self._store(batch)
            if ended:
                return

    def _store(self, batch: Sequence[_Waiting]) -> None:
        """Store all of them together; when that fails for another reason than a busy database, each by itself."""
        try:
            with self._app.app_context(), unit_of_work():
                store([one.arrival for one in batch])
        except Exception as error:  # noqa: BLE001 - whatever one mail raises, the others are stored
            if isinstance(error, Busy) or len(batch) == 1:
                log.warning("%d mails could not be stored, their senders try again: %s", len(batch), _said(error))
                self._tell(batch, stored=False)
                return
            for one in batch:
                self._store([one])
        else:
            self._tell(batch, stored=True)

    @staticmethod
    def _tell(batch: Sequence[_Waiting], *, stored: bool) -> None:
        for one in batch:
            one.tell(stored=stored)


def _said(error: Exception) -> str:
    """Return what went wrong without what was to be stored."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return f"{type(error).__name__}: {' '.join(str(cause).split())[:200]}"
