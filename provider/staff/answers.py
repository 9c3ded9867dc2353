"""How a staff form is answered: done and told, or shown again with the refusal's sentence and everything typed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import flash, redirect
from flask.typing import ResponseReturnValue

from provider.kernel.database import Busy, retrying
from provider.kernel.days import counted
from provider.kernel.errors import DomainError, NotAllowed, NotFound
from provider.kernel.forms import Form
from provider.kernel.importing import Judged, number_done
from provider.kernel.web import only

T = TypeVar("T")
_NOT_OF_THE_FORM: tuple[type[DomainError], ...] = (NotFound, NotAllowed, Busy)


def attempt(form: Form, work: Callable[[], T], *, telling: tuple[type[DomainError], ...] = ()) -> T | None:
    """Do the work of a form that is right in one unit, and return what it made.

    None when the form is not right, or the work was refused: then the sentence stands on the form. The refusals in
    ``telling`` are raised on, for a view that answers them in its own way.
    """
    if not form.ok:
        return None
    try:
        return retrying(work)
    except DomainError as refusal:
        if isinstance(refusal, _NOT_OF_THE_FORM + telling):
            raise
        form.add_error("_schema", refusal.sentence)
        return None


def done(sentence: str, target: str) -> ResponseReturnValue:
    """Say what was done, on the page to go on with; the keyboard goes on at what was said."""
    flash(sentence)
    return redirect(told_at(target), code=303)


def told_at(target: str) -> str:
    """Return the address of a page at what it says first, unless it names a place of its own."""
    return target if "#" in target else f"{target}#said"


def imported(judged: Sequence[Judged]) -> str:
    """Say how much of a list was imported, and how much was left."""
    number = number_done(judged)
    left = len(judged) - number
    rest = f" {counted(left, 'line')} left as {'it was' if left == 1 else 'they were'}." if left else ""
    return f"{counted(number, 'line')} imported.{rest}"


def try_to(work: Callable[[], object], sentence: str, target: str) -> ResponseReturnValue:
    """Do what a button without fields asks for; a refusal is told on the page to go on with."""
    only()
    try:
        retrying(work)
    except DomainError as refusal:
        if isinstance(refusal, _NOT_OF_THE_FORM):
            raise
        flash(refusal.sentence, "error")
        return redirect(told_at(target), code=303)
    return done(sentence, target)
