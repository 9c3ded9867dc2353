"""localstripe as its own process, on loopback and in memory: ``python -m tests.harness.localstripe_alone PORT``.

It is GPL and never imported by our code; here it is the program that runs. By itself it would listen on all interfaces
and write all it has into one fixed file at every change (TRAPS.md). It ends when its standard input does, that is, with
whoever started it; its clock stands at the instant in the file that TEST_CLOCK_FILE names, if it says one. What it has
is gone then, unless LOCALSTRIPE_STATE names a file: that is read at the start and written at the end.
"""

import builtins
import datetime as dt
import os
import pickle
import runpy
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATE = "/tmp/localstripe.pickle"  # noqa: S108 - the name that localstripe has in itself, and that is kept from it
CLOCK_FILE = "TEST_CLOCK_FILE"
STATE_FILE = "LOCALSTRIPE_STATE"


def main() -> None:
    """Fence localstripe in and run it."""
    bind, really_open, real_time, really_dump = socket.socket.bind, builtins.open, time.time, pickle.dump
    state = os.environ.get(STATE_FILE)
    clock = Path(os.environ[CLOCK_FILE]) if os.environ.get(CLOCK_FILE) else None

    def bind_loopback(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - whatever a socket takes
        bind(self, ("::1", *address[1:]) if address[0] == "::" else address)

    def open_no_state(file: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as open itself
        return really_open((state or os.devnull) if file == STATE else file, *args, **kwargs)

    def end() -> None:
        if state:
            setattr(pickle, "dump", really_dump)  # noqa: B010 - once, at the end
            sys.modules["localstripe.resources"].store.dump_to_disk()

    def now() -> float:
        written = clock.read_text() if clock is not None and clock.exists() else ""
        return dt.datetime.fromisoformat(written).timestamp() if written else real_time()

    setattr(socket.socket, "bind", bind_loopback)  # noqa: B010 - the type is not meant to be changed
    builtins.open = open_no_state
    setattr(pickle, "dump", lambda *_, **__: None)  # noqa: B010 - writing all it has took longer with every object
    time.time = now
    threading.Thread(target=_end_with_parent, args=(end,), daemon=True).start()
    sys.argv = ["localstripe", "--port", sys.argv[1], *([] if state and Path(state).exists() else ["--from-scratch"])]
    runpy.run_module("localstripe", run_name="__main__", alter_sys=True)


def _end_with_parent(end: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 65_536):
        pass
    end()
    os._exit(0)


if __name__ == "__main__":
    main()
