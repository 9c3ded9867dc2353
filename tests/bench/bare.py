"""The yardstick: a bare Flask application, written to be fast: SQLAlchemy Core, prepared statements and templates.

It has no sign-in, no CSRF token, no validation, no history and no letters, and stands behind the same gunicorn
settings on the same database with the same durability as the product.
"""

import datetime as dt
import hashlib
import hmac
import json
import os
import secrets
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Engine

from provider.kernel.registry import install

TABLES = sa.MetaData()
STUDENT = sa.Table(
    "student",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
)
ENROLLMENT = sa.Table(
    "enrollment",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(16), nullable=False, unique=True),
    sa.Column("student_id", sa.ForeignKey("student.id"), nullable=False),
    sa.Column("program", sa.String(32), nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("cents", sa.BigInteger, nullable=False),
    sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
)
EVENT = sa.Table(
    "event",
    TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("service_id", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("object_id", sa.String(64), nullable=False),
)
ROWS_ON_A_PAGE = 100
PLANS = [("Upfront", 129_900, 1), ("Installments", 149_900, 4)]
READY_BYTES = "BENCH_BYTES"
SECRET = "BENCH_SECRET"
LESSONS = [(number, f"Lesson {number}", number * 7 % 50 + 10, number * 3 % 40) for number in range(1, 61)]

_IDS = (
    sa.select(ENROLLMENT.c.id)
    .where(ENROLLMENT.c.id < sa.bindparam("before"))
    .order_by(ENROLLMENT.c.id.desc())
    .limit(ROWS_ON_A_PAGE)
    .subquery()
)
LIST = (
    sa.select(ENROLLMENT, STUDENT.c.name, STUDENT.c.email)
    .join(_IDS, _IDS.c.id == ENROLLMENT.c.id)
    .join(STUDENT, STUDENT.c.id == ENROLLMENT.c.student_id)
    .order_by(ENROLLMENT.c.id.desc())
)
ONE = (
    sa.select(ENROLLMENT, STUDENT.c.name, STUDENT.c.email)
    .join(STUDENT, STUDENT.c.id == ENROLLMENT.c.student_id)
    .where(ENROLLMENT.c.reference == sa.bindparam("wanted"))
)
ADD_STUDENT = sa.insert(STUDENT)
ADD_ENROLLMENT = sa.insert(ENROLLMENT)
ADD_EVENT = "INSERT INTO event (service_id, kind, object_id) VALUES ({0}, {0}, {0}) ON CONFLICT DO NOTHING"


def make_engine(url: str) -> Engine:
    """Connect as the product does: WAL, FULL and foreign keys on SQLite; PostgreSQL as it stands."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
    connection.isolation_level = None
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "busy_timeout=5000"):
        connection.execute(f"pragma {pragma}")


def create_app() -> Flask:
    """Build the application on DATABASE_URL."""
    app = Flask("bare", root_path=os.path.dirname(__file__))  # noqa: PTH120 - Flask wants text
    install(app)  # empty: gunicorn's settings, the product's, ask it whether anything speaks against starting
    engine = make_engine(os.environ["DATABASE_URL"])
    sqlite = engine.dialect.name == "sqlite"
    # A lone SELECT needs no transaction: the connections to SQLite begin none by themselves.
    reading = engine if sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
    page, listing, form, done = (
        app.jinja_env.get_template(f"{name}.html") for name in ("page", "list", "form", "done")
    )

    @app.get("/page")
    def show() -> str:
        return page.render(title="Clinical Medical Assistant", plans=PLANS, lessons=LESSONS)

    ready = b"x" * int(os.environ.get(READY_BYTES, "0"))
    etag = hashlib.sha256(ready).hexdigest()

    @app.get("/ready")
    def ready_made() -> bytes:
        return ready

    @app.get("/tagged")
    def tagged() -> ResponseReturnValue:
        response = Response(ready, content_type="text/html; charset=utf-8")
        response.set_etag(etag)
        return response.make_conditional(request)

    @app.get("/list")
    def index() -> str:
        with reading.connect() as connection:
            rows = connection.execute(LIST, {"before": request.args.get("before", 2**31 - 1, type=int)}).all()
        return listing.render(rows=rows, older=rows[-1].id if rows else None)

    @app.get("/enroll")
    def new() -> str:
        return form.render(title="Clinical Medical Assistant", plans=PLANS)

    @app.post("/enroll")
    def create() -> ResponseReturnValue:
        given, reference = request.form, secrets.token_hex(8)
        with engine.connect() as connection:
            if sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            added = connection.execute(ADD_STUDENT, {"name": given["name"], "email": given["email"]})
            student = added.inserted_primary_key
            connection.execute(
                ADD_ENROLLMENT,
                {
                    "reference": reference,
                    "student_id": student[0] if student else None,
                    "program": given["program"],
                    "state": "started",
                    "cents": 129_900,
                    "accepted_at": dt.datetime.now(dt.UTC),
                },
            )
            connection.commit()
        return redirect(f"/enrolled/{reference}", code=303)

    @app.get("/enrolled/<reference>")
    def enrolled(reference: str) -> str:
        with reading.connect() as connection:
            return done.render(row=connection.execute(ONE, {"wanted": reference}).one())

    _take_events(app, engine)
    return app


def _take_events(app: Flask, engine: Engine) -> None:
    """Take in signed events, each once."""
    sqlite = engine.dialect.name == "sqlite"
    secret = os.environ.get(SECRET, "").encode()
    add_event = ADD_EVENT.format("?" if sqlite else "%s")

    @app.post("/hook")
    def hook() -> str:
        body, (at, given) = request.get_data(), request.headers["Stripe-Signature"].removeprefix("t=").split(",v1=")
        if not hmac.compare_digest(hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest(), given):
            abort(400)
        event = json.loads(body)
        with engine.connect() as connection:
            if sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql(add_event, (event["id"], event["type"], event["data"]["object"]["id"]))
            connection.commit()
        return "Stored."


def fill(url: str, count: int) -> None:
    """Make the tables with this many enrollments."""
    engine = make_engine(url)
    TABLES.create_all(engine)
    at = dt.datetime.now(dt.UTC)
    students = [{"id": n, "name": f"Student {n}", "email": f"s{n}@example.org"} for n in range(1, count + 1)]
    enrollments = [
        {"reference": f"R{n}", "student_id": n, "program": "ccma", "state": "active", "cents": n, "accepted_at": at}
        for n in range(1, count + 1)
    ]
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(ADD_STUDENT, students)
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval('student_id_seq', (SELECT max(id) FROM student))")
        connection.execute(ADD_ENROLLMENT, enrollments)
        connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
