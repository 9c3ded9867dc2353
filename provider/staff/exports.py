"""A list as a file: made whole on disk, kept as a disclosure, and only then handed out.

It is read a thousand rows at a time, each batch in a reading of its own, so that nobody who writes waits for it, and
no more than a batch is ever held in memory. A file that broke off in the middle would look like a whole one; so the
first byte leaves when the last is written, and a failure is a page that says so.
"""

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import IO, Any, Protocol

from flask import Response

from provider.disclosures.actions import record
from provider.disclosures.rules import DisclosureKind
from provider.kernel.database import db, retrying
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.kernel.sheets import CSV_TYPE, MOST_SHEET_ROWS, XLSX_TYPE, Column, TooLong, write_csv, write_xlsx
from provider.kernel.web import actor, received_at

PIECE = 1 << 16
BASIS = "Work of the school, by somebody who may take lists out of it."


class Format(StrEnum):
    """The kinds of file."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def label(self) -> str:
        """Name the kind as people do."""
        return {"csv": "CSV", "xlsx": "Excel"}[self.value]


class NoFormat(DomainError):
    """It was not said which kind of file it should be."""

    status = 422
    code = "no_format"
    sentence = "Nothing was exported. Go back, and choose CSV or Excel below the list."


class UnreadableFilter(DomainError):
    """The filters that were sent along are none of the list's."""

    status = 422
    code = "unreadable_filter"
    sentence = "Nothing was exported: what the list is narrowed to cannot be read. Go back, clear it, and try again."


class TooManyRows(DomainError):
    """A sheet cannot hold what was asked for."""

    status = 422
    code = "too_many_rows"
    sentence = f"An Excel sheet holds {MOST_SHEET_ROWS:,} rows. Narrow the list, or take it as CSV, which has no limit."


class Exportable(Protocol):
    """What can be taken along: a list of the back office, or a file of the books."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def readable(self) -> bool:
        """Say whether what it is narrowed to could be read."""
        ...

    def columns(self) -> Sequence[Column[Any]]: ...

    def rows(self) -> Iterator[Sequence[Any]]: ...

    def in_words(self, *, typed: bool) -> list[tuple[str, str]]: ...


def export(listed: Exportable, given: str) -> Response:
    """Return a list under its filters as a file; who took what is kept before it leaves. Raises the refusals above."""
    if given not in set(Format):
        raise NoFormat
    if not listed.readable:
        raise UnreadableFilter
    kind = Format(given)
    file = tempfile.TemporaryFile(prefix="export-")  # noqa: SIM115 - it is closed when the last byte was sent
    try:
        rows = _write(kind, file, listed)
        retrying(lambda: _keep(kind, listed, rows))
    except TooLong as error:
        file.close()
        raise TooManyRows from error
    except BaseException:
        file.close()
        raise
    return _sent(kind, file, listed.name)


def _write(kind: Format, file: IO[bytes], listed: Exportable) -> int:
    columns, batches = listed.columns(), _apart(listed.rows())
    return write_csv(file, columns, batches) if kind is Format.CSV else write_xlsx(file, listed.title, columns, batches)


def _apart(batches: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """End the reading after each batch: a long one would keep SQLite's log from being written back."""
    for rows in batches:
        db.session.rollback()
        yield rows


def _keep(kind: Format, listed: Exportable, rows: int) -> None:
    words = "; ".join(f"{label}: {value}" for label, value in listed.in_words(typed=False))
    record(
        kind=DisclosureKind.EXPORT,
        recipient="Somebody of the staff, as a file",
        what=f"{listed.title} as {kind.label}. {words}.",
        basis=BASIS,
        actor=actor(),
        at=received_at(),
        rows=rows,
    )


def _sent(kind: Format, file: IO[bytes], name: str) -> Response:
    length = file.seek(0, 2)
    file.seek(0)
    response = Response(_pieces(file))
    today: dt.date = day_of(received_at(), settings().SCHOOL_ZONE)
    response.headers["Content-Type"] = CSV_TYPE if kind is Format.CSV else XLSX_TYPE
    response.headers["Content-Length"] = str(length)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{today.isoformat()}.{kind.value}"'
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Hand out a file piece by piece; it is gone with the last, or when nobody wants the rest."""
    with file:
        while piece := file.read(PIECE):
            yield piece
