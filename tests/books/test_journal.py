import csv
import datetime as dt
import io
from collections.abc import Iterable

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.books import journal
from provider.books.comparing import Stretch
from provider.books.journal import totals
from provider.disclosures.models import Disclosure
from provider.kernel.database import db
from provider.ledger.rules import Account
from provider.payments.rules import PaymentMethod
from tests.harness.money import agreed, record, reverse
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

ACCEPTED = dt.datetime(2026, 11, 2, 15, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
EVER = Stretch(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))


def lines(stretch: Stretch = EVER) -> list[tuple[str, str, int | None, int | None, str | None]]:
    return [
        (one.kind.value, one.account.value, one.debit, one.credit, one.method.value if one.method else None)
        for batch in journal.journal(stretch)
        for one in batch
    ]


def take(school: Flask, season: Season, **form: str) -> bytes:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.BURSAR])
    visitor.get("/staff/journal")
    given = {"what": "journal", "since": "2026-01-01", "until": "2099-12-31", "format": "csv"} | form
    answer = visitor.client.post("/staff/journal/export", data={**given, "csrf_token": visitor.token()})
    assert answer.status_code == 200, answer.text
    content: bytes = answer.data
    return content


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def cents(rows: Iterable[dict[str, str]], column: str) -> int:
    return sum(round(float(row[column]) * 100) for row in rows if row[column])


def test_each_line_of_the_ledger_stands_in_the_journal_once_in_its_order(context: AppContext) -> None:
    reference = agreed(at=ACCEPTED)
    reverse(record(reference, 200_000, at=ACCEPTED + DAY, method=PaymentMethod.CASH), at=ACCEPTED + 2 * DAY)
    assert lines() == [
        ("accepted", "receivable", 189_900, None, None),
        ("accepted", "tuition", None, 189_900, None),
        ("captured", "cash_offline", 200_000, None, "cash"),
        ("captured", "receivable", None, 189_900, "cash"),
        ("captured", "student_credit", None, 10_100, "cash"),
        ("reversed", "receivable", 189_900, None, "cash"),
        ("reversed", "cash_offline", None, 200_000, "cash"),
        ("reversed", "student_credit", 10_100, None, "cash"),
    ]


@pytest.mark.parametrize(
    "start, end, kinds",
    [
        (0, 1, {"accepted"}),
        (1, 2, {"captured"}),
        (0, 2, {"accepted", "captured"}),
        (2, 9, set()),
    ],
    ids=["its first instant", "not its last", "both", "none"],
)
def test_the_first_instant_of_a_stretch_belongs_to_it_and_the_last_does_not(
    context: AppContext, start: int, end: int, kinds: set[str]
) -> None:
    record(agreed(at=ACCEPTED), 189_900, at=ACCEPTED + DAY)
    found = lines(Stretch(ACCEPTED + start * DAY, ACCEPTED + end * DAY))
    assert {line[0] for line in found} == kinds


def test_a_long_journal_is_read_a_bounded_number_at_a_time_and_whole(
    app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        record(agreed(at=ACCEPTED), 189_900)
    whole = lines()
    monkeypatch.setattr(journal, "POSTINGS_AT_A_TIME", 3)
    batches = list(journal.journal(EVER))
    assert [len({line.posting for line in batch}) for batch in batches] == [3, 3, 3, 1]
    assert lines() == whole
    with statements(app) as sent:
        list(journal.journal(EVER))
    assert len(sent) == 4 * 4 + 1


def test_totals_are_those_of_the_journal_and_balance(context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        record(agreed("installments", at=ACCEPTED), 52_500 + number)
    monkeypatch.setattr(journal, "WINDOW", 3)
    found = totals(EVER)
    assert [one.account for one in found] == [*Account, None]
    by_account = {one.account: (one.debit, one.credit) for one in found}
    for account in Account:
        mine = [line for line in lines() if line[1] == account]
        assert by_account[account] == (sum(line[2] or 0 for line in mine), sum(line[3] or 0 for line in mine)), account
    assert (found[-1].debit > 0, found[-1].balance, sum(one.balance for one in found[:-1])) == (True, 0, 0)


def test_totals_of_days_without_postings_are_zero(context: AppContext) -> None:
    agreed(at=ACCEPTED)
    assert {(one.debit, one.credit) for one in totals(Stretch(ACCEPTED - DAY, ACCEPTED))} == {(0, 0)}


def test_a_season_is_taken_along_and_balances(school: Flask, season: Season) -> None:
    rows = read(take(school, season))
    assert list(rows[0]) == ["Posting", "Date (America/New_York)", "At (UTC)", "What", "Account", "Debit (USD)",
                             "Credit (USD)", "Enrollment", "Record", "Method"]  # fmt: skip
    assert cents(rows, "Debit (USD)") == cents(rows, "Credit (USD)") > 0
    moved = {"Captured", "Paid out", "Reversed"}
    assert {bool(row["Method"]) for row in rows if row["What"] in moved} == {True}
    assert {row["Method"] for row in rows if row["What"] not in moved} == {""}
    balances = read(take(school, season, what="balances"))
    assert (balances[-1]["Account"], balances[-1]["Balance (USD)"]) == ("All accounts", "0.00")
    assert balances[-1]["Debit (USD)"] == f"{cents(rows, 'Debit (USD)') / 100:.2f}"
    with school.app_context():
        kept = [(one.what, one.row_count) for one in db.session.scalars(sa.select(Disclosure).order_by(Disclosure.id))]
    days = "From: January 1, 2026; To: December 31, 2099."
    assert kept[-2:] == [(f"Journal as CSV. {days}", len(rows)), (f"Totals of the accounts as CSV. {days}", 9)]


def test_days_are_those_of_the_schools_zone(app: Flask, season: Season) -> None:
    with app.app_context():
        agreed(at=dt.datetime(2031, 3, 2, 4, 59, tzinfo=dt.UTC))  # 11:59 PM on the first in New York
        agreed(at=dt.datetime(2031, 3, 2, 5, 0, tzinfo=dt.UTC))
    for day in ("2031-03-01", "2031-03-02"):
        rows = read(take(app, season, since=day, until=day))
        assert {row["Date (America/New_York)"] for row in rows} == {day}
        assert len(rows) == 2


def test_the_sheet_holds_amounts_as_numbers(school: Flask, season: Season) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(take(school, season, what="balances", format="xlsx"))).active
    assert sheet is not None
    last = [cell.value for cell in list(sheet.iter_rows())[-1]]
    assert (last[0], last[3]) == ("All accounts", 0)
    assert isinstance(last[1], int | float)


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"since": "yesterday"}, "Write the date like 2026-11-21."),
        ({"until": ""}, "Write the date like 2026-11-21."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "Choose a last day that is not before the first one."),
        ({"what": "everything"}, "Choose one of the two."),
    ],
)
def test_days_that_are_none_are_refused_and_nothing_typed_is_lost(
    school: Flask, season: Season, wrong: dict[str, str], sentence: str
) -> None:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.BURSAR])
    visitor.get("/staff/journal")
    given = {"what": "journal", "since": "2026-01-01", "until": "2026-01-31", "format": "csv"} | wrong
    page = visitor.post("/staff/journal/export", given, 422, token=visitor.token())
    assert sentence in page.text
    assert f'value="{given["until"]}"' in page.text or not given["until"]


def test_an_auditor_reads_and_takes_nothing_along(school: Flask, season: Season) -> None:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.AUDITOR])
    assert "not take lists out of the house" in visitor.get("/staff/journal").text
