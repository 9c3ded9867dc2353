"""Reading a CSV of sites with their locations and contacts, one location or contact a line: rows, or a sentence."""

import csv
import io

from provider.affiliations.importing import COLUMNS, LONGEST_CELL, MOST_ROWS, NEEDED, Row
from provider.kernel.text import normal

# A spreadsheet guards a cell against being read as a formula by one of these.
_GUARDS = "'’\ufeff"
_NAMES = ", ".join(COLUMNS)


class Unreadable(Exception):
    """The file is no list of sites; the sentence says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def read(content: bytes) -> list[Row]:
    """Return the rows of a file; raises Unreadable."""
    text = _text(content)
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = max((",", ";", "\t"), key=head.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error:
        raise Unreadable("This file cannot be read as CSV. Save it again as CSV (UTF-8).") from None
    if not lines:
        raise Unreadable("This file is empty. The first line names the columns, each other line is one location.")
    columns = [_cell(name).lower() for name in lines[0]]
    _check(columns, len(lines) - 1)
    return [_row(columns, line, number) for number, line in enumerate(lines[1:], start=2)]


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("This file is not text in UTF-8. Save it again as CSV (UTF-8).") from None
    if "\0" in text:
        raise Unreadable("This file is not a CSV file. Save the list as CSV (UTF-8).")
    return text


def _check(columns: list[str], rows: int) -> None:
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise Unreadable(f"The first line has to name the columns {', '.join(NEEDED)}. Missing: {', '.join(missing)}.")
    if not set(columns) <= set(COLUMNS) or len(set(columns)) != len(columns):
        raise Unreadable(f"Only these columns are read, each once: {_NAMES}. Remove the others.")
    if rows == 0:
        raise Unreadable("There is no line below the names of the columns.")
    if rows > MOST_ROWS:
        raise Unreadable(f"This file has {rows:,} lines. Upload {MOST_ROWS} at a time.")


def _row(columns: list[str], line: list[str], number: int) -> Row:
    if len(line) != len(columns):
        raise Unreadable(f"Line {number} has {len(line)} cells; the first line names {len(columns)} columns.")
    return Row(number, {name: value for name, value in zip(columns, map(_cell, line), strict=True) if value})


def _cell(value: str) -> str:
    cell = normal(value).lstrip(_GUARDS).strip()
    return cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL + 1]
