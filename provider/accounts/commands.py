"""The command that lets the first administrator in."""

import click
from flask import Blueprint

from provider.accounts import actions
from provider.kernel import clock
from provider.kernel.database import unit_of_work

bp = Blueprint("accounts_commands", __name__, cli_group="accounts")


@bp.cli.command("first-admin")
def first_admin() -> None:
    """Print a link of one hour that makes the first administrator."""
    with unit_of_work():
        address = actions.first_admin_link(at=clock.now())
    click.echo(address or "There is an administrator already. Administrators invite others on the staff pages.")
