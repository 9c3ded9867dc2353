"""Acting on many records at a time: what would become of each is told first, then each is done on its own.

A preview changes nothing. What is confirmed carries how each record stood in the preview; a record that stands
otherwise by then is left as it is and told, so that a second click or a colleague's work does nothing twice. The
results answer the POST itself: up to two hundred sentences fit neither an address nor a cookie, and sending the same
page again only tells that all of it is done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.kernel.database import retrying
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Choices
from provider.kernel.web import only

R = TypeVar("R")
MOST_CHOSEN = 200
LONGEST_REFERENCE = 16
NOTHING_CHOSEN = "Tick at least one row of the list first."
TOO_MANY = f"Tick {MOST_CHOSEN} rows at most."
NO_DEED = "Choose what to do with the ticked rows."
UNKNOWN = "There is nothing under this reference."
CHANGED = "It has changed since you looked, so it was left as it is. Go back to the list to see how it stands."


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of one record: ``will`` when it would be done, ``mark`` how it stands."""

    title: str
    will: bool
    sentence: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Deed(Generic[R]):
    """Something that can be done to each record of a list.

    ``look`` says what would come of it and changes nothing; ``act`` does it, inside a unit of work of its own, and
    refuses what it must by itself. ``done`` is told when it was.
    """

    label: str
    look: Callable[[R], Outlook]
    act: Callable[[R], object]
    done: str


@dataclass(frozen=True, slots=True)
class Many(Generic[R]):
    """The deeds of one list: how its records are found, and where they are shown.

    ``known`` reads the records of references for looking, ``held`` one of them for changing (raises NotFound).
    """

    title: str
    known: Callable[[Sequence[str]], Mapping[str, R]]
    held: Callable[[str], R]
    deeds: Mapping[str, Deed[R]]
    index: str
    show: str
    act: str

    @property
    def choices(self) -> Choices:
        """What a list offers."""
        return [(name, deed.label) for name, deed in self.deeds.items()]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a preview or of its results."""

    reference: str
    outlook: Outlook
    href: str | None

    @property
    def value(self) -> str:
        """What a confirmation carries of it."""
        return f"{self.reference} {self.outlook.mark}"


def preview(many: Many[Any]) -> ResponseReturnValue:
    """Show what would become of each ticked row; nothing is changed."""
    only("row", "deed")
    chosen = _chosen()
    deed = many.deeds.get(request.form.get("deed", ""))
    wrong = _wrong(chosen, deed)
    if wrong or deed is None:
        return _page(many, deed, [], wrong=wrong), 422
    known = many.known(list(chosen))
    lines = [_line(many, reference, known, deed) for reference in chosen]
    return _page(many, deed, lines, confirming=request.form["deed"])


def results(many: Many[Any]) -> ResponseReturnValue:
    """Do it to each confirmed row in a unit of work of its own, and show a sentence for each."""
    only("row", "deed")
    chosen = _chosen()
    deed = many.deeds.get(request.form.get("deed", ""))
    wrong = _wrong(chosen, deed)
    if wrong or deed is None:
        return _page(many, deed, [], wrong=wrong), 422
    titles = {reference: deed.look(record).title for reference, record in many.known(list(chosen)).items()}
    lines = []
    for reference, mark in chosen.items():
        will, sentence = _done(many, deed, reference, mark)
        title = titles.get(reference, reference)
        href = url_for(many.show, reference=reference) if reference in titles else None
        lines.append(Line(reference, Outlook(title, will, sentence), href))
    return _page(many, deed, lines)


def _chosen() -> dict[str, str]:
    """Return the posted rows, each once: a reference and, after a blank, how it stood when it was looked at."""
    parts = (value.partition(" ") for value in request.form.getlist("row")[: MOST_CHOSEN + 1])
    return {reference[:LONGEST_REFERENCE]: mark for reference, _, mark in parts if reference}


def _wrong(chosen: Mapping[str, str], deed: Deed[Any] | None) -> str | None:
    if not chosen:
        return NOTHING_CHOSEN
    if len(chosen) > MOST_CHOSEN:
        return TOO_MANY
    return None if deed else NO_DEED


def _line(many: Many[R], reference: str, known: Mapping[str, R], deed: Deed[R]) -> Line:
    record = known.get(reference)
    if record is None:
        return Line(reference, Outlook(reference, will=False, sentence=UNKNOWN), None)
    return Line(reference, deed.look(record), url_for(many.show, reference=reference))


class _Left(DomainError):
    """A row was left as it is."""


def _done(many: Many[R], deed: Deed[R], reference: str, mark: str) -> tuple[bool, str]:
    def work() -> None:
        record = many.held(reference)
        outlook = deed.look(record)
        if not outlook.will:
            raise _Left(outlook.sentence)
        if outlook.mark != mark:
            raise _Left(CHANGED)
        deed.act(record)

    try:
        retrying(work)
    except NotFound:
        return False, UNKNOWN
    except DomainError as refusal:
        return False, refusal.sentence
    return True, deed.done


def _page(
    many: Many[Any], deed: Deed[Any] | None, lines: Sequence[Line], *, wrong: str | None = None, confirming: str = ""
) -> str:
    return render_template(
        "staff/many.html",
        many=many,
        deed=deed,
        lines=lines,
        ready=[line for line in lines if line.outlook.will],
        wrong=wrong,
        confirming=confirming,
    )
