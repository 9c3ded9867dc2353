"""A full disk: the request is refused in words, nothing is stored, and the school goes on once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import db, is_sqlite
from tests.harness.checksums import checksums
from tests.harness.stories import answers, enroll, open_form, someone
from tests.harness.visitor import Visitor


@contextmanager
def _full_disk(app: Flask) -> Iterator[None]:
    """Let no connection make the database file any larger."""

    def limit(connection: sa.Connection) -> None:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        pages = raw.execute("pragma page_count").fetchone()[0]
        raw.execute(f"pragma max_page_count={pages}")

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        sa.event.remove(engine, "begin", limit)
        engine.dispose()


def test_a_full_disk_refuses_in_words_and_stores_nothing(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        if not is_sqlite():
            return  # PostgreSQL answers a full disk as any other loss of its records: see the outages
    open_form(visitor)
    before = checksums(app)
    statuses: list[int] = []
    with _full_disk(app):
        for _ in range(30):
            open_form(visitor)
            page = visitor.client.post("/programs/ccma/enroll", data=_filled(visitor))
            statuses.append(page.status_code)
            if page.status_code != 303:
                assert "Nothing was changed." in page.get_data(as_text=True)
                break
            before = checksums(app)
            visitor = Visitor(app)
    assert statuses[-1] == 503
    assert checksums(app) == before
    assert enroll(Visitor(app), **someone()).startswith("E-")


def _filled(visitor: Visitor) -> dict[str, str]:
    assert visitor.page is not None
    hidden = {each.attrs["name"]: each.attrs["value"] for each in visitor.page.all("main form input[type=hidden]")}
    typed = {name: value for name, value in answers(visitor, **someone()).items() if value is not None}
    return {"plan": "upfront"} | hidden | typed
