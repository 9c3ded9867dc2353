"""The worker process."""

import logging
import signal
import sys
import threading
from types import FrameType

import click
from flask import Blueprint, Flask, current_app

from provider.jobs.worker import run_due, work
from provider.kernel import clock
from provider.kernel.starting import why_not

bp = Blueprint("jobs", __name__, cli_group=None)


@bp.cli.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
def worker(*, once: bool) -> None:
    """Do jobs as they fall due, until interrupted."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout, level=logging.INFO)
    logging.getLogger("stripe").setLevel(logging.WARNING)  # it tells of every call that goes well, twice
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - behind the proxy
    problem = why_not(app)
    if problem is not None:
        raise click.ClickException(problem)
    if once:
        click.echo(f"{run_due(clock.now())} jobs tried")
        return
    work(app, _until_interrupted())


def _until_interrupted() -> threading.Event:
    """Return an event that SIGTERM and Ctrl-C set; the job in hand is finished first."""
    stop = threading.Event()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    return stop
