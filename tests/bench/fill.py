"""Fills the product's database: one enrollment by its own action, then copies of all its rows by bulk SQL."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from config import Config
from provider.accounts import actions as accounts
from provider.accounts.passwords import hash_password
from provider.app import create_app
from provider.catalog import queries as catalog
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import Model, db, unit_of_work
from provider.kernel.references import ALPHABET
from provider.policies import queries as policies

EMAIL = "admin@example.org"
PASSWORD = "a long and quiet password"
FIRST_NAMES = ("Ana", "Ben", "Chloe", "Dmitri", "Efua", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Kira")
LAST_NAMES = ("Abbott", "Baker", "Castro", "Diaz", "Evans", "Fischer", "Garcia", "Huang", "Ibrahim", "Jones", "Kumar")


def fill(environ: Mapping[str, str], first: int, last: int) -> None:
    """Add enrollments number ``first`` to ``last`` with all that belongs to them; with the first, an administrator."""
    app = create_app(Config.load(environ))
    with app.app_context():
        if first == 1:
            _admin()
            _one_enrollment()
        with unit_of_work():
            _multiply(first, last)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if db.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("VACUUM ANALYZE")  # what its own daemon would do within a minute
        db.engine.dispose()


def _admin() -> None:
    hashed, at = hash_password(PASSWORD), clock.now()
    with unit_of_work():
        accounts.first_admin(name="Ada Admin", email=EMAIL, password_hash=hashed, actor=SYSTEM, at=at)


def _one_enrollment() -> None:
    at = clock.now()
    answers = enrollments.Answers(
        legal_name="Tom Template",
        email="template@example.org",
        phone=None,
        state_code="NY",
        zip="10001",
        zone="America/New_York",
        signature="Tom Template",
    )
    with unit_of_work():
        offer = catalog.offer(catalog.read().programs[0].slug)
        enrollments.accept(
            answers=answers,
            offer=offer,
            plan=max(offer.plans, key=lambda plan: plan.count),
            policy=policies.in_force(at),
            browser="0" * 64,
            client_address="127.0.0.1",
            actor=SYSTEM,
            at=at,
        )


def _multiply(first: int, last: int) -> None:
    """Copy the rows of the first enrollment: six of ten are active and paid once, three wait, one is completed."""
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) "  # noqa: S608 - our own numbers
    programs = db.session.scalars(sa.text("SELECT id FROM program ORDER BY id")).all()
    base = len(ALPHABET)
    letters = [f"substr('{ALPHABET}', n / {base**place} % {base} + 1, 1)" for place in range(5, -1, -1)]
    reference = f"'E-ZZ' || {' || '.join(letters)}"
    first_name, last_name = _pick(FIRST_NAMES, "n"), _pick(LAST_NAMES, f"n / {len(FIRST_NAMES)}")
    paid, enrollment_id = "(n % 10 < 6 OR n % 10 = 9)", "(SELECT min(id) FROM enrollment) + n"
    _copy(
        Enrollment,
        numbers,
        "id",
        id=enrollment_id,
        reference=reference,
        program_id=_pick(programs, "n"),
        state="CASE WHEN n % 10 < 6 THEN 'active' WHEN n % 10 < 9 THEN 'started' ELSE 'completed' END",
        submission_key="'browser-' || n",
        legal_name=f"{first_name} || ' ' || {last_name}",
        claimed_email="'student' || n || '@example.org'",
        purchased_at=f"CASE WHEN {paid} THEN t.accepted_at END",
        completed_at="CASE WHEN n % 10 = 9 THEN t.accepted_at END",
        hold_on="CASE WHEN n % 100 = 0 THEN date('2026-01-31') END",
    )
    _copy(Agreement, numbers, "enrollment_id", enrollment_id=enrollment_id)
    _copy(
        Installment,
        numbers,
        "enrollment_id",
        id="",
        enrollment_id=enrollment_id,
        paid_cents=f"CASE WHEN t.number = 1 AND {paid} THEN t.amount_cents ELSE 0 END",
        state=f"CASE WHEN t.number = 1 AND {paid} THEN 'paid' ELSE 'scheduled' END",
    )
    words = [first_name, last_name, "'student' || n", "'student' || n || '@example.org'", "'example'", "'org'", "'e'",
             f"substr({reference}, 3)", reference]  # fmt: skip
    for word in words:
        filed = f"SELECT lower({word}), 'enrollment', {enrollment_id} FROM numbers"  # noqa: S608 - our own words
        db.session.execute(sa.text(f"{numbers} INSERT INTO search_word (word, kind, subject_id) {filed}"))
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SELECT setval('enrollment_id_seq', (SELECT max(id) FROM enrollment))"))


def _copy(model: type[Model], numbers: str, key: str, **changed: str) -> None:
    """Insert a copy of the template's rows per number, other values in some columns; an empty one is left out."""
    table = model.__tablename__
    columns = {column.name: changed.get(column.name, f't."{column.name}"') for column in model.__table__.columns}
    given = {name: value for name, value in columns.items() if value}
    names, values = ", ".join(f'"{name}"' for name in given), ", ".join(given.values())
    template = f"FROM {table} t, numbers WHERE t.{key} = (SELECT min(id) FROM enrollment)"  # noqa: S608 - our own names
    db.session.execute(sa.text(f"{numbers} INSERT INTO {table} ({names}) SELECT {values} {template}"))


def _pick(values: Sequence[str] | Sequence[int], n: str) -> str:
    arms = " ".join(f"WHEN {i} THEN {value!r}" for i, value in enumerate(values))
    return f"CASE {n} % {len(values)} {arms} END"
