"""Migrations, ready for whoever asks: web processes never do, and their libraries are a third of a start."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click
from flask import Flask

from provider.kernel.database import db


def install(app: Flask, folder: Path) -> None:
    """Let `flask db` and flask_migrate's functions find the migrations."""
    app.extensions["migrate"] = _Asked(app, folder)
    app.cli.add_command(_Commands("db", short_help="Perform database migrations."))


class _Asked:
    """Stands where Flask-Migrate keeps its settings, and makes way for them when the first of them is read."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._app, self._folder = app, folder

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the setting is
        import_module("flask_migrate").Migrate(
            self._app, db, directory=str(self._folder), render_as_batch=True, compare_type=True
        )
        return getattr(self._app.extensions["migrate"], name)


class _Commands(click.Group):
    """The commands of Flask-Migrate, read when one of them is called."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - passed on as they are
        """Go on with the commands themselves."""
        commands: click.Group = import_module("flask_migrate.cli").db
        return commands.make_context(*args, **kwargs)
