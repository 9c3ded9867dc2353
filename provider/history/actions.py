"""Writing history: each state change goes through `move`, everything else worth remembering through `note`."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from provider.history.models import History, HistoryDetail
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import insert
from provider.kernel.lifecycles import Lifecycle

S = TypeVar("S", bound=StrEnum)


class Subject(Protocol):
    """A record that history can name."""

    __tablename__: str

    @property
    def reference(self) -> str: ...


class Stateful(Subject, Protocol[S]):
    """A record with a lifecycle."""

    state: S


def note(
    subject: Subject,
    event: str,
    *,
    actor: Actor,
    at: dt.datetime,
    about: str | None = None,
    old: StrEnum | None = None,
    new: StrEnum | None = None,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """Remember one event; ``about`` is the enrollment (or other root) whose timeline shows it."""
    history_id = insert(
        History,
        at=at,
        subject_kind=subject.__tablename__,
        subject_reference=subject.reference,
        about=about or subject.reference,
        event=event,
        old_state=old,
        new_state=new,
        actor_kind=actor.kind,
        actor_reference=actor.reference,
        request_id=actor.request_id,
        data=data or {},
    )
    if personal:
        insert(HistoryDetail, history_id=history_id, data=personal)


@dataclass
class Note:
    """A note as history names it: it is no table of its own, only an event with a text."""

    reference: str
    __tablename__: str = "note"


def write_note(*, about: str, text: str, actor: Actor, at: dt.datetime) -> str:
    """Keep a note about an enrollment or a person, its text where erasure may blank it; returns its reference."""
    written = Note(references.new("N"))
    note(written, "note.written", actor=actor, at=at, about=about, personal={"text": text})
    return written.reference


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, Any]:
    """Return the values that differ as ``old`` and ``new``, for the data of a change; dates as they are written."""
    differing = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return {
        side: {name: _plain(values[name]) for name in differing if name in values}
        for side, values in (("old", old), ("new", new))
        if any(name in values for name in differing)
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value


def born(
    subject: Stateful[S], *, actor: Actor, at: dt.datetime, about: str | None = None, data: dict[str, Any] | None = None
) -> None:
    """Remember a record's first state."""
    note(
        subject,
        f"{subject.__tablename__}.{subject.state}",
        actor=actor,
        at=at,
        about=about,
        new=subject.state,
        data=data,
    )


def move(
    subject: Stateful[S],
    to: S,
    lifecycle: Lifecycle[S],
    *,
    actor: Actor,
    at: dt.datetime,
    about: str | None = None,
    data: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
) -> None:
    """Change a record's state along its lifecycle and remember who did it when; raises IllegalTransition."""
    old = subject.state
    lifecycle.check(old, to)
    subject.state = to
    event = f"{subject.__tablename__}.{to}"
    note(subject, event, actor=actor, at=at, about=about, old=old, new=to, data=data, personal=personal)
