"""The mailroom process."""

import asyncio
import logging
import sys

import click
from flask import Blueprint, Flask, current_app

from provider.kernel.settings import settings
from provider.kernel.starting import why_not
from provider.mailroom.rules import PORT_TAKEN

bp = Blueprint("mailroom", __name__, cli_group=None)


@bp.cli.command("mailroom")
def mailroom() -> None:
    """Take mail for the school's mailboxes by SMTP and LMTP, until interrupted."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout, level=logging.INFO)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of every command
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - behind the proxy
    problem = why_not(app)
    if problem is not None:
        raise click.ClickException(problem)
    from provider.mailroom.listener import serve_until_interrupted  # noqa: PLC0415 - no other process needs aiosmtpd

    host, port = settings().MAILROOM_HOST, settings().MAILROOM_PORT
    try:
        asyncio.run(serve_until_interrupted(app, listening=lambda bound: _say(host, bound)))
    except (OSError, OverflowError) as error:
        click.echo(
            f"The mailroom takes no mail: it cannot listen on {host}, port {port} ({error}). Everything else goes on. "
            "Set MAILROOM_PORT to a free port, or end what uses this one, and start again.",
            err=True,
        )
        sys.exit(PORT_TAKEN)


def _say(host: str, port: int) -> None:
    click.echo(f"The mailroom takes mail on {host}, port {port}, by SMTP and LMTP.")
