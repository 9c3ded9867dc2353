"""What a load balancer asks: alive is the process, ready is its database at the tables it knows."""

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import db, unit_of_work


def test_a_migrated_school_is_ready(app: Flask) -> None:
    client = app.test_client()
    assert (client.get("/health/live").text, client.get("/health/ready").text) == ("alive\n", "ready\n")


def test_other_tables_than_ours_are_not_ready(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    response = app.test_client().get("/health/ready")
    sentence = "the database has not been migrated: run flask --app provider db upgrade\n"
    assert (response.status_code, response.text) == (503, sentence)


def test_a_database_without_tables_is_not_ready(app: Flask) -> None:
    with app.app_context(), unit_of_work():
        db.session.execute(sa.text("DROP TABLE alembic_version"))
    assert app.test_client().get("/health/ready").status_code == 503


def test_a_lost_database_is_alive_and_not_ready(app: Flask) -> None:
    with app.app_context():
        engine = db.engine

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the database is away"))

    sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        client = app.test_client()
        response = client.get("/health/ready")
        alive = client.get("/health/live")
    finally:
        sa.event.remove(engine, "before_cursor_execute", fail)
    assert (response.status_code, response.text) == (503, "the database does not answer\n")
    assert alive.status_code == 200
