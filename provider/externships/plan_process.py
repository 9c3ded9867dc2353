"""The process that solves a plan: a question comes in, how far it is and the rows of the plan go out, then it ends.

`plan_solver` starts it. It alone loads numpy and OR-Tools, and what it took of memory goes back when it ends.
"""

import pickle
import sys
from typing import Any

from provider.externships import plan_solving
from provider.externships.plan_columns import Question

ROWS_AT_ONCE = 1_000


def main() -> None:
    """Answer the question that comes in; whoever asked being gone ends this, too."""
    question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own worker
    rows, sums = plan_solving.answer(question, tell=_told)
    _told(sums)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        _told(rows[start : start + ROWS_AT_ONCE])
    _told([])


def _told(what: Any) -> None:  # noqa: ANN401 - a number, sums, or rows
    pickle.dump(what, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
