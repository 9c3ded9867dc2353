"""What nobody needs any more goes when its months are over, not an instant earlier; a dry run tells the same."""

import datetime as dt
import json

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.models import PersonSession
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind
from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipRequest
from provider.files.models import File
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState, Mailbox
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import MailState
from provider.mailroom.storing import Arrival, store
from provider.oversight import retention
from provider.oversight.models import Erasure
from provider.oversight.rules import kept_since, months_before
from provider.tasks.models import Task
from provider.threads import queries as threads
from provider.threads import sorting
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import ThreadState
from tests.harness import externs, papers
from tests.harness import season as steps
from tests.harness.audit import assert_clean
from tests.harness.checksums import checksums
from tests.harness.mail_in import ENQUIRIES, came, mail
from tests.harness.season import STAFF, Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

LONG = dt.timedelta(days=31 * 25)


@pytest.mark.parametrize(
    "now, months, then",
    [
        ("2026-11-22T10:00:00", 12, "2025-11-22T10:00:00"),
        ("2026-03-31T10:00:00", 1, "2026-02-28T10:00:00"),
        ("2028-03-31T10:00:00", 1, "2028-02-29T10:00:00"),
        ("2026-01-15T00:00:00", 1, "2025-12-15T00:00:00"),
        ("2026-12-31T23:59:59", 6, "2026-06-30T23:59:59"),
        ("2028-02-29T12:00:00", 12, "2027-02-28T12:00:00"),
        ("2026-11-22T10:00:00", 0, "2026-11-22T10:00:00"),
    ],
)
def test_months_are_those_of_the_calendar(now: str, months: int, then: str) -> None:
    instant = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    assert months_before(instant, months) == dt.datetime.fromisoformat(then).replace(tzinfo=dt.UTC)


def test_no_months_keep_it_for_good() -> None:
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    assert kept_since(now, 0) is None
    assert kept_since(now, 1) == dt.datetime(2026, 10, 22, tzinfo=dt.UTC)


@pytest.fixture
def season(app: Flask, cardless: Season) -> Season:
    made = cardless
    with app.app_context(), unit_of_work():
        steps.cancel(made["started"], clock.now())
        asked = sa.select(Thread.reference).where(Thread.correspondent == "dana@example.org")
        sorting.close(threads.by_reference(db.session.scalars(asked).one(), lock=True), actor=STAFF, at=clock.now())
    return made


def ran(app: Flask, *words: str, after: dt.timedelta = LONG) -> list[str]:
    with time_machine.travel(clock.now() + after, tick=False):
        result = app.test_cli_runner().invoke(args=["retention", *words])
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.output.splitlines()]


def test_a_dry_run_tells_what_a_run_does_and_changes_nothing(app: Flask, season: Season) -> None:
    visitor = Visitor(app)
    sign_in(visitor, season["fresh"].email)
    visitor.post("/sign-out", {})
    before = checksums(app, frozenset())
    told = ran(app, "--dry-run")
    assert checksums(app, frozenset()) == before
    done = ran(app)
    assert (told[-1], done[-1]) == ("Nothing was changed.", "Done.")
    assert told[:-1] == done[:-1]
    counts = {line.partition(" ")[2]: int(line.split()[0].replace(",", "")) for line in told[:-1]}
    assert list(counts) == [
        "texts of letters (kept 24 months)",
        "answered messages of earlier versions (kept 12 months)",
        "answered mail and messages (kept 12 months)",
        "mails as they came in (kept 24 months)",
        "documents for externships (kept 12 months)",
        "ended sessions (kept 6 months)",
        "personal links that nobody used (kept 6 months)",
        "counts of tries (kept 30 days)",
        "canceled enrollments that nobody proved (kept 12 months)",
    ]
    assert counts["answered messages of earlier versions (kept 12 months)"] == 0
    assert counts["answered mail and messages (kept 12 months)"] > 1
    assert counts["ended sessions (kept 6 months)"] == 1
    assert counts["canceled enrollments that nobody proved (kept 12 months)"] == 1
    assert (
        min(counts["texts of letters (kept 24 months)"], counts["personal links that nobody used (kept 6 months)"]) > 3
    )
    assert [line.split()[0] for line in ran(app)[:-1]] == ["0"] * 9


def test_only_what_is_over_goes(app: Flask, season: Season) -> None:
    ran(app)
    who, kept = season["started"], season["canceled"]
    with app.app_context():
        gone = db.session.scalars(sa.select(Enrollment).where(Enrollment.reference == who.enrollment)).one()
        stays = db.session.scalars(sa.select(Enrollment).where(Enrollment.reference == kept.enrollment)).one()
        assert gone.legal_name.startswith("Erased on ")
        assert (stays.legal_name, stays.claimed_email) == (kept.name, kept.email)
        assert [row.about for row in db.session.scalars(sa.select(Erasure))] == [who.enrollment]
        letters = db.session.scalars(sa.select(OutboxLetter)).all()
        left = [[row.values, row.body_text, row.body_html] for row in letters if row.state is not LetterState.QUEUED]
        texts = json.dumps(left, ensure_ascii=False)
        assert [each.name for each in season.students.values() if each.name in texts] == []
        receipts = [row for row in letters if row.template == "receipt" and row.recipient == season["fresh"].email]
        assert "Receipt" in (receipts[0].subject or "")
        over = (ThreadState.ANSWERED, ThreadState.CLOSED, ThreadState.SPAM, ThreadState.MERGED)
        threads_now = db.session.scalars(sa.select(Thread)).all()
        removed = {one.state for one in threads_now if one.subject.startswith("Removed on ")}
        assert removed == set(over)
        assert [one.state for one in threads_now if one.subject.startswith("Erased on ")] == []
        assert {one.correspondent_name for one in threads_now if one.state in over} == {""}
    assert_clean(app)


def test_nothing_goes_before_its_time(app: Flask, season: Season) -> None:
    visitor = Visitor(app)
    sign_in(visitor, season["fresh"].email)
    told = ran(app, after=dt.timedelta(days=20))
    assert [line.split()[0] for line in told[:-1]] == ["0"] * 9


def test_the_last_instant_is_still_kept(app: Flask, season: Season) -> None:
    with app.app_context():
        ended = db.session.scalars(
            sa.select(Enrollment.ended_at).where(Enrollment.reference == season["started"].enrollment)
        ).one()
        assert ended is not None
        on_the_day = ended.replace(year=ended.year + 1)
        by_rule = {rule.what: rule for rule in retention.rules(on_the_day)}
        assert by_rule["canceled enrollments that nobody proved"].count() == 0
        later = {rule.what: rule for rule in retention.rules(on_the_day + dt.timedelta(microseconds=1))}
        assert later["canceled enrollments that nobody proved"].count() == 1


def test_many_rows_go_in_parts(app: Flask, season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for _ in range(5):
        visitor = Visitor(app)
        sign_in(visitor, season["fresh"].email)
        visitor.post("/sign-out", {})
    assert ran(app)[5].startswith("5 ended sessions")
    with app.app_context():
        assert db.session.scalars(sa.select(PersonSession)).all() == []


def test_money_that_waits_keeps_an_enrollment(app: Flask, season: Season) -> None:
    who = season["too_late"]
    with app.app_context():
        with unit_of_work():
            db.session.execute(
                sa.update(Enrollment).where(Enrollment.reference == who.enrollment).values(person_id=None)
            )
        rule = next(one for one in retention.rules(clock.now() + LONG) if "enrollments" in one.what)
        assert rule.count() == 1
    ran(app)
    with app.app_context():
        name = db.session.scalars(sa.select(Enrollment.legal_name).where(Enrollment.reference == who.enrollment)).one()
        assert name == who.name


def test_documents_go_when_their_months_are_over_and_no_request_is_open(app: Flask, season: Season) -> None:
    who = season["graduate"].email
    with app.app_context():
        with unit_of_work():
            for model in (StudentDocument, Task):
                db.session.execute(sa.delete(model).where(sa.true()))
        papers.upload(who, DocumentKind.TB)
        row = db.session.scalars(sa.select(StudentDocument)).one()
        file, uploaded = row.file_id, row.uploaded_at

        def over(at: dt.datetime) -> int:
            return next(rule for rule in retention.rules(at) if rule.what == "documents for externships").count()

        on_the_day = uploaded.replace(year=uploaded.year + 1)
        assert (over(on_the_day), over(on_the_day + dt.timedelta(microseconds=1))) == (0, 1)
        ahead = clock.now().date() + 60 * dt.timedelta(days=1)
        request = externs.ask(season["graduate"].enrollment, at=clock.now(), earliest_on=ahead)
        assert over(on_the_day + dt.timedelta(days=1)) == 0
        over_at = uploaded + dt.timedelta(days=30)
        with unit_of_work():
            ended = {"state": "withdrawn", "end_reason": "student_withdrew", "ended_at": over_at}
            here = ExternshipRequest.reference == request
            db.session.execute(sa.update(ExternshipRequest).where(here).values(ended))
        assert (over(on_the_day + dt.timedelta(days=29)), over(on_the_day + dt.timedelta(days=31))) == (0, 1)
    assert "1 documents for externships (kept 12 months)" in ran(app)
    with app.app_context():
        assert db.session.get(File, file) is None
        assert db.session.scalars(sa.select(StudentDocument.id)).all() == []
        tasks = db.session.scalars(sa.select(Task).where(Task.kind == "check_document"))
        assert {task.state.value for task in tasks} == {"done"}


def test_a_mail_loses_its_bytes_when_its_months_are_over_and_what_was_read_of_it_stays(app: Flask) -> None:
    now = clock.now()
    with app.app_context():
        since = kept_since(now, 24)
        assert since is not None
        old = came(mail("Old."), at=since - dt.timedelta(microseconds=1)).reference
        kept = came(mail("Kept."), at=since).reference
        with unit_of_work():  # never filed, so that nobody has read it
            store([Arrival(b"Waits.", ((Mailbox.ENQUIRIES, ENQUIRIES),), "sam@example.com", "127.0.0.1", since - LONG)])
        rule = next(one for one in retention.rules(now) if one.what == "mails as they came in")
        assert (rule.count(), rule.apply(), rule.count()) == (1, 1, 0)
        found = {mail.reference: mail for mail in db.session.scalars(sa.select(IncomingMail).order_by(IncomingMail.id))}
        assert (found[old].raw, found[old].envelope_from, found[old].state) == (None, None, MailState.FILED)
        assert [one.raw is None for one in found.values()] == [True, False, False]
        assert kept in found
        assert "Old." in db.session.scalars(sa.select(ThreadMessage.text)).all()
