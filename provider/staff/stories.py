"""Reading a story: of one enrollment or of all of a student's, as whoever looks may see it, in few statements."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import request, url_for

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.history import queries as history
from provider.history.queries import Told as Remembered
from provider.kernel.registry import Strand, registry
from provider.kernel.stretches import Stretch, cut, instant, key
from provider.mail import queries as mail
from provider.mail.models import OutboxLetter
from provider.payments.models import Payment
from provider.refunds.models import Refund
from provider.refunds.rules import RefundState
from provider.staff.timeline import Event, Telling, Told, left_at, story
from provider.tasks.models import Task

P = Permission
MOST = 100
LETTERS = "letters"
OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part of a story the address asks for: one strand of it, a direction, and from where."""

    only: str = ""
    oldest_first: bool = False
    beyond: dt.datetime | None = None

    @classmethod
    def of_request(cls) -> "Wanted":
        """Read it from the address; what is unknown asks for nothing."""
        asked = request.args.get("only", "")
        return cls(
            only=asked if asked in {strand.name for strand in _strands()} else "",
            oldest_first=request.args.get("order") == OLDEST,
            beyond=instant(request.args.get("beyond", "")),
        )

    @property
    def kept(self) -> dict[str, str]:
        """Return what the address of the next part keeps."""
        return {name: value for name, value in (("only", self.only), ("order", self.order)) if value}

    @property
    def order(self) -> str:
        """Return the order as an address names it; newest first needs no word."""
        return OLDEST if self.oldest_first else ""


@dataclass(frozen=True, slots=True)
class Story:
    """A story as a page shows it: its events, what it can be narrowed to, and the key of the part that follows."""

    events: Sequence[Event]
    wanted: Wanted
    strands: Sequence[tuple[str, str]]
    further: int | None


@dataclass(frozen=True, slots=True)
class Records:
    """The records whose events say more than their names: amounts, words, pages."""

    payments: Sequence[Payment] = ()
    refunds: Sequence[Refund] = ()
    tasks: Sequence[Task] = ()


def read(abouts: Mapping[str, str], records: Records, wanted: Wanted) -> Story:
    """Return the story of these enrollments and people, each with the word that says whose a line is; three statements.

    ``abouts`` with empty words says nothing beside the lines.
    """
    strands = _strands()
    stretch = Stretch(MOST, wanted.beyond, wanted.oldest_first)
    rows = _history(list(abouts), strands, wanted, stretch)
    letters = list(mail.told(list(abouts), stretch)) if wanted.only in {"", LETTERS} else []
    end = _end(rows, letters, stretch)
    if end is not None:
        rows = [told for told in rows if _within(told.row.at, end, wanted)]
        letters = [letter for letter in letters if _within(left_at(letter), end, wanted)]
    if not wanted.oldest_first:
        rows.reverse()
    told = story(rows, letters, _telling(abouts, records, rows, letters, strands))
    if wanted.oldest_first:
        told.reverse()
    return Story(
        events=told,
        wanted=wanted,
        strands=_filters(strands, abouts),
        further=key(told[-1].at) if end is not None and told else None,
    )


def _filters(strands: Sequence[Strand], abouts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what the story can be narrowed to, by label."""
    with_person = any(reference.startswith("P-") for reference in abouts)
    found = {strand.name: strand.label for strand in strands if with_person or not strand.of_people}
    return sorted(found.items(), key=lambda one: one[1])


def of_record(reference: str) -> list[Event]:
    """Return what happened to one record itself, newest first; two statements."""
    rows = history.of_record(reference)
    return story(rows, (), _telling({}, Records(), rows, (), _strands()))


def _strands() -> list[Strand]:
    """Return the strands that whoever looks may see."""
    return [strand for strand in registry().strands if strand.needs is None or may(strand.needs)]


def _history(abouts: Sequence[str], strands: Sequence[Strand], wanted: Wanted, stretch: Stretch) -> list[Remembered]:
    if wanted.only == LETTERS:
        return []
    seen = frozenset[str]().union(*(strand.subjects for strand in strands))
    every = frozenset[str]().union(*(strand.subjects for strand in registry().strands))
    only = frozenset[str]().union(*(strand.subjects for strand in strands if strand.name == wanted.only))
    hidden = (every - seen) | {"letter"}  # letters stand in the story themselves
    return history.told(abouts, stretch, only=only if wanted.only else None, without=hidden)


def _end(rows: Sequence[Remembered], letters: Sequence[OutboxLetter], stretch: Stretch) -> dt.datetime | None:
    instants = [told.row.at for told in rows] + [left_at(letter) for letter in letters]
    return cut(sorted(instants, reverse=not stretch.oldest_first), stretch)


def _within(at: dt.datetime, end: dt.datetime, wanted: Wanted) -> bool:
    return at < end if wanted.oldest_first else at > end


def _telling(
    abouts: Mapping[str, str],
    records: Records,
    rows: Sequence[Remembered],
    letters: Sequence[OutboxLetter],
    strands: Sequence[Strand],
) -> Telling:
    named = {told.row.actor_reference for told in rows} | {
        value for told in rows for value in told.row.data.values() if isinstance(value, str) and value.startswith("P-")
    }
    known = {reference for reference in named if reference}
    shown = may(P.SEE_MAIL)
    return Telling(
        words={event: said for strand in strands for event, said in strand.words.items()},
        names=people.names(known) if known else {},
        told=dict(_told(records)),
        letter_href={one.reference: url_for("staff_mail.show", reference=one.reference) for one in letters if shown},
        abouts={reference: word for reference, word in abouts.items() if word},
        with_money=may(P.SEE_MONEY),
    )


def _told(records: Records) -> Iterator[tuple[str, Told]]:
    """Say of each record what its line in the story adds."""
    for payment in records.payments:
        href = url_for("staff_payments.show", reference=payment.reference)
        text = f"{payment.method.label}, {payment.external_reference}"
        yield payment.reference, Told(payment.amount_cents, text, href)
    for refund in records.refunds:
        href = url_for("staff_refunds.show", reference=refund.reference)
        declined = refund.state is RefundState.DECLINED
        yield refund.reference, Told(None if declined else refund.amount_cents, refund.basis.label, href)
        for payout in refund.payouts:
            yield payout.reference, Told(payout.amount_cents, payout.external_reference, href)
    for task in records.tasks:
        yield task.reference, Told(text=task.sentence, href=url_for("staff_tasks.show", reference=task.reference))
