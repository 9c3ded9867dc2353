"""How often a repeated test repeats."""

import os

SOAK = bool(os.environ.get("SOAK"))


def repetitions(full: int) -> int:
    """Return how often a repeated test runs: all of it in `make soak`, a twentieth in `make test`."""
    return full if SOAK else max(1, full // 20)
