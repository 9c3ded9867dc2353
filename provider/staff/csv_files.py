"""Reading a CSV file, whatever a spreadsheet or a stranger made of it: its cells by their columns, or a sentence."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from provider.affiliations import importing
from provider.enrollments import completions
from provider.exams import importing as results
from provider.kernel.importing import Row
from provider.kernel.text import normal

# A spreadsheet guards a cell against being read as a formula by one of these.
_GUARDS = "'’\ufeff"
_LONGEST_REFERENCE = 64


class Unreadable(Exception):
    """The file is no such list; the sentence says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Shape:
    """What a list has to look like; ``line`` says what stands in each line of it."""

    line: str
    needed: tuple[str, ...]
    columns: tuple[str, ...]
    most_rows: int


_SITES = Shape("one location", importing.NEEDED, importing.COLUMNS, importing.MOST_ROWS)
_EXAMS = Shape("one result", results.NEEDED, results.COLUMNS, results.MOST_ROWS)
_COMPLETIONS = Shape("one enrollment", ("reference",), ("reference", "completed_on"), completions.MOST_ROWS)


def sites(content: bytes) -> list[Row]:
    """Return the locations and contacts of a file; raises Unreadable."""
    return _rows(content, _SITES, importing.LONGEST_CELL)


def exams(content: bytes) -> list[Row]:
    """Return the exam results of a file; raises Unreadable."""
    return _rows(content, _EXAMS, results.LONGEST_CELL)


def _rows(content: bytes, shape: Shape, longest: int) -> list[Row]:
    """Return the lines of a file, blank cells left out, each cell one character too long at most: it is refused."""
    return [
        Row(number, {name: value[: longest + 1] for name, value in cells.items() if value})
        for number, cells in enumerate(read(content, shape), start=2)
    ]


def completed(content: bytes) -> list[completions.Row]:
    """Return the enrollments of a file and their days, in a form that can be shown; raises Unreadable."""
    return [
        completions.Row(_shown(cells["reference"]).upper(), _shown(cells.get("completed_on", "")))
        for cells in read(content, _COMPLETIONS)
    ]


def _shown(cell: str) -> str:
    printable = "".join(character if character.isprintable() else "\ufffd" for character in cell)
    return printable if len(printable) <= _LONGEST_REFERENCE else printable[:_LONGEST_REFERENCE] + "…"


def read(content: bytes, shape: Shape) -> list[Mapping[str, str]]:
    """Return the cells of each line; raises Unreadable."""
    text = _text(content)
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = max((",", ";", "\t"), key=head.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error:
        raise Unreadable("This file cannot be read as CSV. Save it again as CSV (UTF-8).") from None
    if not lines:
        raise Unreadable(f"This file is empty. The first line names the columns, each other line is {shape.line}.")
    columns = [_cell(name).lower() for name in lines[0]]
    _check(columns, len(lines) - 1, shape)
    return [_row(columns, line, number) for number, line in enumerate(lines[1:], start=2)]


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("This file is not text in UTF-8. Save it again as CSV (UTF-8).") from None
    if "\0" in text:
        raise Unreadable("This file is not a CSV file. Save the list as CSV (UTF-8).")
    return text


def _check(columns: list[str], rows: int, shape: Shape) -> None:
    missing = [name for name in shape.needed if name not in columns]
    if missing:
        words = f"the column{'s' if len(shape.needed) > 1 else ''} {', '.join(shape.needed)}"
        raise Unreadable(f"The first line has to name {words}. Missing: {', '.join(missing)}.")
    if not set(columns) <= set(shape.columns) or len(set(columns)) != len(columns):
        raise Unreadable(f"Only these columns are read, each once: {', '.join(shape.columns)}. Remove the others.")
    if rows == 0:
        raise Unreadable("There is no line below the names of the columns.")
    if rows > shape.most_rows:
        raise Unreadable(f"This file has {rows:,} lines. Upload {shape.most_rows} at a time.")


def _row(columns: list[str], line: list[str], number: int) -> Mapping[str, str]:
    if len(line) != len(columns):
        raise Unreadable(f"Line {number} has {len(line)} cells; the first line names {len(columns)} columns.")
    return dict(zip(columns, map(_cell, line), strict=True))


def _cell(value: str) -> str:
    return normal(value).lstrip(_GUARDS).strip()
