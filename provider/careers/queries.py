"""The library of this process, and the addresses of its pages."""

import datetime as dt
from itertools import combinations
from pathlib import Path

from flask import Flask, current_app, url_for

from config import Config, ConfigError
from provider.careers import loading
from provider.careers.library import Library
from provider.careers.rules import address_of

_NAME = "careers"


def install(app: Flask, config: Config) -> None:
    """Read the data files; raises BrokenFiles with file, line and reason, or ConfigError for a missing folder."""
    folders = [loading.DATA]
    if config.CAREERS_DIR:
        folders.append(Path(config.CAREERS_DIR))
        if not folders[-1].is_dir():
            message = f"CAREERS_DIR is “{config.CAREERS_DIR}”, and there is no such folder."
            raise ConfigError(message)
    app.extensions[_NAME] = loading.load(*folders)


def library() -> Library:
    """Return what was read at start; nothing of it can be changed."""
    found: Library = current_app.extensions[_NAME]
    return found


def addresses() -> dict[str, dt.date]:
    """Return the pages of careers, of their pairs and of edited comparisons, each with the day of its last change."""
    known = library()
    changed = {slug: career.updated_on for slug, career in known.careers.items()}
    last = max(changed.values())
    found = {url_for(f"careers.{name}"): last for name in ("index", "licensing", "sources")}
    for slug, day in changed.items():
        found[url_for("careers.show", address=slug)] = day
        found[url_for("careers.history", address=slug)] = day
    for pair in combinations(changed, 2):
        found[url_for("careers.show", address=address_of(pair))] = max(changed[slug] for slug in pair)
    for edited in known.comparisons.values():
        day = max([edited.updated_on, *(changed[slug] for slug in edited.careers)])
        found[url_for("careers.show", address=address_of(edited.careers))] = day
    return found
