"""The worker's end of the process that solves a plan (`plan_process`): it is started, asked once, and heard to the end.

Numpy and OR-Tools would stay in a worker for good, and a fault in them would end it.
"""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from provider.externships.plan_columns import Question

_ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "provider.externships.plan_process")


class SolverEnded(RuntimeError):
    """The process ended before it had told all: it failed, or somebody killed it."""


class Solver:
    """A process that is asked once and tells how far it is, then what the plan comes to, then its rows."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._question, self._answer = cast("tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout))

    def ask(self, question: Question) -> None:
        """Hand in the question; raises SolverEnded."""
        try:
            with self._question as pipe:
                pickle.dump(question, pipe)
        except BrokenPipeError:
            raise self._ended() from None

    def told(self) -> Any:  # noqa: ANN401 - percent, `Sums`, or rows
        """Wait for what is told next: percent, then `Sums`, then rows, some at a time, none at last.

        Raises SolverEnded.
        """
        try:
            return pickle.load(self._answer)  # noqa: S301 - from our own process
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None

    def _ended(self) -> SolverEnded:
        return SolverEnded(f"the solver ended with {self.process.wait()}")


@contextmanager
def started() -> Iterator[Solver]:
    """Start the process, which loads its libraries while the question is read; it is gone at the end, whatever happens.

    In a session of its own, so that Ctrl-C is for the worker, which finishes its job first.
    """
    with subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
        COMMAND, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield Solver(process)
        finally:
            process.kill()
