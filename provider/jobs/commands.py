"""The worker process."""

import click
from flask import Blueprint

bp = Blueprint("jobs", __name__, cli_group=None)


@bp.cli.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
def worker(*, once: bool) -> None:
    """Do jobs as they fall due, until interrupted."""
    click.echo("not yet")
