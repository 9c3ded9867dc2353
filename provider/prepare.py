"""Makes an instance ready to serve: folders, tables, ZIP codes, a catalog, and a way in for the first administrator."""

import logging
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Blueprint

from provider.accounts.actions import first_admin_link
from provider.catalog.actions import SAMPLE, load_file
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.settings import settings
from provider.places.actions import load as load_places
from provider.places.models import Place
from provider.programs.models import Program
from provider.school import queries as school

bp = Blueprint("prepare", __name__, cli_group=None)


@bp.cli.command("prepare")
def prepare() -> None:
    """Create or upgrade the database, fill what is empty, and print the address."""
    import flask_migrate  # noqa: PLC0415 - heavy, and web processes load this module, too

    settings().INSTANCE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate.upgrade()
    school.refresh()
    known = settings()
    if db.session.scalar(sa.select(Place.zip).limit(1)) is None:
        with unit_of_work():
            load_places()
    if db.session.scalar(sa.select(Program.id).limit(1)) is None:
        _load_catalog(Path(known.CATALOG_FILE) if known.CATALOG_FILE else SAMPLE)
    click.echo(f"\n  {known.SCHOOL_NAME}: {known.BASE_URL}\n")
    with unit_of_work():
        link = first_admin_link(at=clock.now())
    if link is not None:
        click.echo(f"  There is no administrator yet. This link makes the first one, once, within an hour:\n  {link}\n")


def _load_catalog(file: Path) -> None:
    with unit_of_work():
        changes = load_file(file, actor=SYSTEM, at=clock.now())
    click.echo(f"  {file.name}: {len(changes)} entries loaded.")
