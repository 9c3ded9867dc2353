"""Makes an instance ready to serve: folders, tables, ZIP codes, a catalog, and a way in for the first administrator."""

import logging
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Blueprint

from provider.accounts.actions import first_admin_link
from provider.catalog.actions import SAMPLE, load_file
from provider.documents.actions import ask_for_sample
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.datafiles import BrokenFile
from provider.kernel.registry import Registry
from provider.kernel.settings import settings
from provider.places.actions import load as load_places
from provider.places.models import Place
from provider.programs.models import Program
from provider.programs.queries import programs
from provider.school import queries as school
from provider.tuition.queries import sample_sold

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
    problem = sample_with_live_keys()
    if problem is not None:
        raise click.ClickException(problem)
    click.echo(f"\n  {known.SCHOOL_NAME}: {known.BASE_URL}\n")
    with unit_of_work():
        link = first_admin_link(at=clock.now())
    if link is not None:
        click.echo(f"  There is no administrator yet. This link makes the first one, once, within an hour:\n  {link}\n")


def sample_with_live_keys() -> str | None:
    """Say that live keys and a sample plan on sale do not go together, naming the plan; None when they do not meet."""
    sold = sample_sold() if settings().live_cards else None
    if sold is None:
        return None
    return (
        f"The keys of Stripe are live, and {sold} is a sample on sale: students would pay an invented price. "
        "Start without the keys, make the plan your own or take it off sale, and set the keys then."
    )


def register(registry: Registry) -> None:
    """Hand in what every process asks before it starts, also where nobody prepared anything."""
    registry.start_checks.append(sample_with_live_keys)


def _load_catalog(file: Path) -> None:
    try:
        with unit_of_work():
            changes = load_file(file, actor=SYSTEM, at=clock.now())
            samples = [one for one in programs() if one.versions and one.versions[0].sample]
            asked = ask_for_sample(programs=samples, actor=SYSTEM, at=clock.now())
    except BrokenFile as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"  {file.name}: {len(changes)} entries loaded, {asked} sample documents asked for.")
