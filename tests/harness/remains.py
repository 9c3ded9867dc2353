"""Looking for what is left of somebody: in every table there is."""

import json

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import Model, db


def everywhere(app: Flask, *needles: str) -> dict[str, list[str]]:
    """Return the tables in which one of these texts still stands, with the columns."""
    found: dict[str, list[str]] = {}
    with app.app_context():
        for name, table in Model.metadata.tables.items():
            for row in db.session.execute(sa.select(table)).mappings():
                for column, value in row.items():
                    text = json.dumps(value, ensure_ascii=False, default=str).lower()
                    if any(needle.lower() in text for needle in needles) and column not in found.get(name, []):
                        found.setdefault(name, []).append(str(column))
    return {name: sorted(columns) for name, columns in sorted(found.items())}
