"""The queue of those who write to SQLite: first come, first served in a process, by turns between processes.

SQLite itself lets writers sleep ever longer and look again, which starves some of them. The queue is for fairness
alone: that two never write at once is SQLite's own lock.
"""

import fcntl
import os
import threading
import time
from collections import deque

LOOK_AGAIN_SECONDS = 0.0005


class Writers:
    """The writers of one database; ``file`` is where it is stored, None when no other process can see it."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._busy = False
        self._room: int | None = None

    def enter(self, seconds: float) -> bool:
        """Wait for one's turn so long at most; False when it did not come. Who got it has to `leave`."""
        end = time.monotonic() + seconds
        if not self._turn_here(seconds):
            return False
        try:
            entered = self._turn_among_processes(end)
        except OSError:
            entered = True  # no place for the queue's files: what is lost is fairness
        if not entered:
            self.leave()
        return entered

    def leave(self) -> None:
        """Let the next one write: one who waits in another process before the next one here."""
        room, self._room = self._room, None
        if room is not None:
            os.close(room)
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._busy = False

    def _turn_here(self, seconds: float) -> bool:
        with self._mutex:
            if not self._busy:
                self._busy = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._mutex:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
        return False

    def _turn_among_processes(self, end: float) -> bool:
        """Take the room; who waits for it holds the door, so that whoever has just left queues up behind."""
        if self._file is None:
            return True
        door = _opened(f"{self._file}-door")
        try:
            if not _locked(door, end):
                return False
            room = _opened(f"{self._file}-room")
            if _locked(room, end):
                self._room = room
                return True
            os.close(room)
            return False
        finally:
            os.close(door)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(descriptor: int, end: float) -> bool:
    """Lock an open file, which a process's end unlocks in any case; False when the time is up."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return True
