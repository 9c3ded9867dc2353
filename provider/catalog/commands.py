"""The command that loads a catalog file."""

import sys
from pathlib import Path

import click
from flask import Blueprint

from provider.catalog import actions
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.kernel.datafiles import BrokenFile

bp = Blueprint("catalog", __name__, cli_group="catalog")


@bp.cli.command("load")
@click.argument("file", type=click.Path(path_type=Path))
def load(file: Path) -> None:
    """Load a catalog FILE and tell what changed; the file wins over what staff wrote since."""
    try:
        with unit_of_work():
            changes = actions.load_file(file, actor=SYSTEM, at=clock.now())
    except BrokenFile as broken:
        click.echo(broken.sentence, err=True)
        click.echo("Nothing was loaded.", err=True)
        sys.exit(1)
    for change in changes or [actions.NOTHING]:
        click.echo(change)
