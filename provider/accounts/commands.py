"""The commands that let the first administrator in, and the one whose phone is lost."""

import click
from flask import Blueprint

from provider.accounts import actions, factors, queries
from provider.kernel import clock, text
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work

bp = Blueprint("accounts_commands", __name__, cli_group="accounts")


@bp.cli.command("first-admin")
def first_admin() -> None:
    """Print a link of one hour that makes the first administrator."""
    with unit_of_work():
        address = actions.first_admin_link(at=clock.now())
    click.echo(address or "There is an administrator already. Administrators invite others on the staff pages.")


@bp.cli.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Take off the second factor of EMAIL, whose phone and recovery codes are lost."""
    person = queries.by_email(text.email_address(email) or "")
    if person is None:
        raise click.ClickException(f"Nobody here has the address {email}. Check how it is written.")
    reference = person.reference
    try:
        with unit_of_work():
            factors.reset(person=queries.by_reference(reference, lock=True), actor=SYSTEM, at=clock.now())
    except factors.NoFactor:
        raise click.ClickException(f"{email} has no second factor. Nothing was changed.") from None
    click.echo(f"The second factor of {email} is off, and every session of theirs has ended. A letter tells them.")
    click.echo("They sign in with their password, and are led to set up a new app where the school requires one.")
