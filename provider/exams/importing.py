"""Importing the results of a cohort from the issuing body's list: what a line of it does."""

import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.enrollments.models import Enrollment
from provider.exams import actions, queries
from provider.exams.models import ExamResult
from provider.exams.rules import HIGHEST_SCORE, LONGEST_NUMBER, RESULT_WORDS, ExamState, Facts, normal_name
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.importing import Do, Fate, Row, RowRefused, check_cell
from provider.kernel.text import email_address, listed
from provider.programs import queries as programs
from provider.programs.models import Credential

MOST_ROWS = 500
LONGEST_CELL = 200
NEEDED = ("email", "name", "exam", "date", "result")
COLUMNS = (*NEEDED, "score", "certificate_number")
_DAYS = ("%Y-%m-%d", "%m/%d/%Y")


def doing(*, actor: Actor, at: dt.datetime) -> Do:
    """Return what does a line of a list of results; the credentials are read once."""
    credentials = {one.code.casefold(): one for one in programs.credentials()}
    return lambda row: _do(row, credentials, actor, at)


def _do(row: Row, credentials: Mapping[str, Credential], actor: Actor, at: dt.datetime) -> tuple[Fate, str]:
    """Enter what a line says; raises RowRefused and what entering raises."""
    _check_cells(row.cells)
    person = _person(row.cells)
    credential = credentials.get(row.cells["exam"].casefold())
    if credential is None:
        raise RowRefused(f"There is no exam {row.cells['exam']}. Write its code: {listed(_codes(credentials), 'or')}.")
    facts = _facts(row.cells)
    known = queries.counting(person.id, credential.id, facts.taken_on)
    if known is not None and known.state is ExamState.VERIFIED:
        return _standing(known, facts)
    actions.enter(person=person, credential=credential, facts=facts, actor=actor, at=at)
    if known is None:
        return Fate.NEW, "Is entered and verified. The student gets a letter."
    return Fate.CHANGES, "Verifies what the student reported. The student gets a letter."


def _check_cells(cells: Mapping[str, str]) -> None:
    missing = [name for name in NEEDED if name not in cells]
    if missing:
        raise RowRefused(f"Fill in {listed(missing)}.")
    for name, value in cells.items():
        check_cell(name, value, longest=LONGEST_NUMBER if name == "certificate_number" else LONGEST_CELL)


def _person(cells: Mapping[str, str]) -> Person:
    """Return whom a line means: the student of its address, if the name is theirs as well."""
    address = email_address(cells["email"])
    person = db.session.scalar(sa.select(Person).where(Person.email == address)) if address else None
    if person is None:
        raise RowRefused("No student has this e-mail address. Look the student up, and write the one we know.")
    names = sa.select(Enrollment.legal_name).where(Enrollment.person_id == person.id)
    known = {normal_name(name) for name in (person.name, *db.session.scalars(names))}
    if normal_name(cells["name"]) not in known:
        raise RowRefused(f"Here the student of this address is {person.name}. Check who is meant.")
    return person


def _codes(credentials: Mapping[str, Credential]) -> list[str]:
    return [one.code for one in credentials.values()]


def _facts(cells: Mapping[str, str]) -> Facts:
    passed = RESULT_WORDS.get(cells["result"].casefold())
    if passed is None:
        raise RowRefused("Write pass or fail under “result”.")
    number = cells.get("certificate_number")
    if number and not passed:
        raise RowRefused("A failed attempt has no certificate. Leave the number empty.")
    return Facts(_day(cells["date"]), passed, _score(cells.get("score")), number)


def _day(given: str) -> dt.date:
    for written in _DAYS:
        try:
            return dt.datetime.strptime(given, written).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise RowRefused("Write the date like 2026-11-21 or 11/21/2026.")


def _score(given: str | None) -> int | None:
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 5 and int(given) <= HIGHEST_SCORE):
        raise RowRefused(f"Write the score as a whole number from 0 to {HIGHEST_SCORE:,}.")
    return int(given)


def _standing(known: ExamResult, facts: Facts) -> tuple[Fate, str]:
    """Say that a verified result is there already; raises RowRefused when the list says something else of it."""
    if known.passed is not facts.passed:
        said = "passed" if known.passed else "not passed"
        raise RowRefused(f"{known.reference} is verified as {said}, and the list says otherwise. Look into it.")
    return Fate.SAME, "It is verified already."
