"""The command that lets the first administrator in."""

import datetime as dt

import click
from flask import Blueprint

from provider.accounts import actions, queries
from provider.accounts.rules import FIRST_ADMIN, FIRST_ADMIN_SUBJECT, LINK_HOURS_FIRST_ADMIN
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from provider.kernel.settings import settings

bp = Blueprint("accounts_commands", __name__, cli_group="accounts")


@bp.cli.command("first-admin")
def first_admin() -> None:
    """Print a link of one hour that makes the first administrator."""
    address = first_admin_link()
    click.echo(address or "There is an administrator already. Administrators invite others on the staff pages.")


def first_admin_link() -> str | None:
    """Return a fresh single-use link as long as there is no administrator; older ones stop working."""
    if queries.has_admin():
        return None
    now = clock.now()
    with unit_of_work():
        actions.revoke_links(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=now)
        lasts = dt.timedelta(hours=LINK_HOURS_FIRST_ADMIN)
        link = actions.make_link(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=now, lasts=lasts)
        return f"{settings().BASE_URL}/links/{actions.token_of(link)}"
