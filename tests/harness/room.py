"""What a room has for the tests that go everywhere: its pages, forms and buttons, and records to stand in addresses."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel.database import db
from tests.harness.season import Season
from tests.harness.stage import Stage
from tests.harness.stories import token_for

# Who may see what stands beneath /my, and who may not.
OWNER, STRANGER = "paying", "fresh"
MINE = "/my/enrollments/"
Who = Role | str | None
Found = TypeVar("Found")
Objects = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One page: what it is called, who opens it (an address, or nobody), and whether its form is sent empty there.

    ``press`` is a button that is pressed there once every row is ticked.
    """

    name: str
    path: str
    who: str | None = None
    sent_empty: bool = False
    press: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Case:
    """A form: who fills it in, on which page, and good answers for what is blank there."""

    name: str
    who: Who
    path: str
    good: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    first: bool = False  # of several on the page
    file: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Records that paths of forms and buttons name, found together when one of them is named first."""

    names: tuple[str, ...]
    find: Callable[[Flask, Season], Mapping[str, str]]


def _no_pages(stage: Stage) -> Iterator[Visit]:
    return iter(())


def _no_objects(season: Season) -> Objects:
    return {}


@dataclass(frozen=True, slots=True)
class Room:
    """All of it for one room; ``objects`` are what stands in addresses that begin so, in the visits of access.csv."""

    public: Callable[[Stage], Iterator[Visit]] = _no_pages
    student: Callable[[Stage], Iterator[Visit]] = _no_pages
    staff: Callable[[Stage], Iterator[Visit]] = _no_pages
    forms: tuple[Case, ...] = ()
    buttons: Mapping[str, Who] = field(default_factory=dict)
    records: tuple[Records, ...] = ()
    objects: Callable[[Season], Objects] = _no_objects


def by_staff(stage: Stage, paths: Mapping[str, str], *, sent_empty: Iterable[str] = ()) -> Iterator[Visit]:
    """Yield pages of the back office as an administrator sees them, some also as they look when sent empty."""
    admin = stage.season.staff[Role.ADMIN]
    for name, path in paths.items():
        yield Visit(f"staff-{name}", path, admin)
    for name in sent_empty:
        yield Visit(f"staff-{name}-errors", paths[name], admin, sent_empty=True, status=422)


def first(query: sa.Select[str]) -> str:
    """Return the first that a query finds."""
    found: str = db.session.scalars(query.limit(1)).one()
    return found


def looked_up(app: Flask, find: Callable[[], Found]) -> Found:
    """Look something up and leave nothing open."""
    with app.app_context():
        found = find()
        db.session.remove()
    return found


def by_query(name: str, query: sa.Select[str] | Callable[[Season], sa.Select[str]]) -> Records:
    """Return the record that a query finds first."""

    def find(school: Flask, season: Season) -> Mapping[str, str]:
        select = query if isinstance(query, sa.Select) else query(season)
        return {name: looked_up(school, lambda: first(select))}

    return Records((name,), find)


def by_link(name: str, purpose: str, subject: Callable[[Season], str]) -> Records:
    """Return the token of a new link about what is found as its subject."""

    def find(school: Flask, season: Season) -> Mapping[str, str]:
        return {name: token_for(school, purpose, looked_up(school, lambda: subject(season)))}

    return Records((name,), find)
