"""The command that checks the data files of careers."""

import click
from flask import Blueprint

from provider.careers import rules
from provider.careers.queries import library
from provider.kernel import clock
from provider.kernel.settings import settings

bp = Blueprint("careers-data", __name__, cli_group="careers")


@bp.cli.command("check")
def check() -> None:
    """Check the data files of careers, and list the figures that are old or superseded.

    A file that cannot be used is named at every start, this command's too, with line, key and reason.
    """
    known, today, months = library(), clock.now().date(), settings().FIGURE_MONTHS
    figures = known.figures()
    click.echo(f"{len(known.careers)} careers, {len(figures)} figures that may be shown, {len(known.sources)} sources.")
    for figure in figures:
        said = f"{figure.key}: {figure.metric.label}, {figure.written}, {figure.period.label if figure.period else ''}"
        if rules.superseded(figure, figures):
            click.echo(f"Superseded: {said}. Move it into the history.")
        elif rules.older_than(figure, months, today):
            click.echo(f"Older than {months} months: {said}. Look for a newer one.")
