"""The journal and the totals of the accounts as files, described like the lists of the back office."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from provider.books import journal
from provider.books.comparing import Stretch
from provider.books.journal import AccountTotal, JournalLine
from provider.kernel.days import day_of, start_of, written
from provider.kernel.settings import settings
from provider.kernel.sheets import Column

DAY = dt.timedelta(days=1)


class OfDays:
    """A file about the days from one to another, both included, as the school's calendar counts them."""

    name: ClassVar[str]
    title: ClassVar[str]
    readable = True

    def __init__(self, data: Mapping[str, Any]) -> None:
        zone = settings().SCHOOL_ZONE
        self.since, self.until = data["since"], data["until"]
        self.stretch = Stretch(start_of(self.since, zone), start_of(self.until + DAY, zone))

    def in_words(self, *, typed: bool) -> list[tuple[str, str]]:  # noqa: ARG002 - as for every list
        """Return the days as words."""
        return [("From", written(self.since)), ("To", written(self.until))]


class Journal(OfDays):
    """Every line of the ledger."""

    name, title = "journal", "Journal"

    def columns(self) -> Sequence[Column[JournalLine]]:
        """Return the columns; an amount stands under debit or under credit."""
        zone = settings().SCHOOL_ZONE
        return [
            Column("Posting", lambda one: one.posting),
            Column(f"Date ({zone})", lambda one: day_of(one.at, zone)),
            Column("At (UTC)", lambda one: one.at, width=20),
            Column("What", lambda one: one.kind.label),
            Column("Account", lambda one: one.account.label, width=20),
            Column("Debit (USD)", lambda one: one.debit, money=True),
            Column("Credit (USD)", lambda one: one.credit, money=True),
            Column("Enrollment", lambda one: one.enrollment),
            Column("Record", lambda one: one.subject),
            Column("Method", lambda one: one.method.label if one.method else None),
        ]

    def rows(self) -> Iterator[Sequence[JournalLine]]:
        """Go through all lines, some at a time."""
        return journal.journal(self.stretch)


class Balances(OfDays):
    """What each account came to; the last row is all of them, whose balance is zero."""

    name, title = "account-totals", "Totals of the accounts"

    def columns(self) -> Sequence[Column[AccountTotal]]:
        """Return the columns."""
        return [
            Column("Account", lambda one: one.account.label if one.account else "All accounts", width=20),
            Column("Debit (USD)", lambda one: one.debit, money=True),
            Column("Credit (USD)", lambda one: one.credit, money=True),
            Column("Balance (USD)", lambda one: one.balance, money=True),
        ]

    def rows(self) -> Iterator[Sequence[AccountTotal]]:
        """Return the accounts at once: there are few."""
        yield journal.totals(self.stretch)
