"""What the school set for itself: as it is in the database, and as this process last took it up.

The settings of a process are one value. What a school changes replaces it whole, so that nobody ever sees half of a
change; whoever remembers something that was made from the settings compares the value it was made from.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask, current_app

from config import Config, ConfigError
from provider.history.models import History
from provider.kernel.database import db, table
from provider.kernel.settings import settings
from provider.school import accent
from provider.school.models import SchoolSetting
from provider.school.rules import EVENT, REFERENCE, Key, overlaid

_SETTINGS = table(SchoolSetting).c
_STORED = sa.select(_SETTINGS.key, _SETTINGS.value)
_HELD = "school"


@dataclass(slots=True)
class Held:
    """The operator's settings, and what this process knows of the school's own."""

    operators: Config
    stored: Mapping[str, str] = field(default_factory=dict)
    changing: threading.Lock = field(default_factory=threading.Lock)


def install(app: Flask, config: Config) -> None:
    """Begin with the operator's settings; raises ConfigError when a school could not wear its color."""
    if config.ACCENT_COLOR and not accent.is_color(config.ACCENT_COLOR):
        raise ConfigError(f"ACCENT_COLOR is “{config.ACCENT_COLOR}”; write it like #7a1f5c, in small letters.")
    if config.ACCENT_COLOR and (sentence := accent.problem(config.ACCENT_COLOR)) is not None:
        raise ConfigError(f"ACCENT_COLOR cannot be used. {sentence}")
    app.extensions[_HELD] = Held(config)
    app.extensions["settings"] = config


def _held() -> Held:
    found: Held = current_app.extensions[_HELD]
    return found


def operators() -> Config:
    """Return the settings of the environment, before the school's own."""
    return _held().operators


def stored() -> Mapping[str, str]:
    """Return what this process last saw of what the school set for itself; no statement."""
    return _held().stored


def chosen() -> frozenset[str]:
    """Return the names of the settings that somebody has set, the operator or the school; no statement."""
    return frozenset({key for key in Key if key in operators().given or key in stored()})


def read() -> dict[str, str]:
    """Read what the school set for itself."""
    return {str(key): value for key, value in db.session.execute(_STORED)}


def refresh() -> None:
    """Take up what the school set for itself by now; one statement, and nothing else as long as it is the same."""
    take_up(read())


def take_up(now: Mapping[str, str]) -> None:
    """Let the settings of this process be those of the operator with these of the school, at once and whole."""
    held = _held()
    with held.changing:
        if now != held.stored:
            current_app.extensions["settings"] = overlaid(held.operators, now)
            held.stored = now


def setting(key: Key, *, lock: bool = False) -> SchoolSetting | None:
    """Return what the school set for one setting, or None."""
    query = sa.select(SchoolSetting).where(SchoolSetting.key == key)
    return db.session.scalar(query.with_for_update() if lock else query)


def domains_ever() -> frozenset[str]:
    """Return every domain that the school's mailboxes have had since its first setting, and the present one."""
    query = sa.select(History.data).where(History.subject_reference == REFERENCE, History.event == EVENT)
    changes = [data for data in db.session.scalars(query) if data["setting"] == Key.DOMAIN]
    return frozenset({settings().MAIL_DOMAIN} | {data[one] for data in changes for one in ("old", "new")})
