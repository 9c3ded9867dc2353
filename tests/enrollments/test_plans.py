"""Which index SQLite takes for what is asked while a student waits: one that does not grow with the school."""

import pytest
import sqlalchemy as sa

import provider.tables
from provider.enrollments import queries
from provider.enrollments.models import ACTIVE_ROWS, JOINED_ROWS, Enrollment
from provider.kernel.database import Model
from provider.mail.models import ON_ITS_WAY_ROWS, OutboxLetter

assert provider.tables.__doc__  # every table, for their foreign keys
_ACTIVE = sa.select(Enrollment.id).where(Enrollment.program_id == 1, Enrollment.id != 1, ACTIVE_ROWS)


@pytest.mark.parametrize(
    "query, index",
    [
        (queries._OPEN, "uq_enrollment_submission (submission_key=? AND program_id=?)"),
        (
            sa.select(Enrollment.id).where(Enrollment.submission_key == "x", Enrollment.person_id.is_(None)),
            "ix_enrollment_submission_key_person_id (submission_key=? AND person_id=?)",
        ),
        (
            _ACTIVE.where(Enrollment.claimed_email == "x"),
            "uq_enrollment_active_email (claimed_email=? AND program_id=?)",
        ),
        (_ACTIVE.where(Enrollment.person_id == 1, JOINED_ROWS), "uq_enrollment_person (person_id=? AND program_id=?)"),
        (
            sa.select(OutboxLetter.id).where(OutboxLetter.recipient == "x", OutboxLetter.id < 9, ON_ITS_WAY_ROWS),
            "ix_letter_recipient_id (recipient=? AND id<?)",
        ),
    ],
    ids=["the open one of a browser", "all of a browser", "active by address", "active by person", "letters before"],
)
def test_a_question_asked_on_the_way_takes_the_narrow_index(query: sa.Select[int], index: str) -> None:
    engine = sa.create_engine("sqlite://")
    Model.metadata.create_all(engine)
    compiled = query.compile(engine, compile_kwargs={"render_postcompile": True})
    with engine.connect() as connection:
        bound = tuple(None for _ in compiled.positiontup or ())
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", bound).all()
    assert [row[3].replace("COVERING ", "").partition(" USING INDEX ")[2] for row in plan] == [index]
    engine.dispose()
