"""Lists as files: what is written is read back, and nothing in it is run (E03)."""

import csv
import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.kernel import sheets
from provider.kernel.sheets import RUNS, Cell, Column, TooLong, harmless, plain, write_csv, write_xlsx

VECTORS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\N{FULLWIDTH EQUALS SIGN}1",
    "\N{FULLWIDTH PLUS SIGN}1",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|'/c calc'!A1",
)
HARMLESS = ("", "Ana", "Ñúñez, Ana", "1-2", "a=b", "o'Neil", "2026-11-22")
COLUMNS: list[Column[Cell]] = [Column("Value", lambda one: one)]


def as_csv(cells: list[Cell]) -> list[str]:
    file = io.BytesIO()
    assert write_csv(file, COLUMNS, [cells[:1], cells[1:]]) == len(cells)
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Value"]
    return [row[0] if row else "" for row in rows[1:]]


def as_sheet(cells: list[Cell]) -> list[tuple[object, str]]:
    file = io.BytesIO()
    assert write_xlsx(file, "Values", COLUMNS, [cells[:1], cells[1:]]) == len(cells)
    sheet = openpyxl.load_workbook(io.BytesIO(file.getvalue())).active
    assert sheet is not None
    return [(row[0].value, row[0].data_type) for row in sheet.iter_rows(min_row=2, max_row=len(cells) + 1)]


@pytest.mark.parametrize("text", VECTORS)
def test_what_would_be_run_has_an_apostrophe_before_it(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert as_csv([text]) == [f"'{text}"]
    ((_, kind),) = as_sheet([text])
    assert kind == "s"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(st.text(max_size=40))
def test_no_text_begins_a_formula_once_it_is_written(text: str) -> None:
    written = plain(text)
    assert written in {text, f"'{text}"}
    assert not written.lstrip()[:1] or written.lstrip()[0] not in RUNS
    assert written[:1] not in set(RUNS)


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20), min_size=1, max_size=4)
)
def test_a_sheet_gives_every_text_back_as_a_text(texts: list[str]) -> None:
    assert as_sheet(list(texts)) == [(text, "s") for text in texts]


def test_dates_are_iso_amounts_are_numbers_and_nothing_is_empty() -> None:
    instant = dt.datetime(2026, 11, 22, 5, 30, 1, 999, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    cells: list[Cell] = [instant, dt.date(2026, 11, 22), Decimal("-1234.5"), 7, None]
    assert as_csv(cells) == ["2026-11-22T10:30:01Z", "2026-11-22", "-1234.50", "7", ""]
    found = [(value.isoformat() if isinstance(value, dt.datetime) else value, kind) for value, kind in as_sheet(cells)]
    assert found == [
        ("2026-11-22T10:30:01", "d"),
        ("2026-11-22T00:00:00", "d"),
        (-1234.5, "n"),
        (7, "n"),
        (None, "n"),
    ]
    amount: Column[int] = Column("Amount", lambda one: one, money=True)
    assert amount.of(129_900) == Decimal("1299.00")


def test_a_sheet_that_would_overflow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_SHEET_ROWS", 3)
    with pytest.raises(TooLong):
        write_xlsx(io.BytesIO(), "Values", COLUMNS, [["a", "b"], ["c", "d"]])
    assert write_xlsx(io.BytesIO(), "Values", COLUMNS, [["a", "b"], ["c"]]) == 3
