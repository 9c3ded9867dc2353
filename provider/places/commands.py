"""The command that loads the ZIP table."""

import click
from flask import Blueprint

from provider.kernel.database import unit_of_work
from provider.places import actions

bp = Blueprint("places", __name__, cli_group="places")


@bp.cli.command("load")
def load() -> None:
    """Load the ZIP codes that come with the zipcodes package; running it again replaces them."""
    with unit_of_work():
        number = actions.load()
    click.echo(f"{number:,} ZIP codes loaded.")
