"""A person's copy of everything held about them: as a page to read, and as one file."""

import base64
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from provider.kernel.database import db
from provider.kernel.days import written
from provider.kernel.money import dollars
from provider.kernel.web import when
from provider.oversight.personal import Subject
from provider.oversight.personal_finders import Held, Section
from provider.oversight.personal_map import HELD

MOST_SHOWN = 200  # of one table on the page; the file has all of them
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one table as the page shows them: labels over cells in words; ``more`` stand in the file alone."""

    name: str
    labels: tuple[str, ...]
    rows: list[list[str]]
    more: bool


def page(subject: Subject) -> dict[Section, list[Part]]:
    """Return what the page shows, by section; one statement for each table."""
    parts: dict[Section, list[Part]] = {section: [] for section in Section}
    for held in HELD:
        if not held.shown:
            continue
        found = _rows(held, subject, held.shown, MOST_SHOWN + 1)
        rows = [_cells(held, row, subject.zone) for row in found[:MOST_SHOWN]]
        if rows:
            parts[held.section].append(Part(held.name, tuple(held.shown.values()), rows, len(found) > MOST_SHOWN))
    return {section: found for section, found in parts.items() if found}


def _cells(held: Held, row: dict[str, Any], zone: str) -> list[str]:
    """Return a row in words; its first cell names it, so it is never empty."""
    first, *others = (said(name, row[name], zone) for name in held.shown)
    return [first or "Not given", *others]


def file(subject: Subject, *, school: str, at: dt.datetime) -> dict[str, Any]:
    """Return the whole copy as plain JSON values, and with it what is left out and why."""
    return {
        "school": school,
        "made_at": at.isoformat(),
        "about": list(subject.references),
        "held": {held.name: _plain(_rows(held, subject, held.handed_out)) for held in HELD},
        "left_out": [
            {"part": held.name, "column": column, "why": why}
            for held in HELD
            for column, why in sorted(held.hidden.items())
        ],
    }


def _rows(held: Held, subject: Subject, columns: Iterable[str], most: int | None = None) -> Rows:
    table = held.table
    query = sa.select(*(table.c[name] for name in columns)).where(held.finds(subject))
    found = db.session.execute(query.order_by(*table.primary_key.columns).limit(most))
    return [dict(row._mapping) for row in found]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def _plain(rows: Rows) -> Rows:
    return [{name: _value(value) for name, value in row.items()} for row in rows]


def _value(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Return a value as JSON knows it: instants and dates by ISO 8601, bytes in base 64."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.value if isinstance(value, Enum) else value


def said(column: str, value: Any, zone: str) -> str:  # noqa: ANN401 - whatever a column holds
    """Return a value as a person reads it; nothing for what is not there."""
    if value is None:
        return ""
    if column.endswith("_cents"):
        return dollars(value)
    if isinstance(value, dt.datetime):
        return when(value, zone)
    if isinstance(value, dt.date):
        return written(value)
    if isinstance(value, Enum):
        return str(getattr(value, "label", None) or _words(value.value))
    return _words(value) if column in {"event", "purpose"} else f"{value:,}" if column == "size" else str(value)


def _words(name: str) -> str:
    return name.replace(".", ": ").replace("_", " ").capitalize()
