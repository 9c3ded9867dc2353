"""Prepares the instance, then runs every line of the Procfile until Ctrl-C or until one of them ends.

A mailroom that ends because its port is taken says so and ends alone: the school goes on without incoming mail.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

PORT_TAKEN = 69  # as provider/mailroom/rules.py has it; this program loads nothing of the application
STOPPED_BY_SIGNAL = frozenset({128 + signal.SIGINT, 128 + signal.SIGTERM})


class TerminalPrinter(Printer):  # type: ignore[misc] # honcho is untyped
    """Prints the lines of all processes; a terminal that was closed must not keep them from being stopped."""

    def write(self, message: Message) -> None:
        with contextlib.suppress(OSError):
            super().write(message)


class Processes(Manager):  # type: ignore[misc] # honcho is untyped
    """Ends all when one ends, but for a mailroom without a port."""

    def _any_stopped(self) -> bool:
        ended = ((name, process.get("returncode")) for name, process in self._processes.items())
        return any(code is not None and (name, code) != ("mailroom", PORT_TAKEN) for name, code in ended)

    @property
    def returncode(self) -> int | None:
        """The exit code of all: of the first that ended and took the others with it."""
        return self._code

    @returncode.setter
    def returncode(self, code: int | None) -> None:
        self._code = None if code == PORT_TAKEN else code


def run(procfile: Path) -> int:
    """Run the processes and return the exit code of the first that ended, or 0 if a person ended them."""
    manager = Processes(TerminalPrinter(sys.stdout))
    for name, command in parse_procfile(procfile.read_text()).processes.items():
        manager.add_process(name, command)
    owner = os.getpid()

    def hang_up(_signal: int, _frame: FrameType | None) -> None:
        if os.getpid() == owner:  # honcho's own children inherit this handler
            os.kill(owner, signal.SIGTERM)

    signal.signal(signal.SIGHUP, hang_up)
    manager.loop()
    return 0 if manager.returncode in STOPPED_BY_SIGNAL else int(manager.returncode or 0)


def main() -> None:
    """Start in the project's folder, whatever the current one is."""
    root = Path(__file__).resolve().parent.parent
    os.chdir(root)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONUNBUFFERED"] = "1"
    os.environ["PORT"] = os.environ.get("PORT") or "8000"
    prepared = subprocess.run([root / ".venv/bin/flask", "--app", "provider", "prepare"], check=False)  # noqa: S603 - our own command
    sys.exit(prepared.returncode or run(root / "Procfile"))


if __name__ == "__main__":
    main()
