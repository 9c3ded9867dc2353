"""Whether this process can do its work: the database answers and its tables are those the software knows."""

from functools import lru_cache

import sqlalchemy as sa

from config import ROOT
from provider.kernel.database import db

AWAY = "the database does not answer"
BEHIND = "the database has not been migrated: run flask --app provider db upgrade"


def problem() -> str | None:
    """Return what keeps the application from working, or None."""
    try:
        found = db.session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except sa.exc.ProgrammingError:
        db.session.rollback()
        return BEHIND
    except sa.exc.SQLAlchemyError as error:
        db.session.rollback()
        return BEHIND if "no such table" in str(error) else AWAY
    return None if found == _newest() else BEHIND


@lru_cache(maxsize=1)
def _newest() -> str | None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - heavy, and asked for once

    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()
