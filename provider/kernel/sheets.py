"""Lists as files: CSV and XLSX, written some rows at a time, with no cell that a spreadsheet would run (E03)."""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Generic, TypeVar

R = TypeVar("R")
Cell = str | int | Decimal | dt.date | dt.datetime | None
BOM = "\ufeff"  # without it Excel reads a CSV file in the code page of the machine, and names lose their accents
MOST_SHEET_ROWS = 1_048_575  # what a sheet holds below its headings
LONGEST_CELL = 32_767
RUNS = "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a list: its heading, how its cell is read from a row, and whether whole cents stand in it."""

    heading: str
    cell: Callable[[R], Cell]
    money: bool = False
    width: int = 16

    def of(self, row: R) -> Cell:
        """Return the cell of a row; cents as dollars."""
        value = self.cell(row)
        return Decimal(value) / 100 if self.money and isinstance(value, int) else value


class TooLong(Exception):
    """A sheet cannot hold so many rows."""


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before what would begin one.

    Blanks before it do not help: programs leave them out. A tab, a line break or a full-width sign begins one, too.
    """
    begins = text[:1] in RUNS if text else False
    return f"'{text}" if begins or text.lstrip()[:1] in tuple(RUNS) else text


def plain(cell: Cell) -> str:
    """Write a cell for a CSV file: dates in ISO form, instants in UTC, amounts with two decimals and no sign."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return f"{cell.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    return harmless(cell) if isinstance(cell, str) else str(cell)


def write_csv(file: IO[bytes], columns: Sequence[Column[R]], batches: Iterable[Sequence[R]]) -> int:
    """Write a list as CSV and return how many rows it has; one batch of rows is held at a time."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    sheet, count = csv.writer(text), 0
    sheet.writerow([column.heading for column in columns])
    for rows in batches:
        sheet.writerows([[plain(column.of(row)) for column in columns] for row in rows])
        count += len(rows)
    text.flush()
    text.detach()
    return count


def write_xlsx(file: IO[bytes], title: str, columns: Sequence[Column[R]], batches: Iterable[Sequence[R]]) -> int:
    """Write a list as a sheet and return how many rows it has; raises TooLong. Each text is a text, whatever it says.

    Rows that are written are kept in a file, not in memory, so that they cannot be returned to.
    """
    import xlsxwriter  # noqa: PLC0415 - only exports need it, and it is read when the first is made

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    sheet = book.add_worksheet(title[:31])
    kinds = {
        "head": book.add_format({"bold": True}),
        "money": book.add_format({"num_format": "0.00"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet.freeze_panes(1, 0)
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.heading, kinds["head"])
    try:
        return _write_rows(sheet, columns, batches, kinds)
    finally:  # after a failure, too: the rows so far lie in a file of its own
        book.close()


def _write_rows(sheet: Any, columns: Sequence[Column[R]], batches: Iterable[Sequence[R]], kinds: dict[str, Any]) -> int:  # noqa: ANN401 - untyped library
    count = 0
    for rows in batches:
        if count + len(rows) > MOST_SHEET_ROWS:
            raise TooLong
        for row in rows:
            count += 1
            for number, column in enumerate(columns):
                _write_cell(sheet, count, number, column.of(row), kinds)
    return count


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, kinds: dict[str, Any]) -> None:  # noqa: ANN401 - untyped library
    if cell is None or cell == "":
        return
    if isinstance(cell, dt.datetime):
        sheet.write_datetime(row, column, cell.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0), kinds["instant"])
    elif isinstance(cell, dt.date):
        sheet.write_datetime(row, column, cell, kinds["day"])
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell[:LONGEST_CELL])
    else:
        sheet.write_number(row, column, cell, kinds["money"] if isinstance(cell, Decimal) else None)
