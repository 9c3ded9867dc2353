"""A student's own mail with the school, as they may read it: nothing that anybody else wrote, and no notes of staff."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.accounts import queries as people
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import Page, keyset
from provider.kernel.registry import registry
from provider.threads import queries
from provider.threads.models import Thread, ThreadMessage
from provider.threads.quoting import folded
from provider.threads.rules import (
    KINDS,
    READ_BY_STUDENT,
    TEAMS,
    Direction,
    Shown,
    Standing,
    ThreadState,
    shown_to_student,
    waited,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``text`` is None where only that it came may be said, ``files`` are names."""

    at: dt.datetime
    ours: bool
    text: str | None
    quoted: str
    files: Sequence[str]


def _theirs(person_id: int, email: str) -> sa.Select[Thread]:
    """Return the threads whose writer proved to be somebody, with the address that is theirs today.

    A thread of an address that they gave up is left out: it may be somebody else's by now.
    """
    return sa.select(Thread).where(
        Thread.person_id == person_id,
        Thread.standing == Standing.PROVED,
        Thread.correspondent == email,
        Thread.state.in_(READ_BY_STUDENT),
    )


def page(person_id: int, email: str, *, before: int | None, after: int | None) -> Page[Thread]:
    """Return a page of somebody's threads, those begun last first."""
    return keyset(_theirs(person_id, email), Thread.id, before=before, after=after)


def thread(person_id: int, email: str, reference: str) -> Thread:
    """Return one of somebody's threads; what is not theirs raises NotFound like what is not there."""
    found = db.session.scalar(_theirs(person_id, email).where(Thread.reference == reference))
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """How a thread stands: what kind it is, whose it is, and how long it has waited; None where it waits for nobody."""

    thread: Thread
    kind: str
    whose: str | None
    waited: str | None


def told(threads: Iterable[Thread], *, now: dt.datetime) -> list[Told]:
    """Return how threads stand, with the names of the colleagues who have them, read at once."""
    every = list(threads)
    owners = {one.assigned_to for one in every if one.assigned_to}
    names = people.names(owners) if owners else {}
    return [_told(one, names.get(one.assigned_to or ""), now) for one in every]


def _told(one: Thread, owner: str | None, now: dt.datetime) -> Told:
    team = TEAMS[one.mailbox] if one.state is ThreadState.WAITING else None
    since = one.waiting_since
    return Told(one, KINDS[one.mailbox], owner or team, waited(since, now) if since else None)


def page_beside(of: Thread, person_id: int) -> str | None:
    """Return the page of what a thread belongs to, where that is a record of its writer's own; None otherwise."""
    page = registry().own_pages.get((of.about or "").partition("-")[0])
    try:
        return page(person_id, str(of.about)) if page else None
    except NotFound:
        return None


def messages(of: Thread) -> list[Message]:
    """Return the messages of a thread of somebody's own that they may read."""
    shown = ((one, _shown(one, of.correspondent)) for one in queries.messages(of))
    return [_message(one, how) for one, how in shown if how is not Shown.NOTHING]


def _shown(one: ThreadMessage, email: str) -> Shown:
    theirs = (one.letter.recipient if one.letter is not None else one.sender) == email
    return shown_to_student(one.direction, one.standing, automatic=one.automatic, theirs=theirs)


def _message(one: ThreadMessage, how: Shown) -> Message:
    ours = one.direction is Direction.OUT
    if how is not Shown.WHOLE:
        return Message(one.at, ours, None, "", ())
    text, quoted = (one.text, "") if ours else folded(one.text)
    return Message(one.at, ours, text, quoted, [str(file.get("name") or "A file") for file in one.attachments])
