"""Upward calls by name: rooms hand in their handlers at start, lower rooms call them without knowing them."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from flask import Flask, current_app
from flask.typing import ResponseReturnValue

from provider.kernel.actors import Actor
from provider.kernel.finding import Source
from provider.kernel.promises import Queue

Payload = Mapping[str, str | int | None]


class JobHandler(Protocol):
    """Does one job; opens its own units of work and is safe to repeat."""

    def __call__(self, payload: Payload, /, *, now: dt.datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job that falls due by the clock: ``key`` names the period, so that each period runs once."""

    kind: str
    key: Callable[[dt.datetime], str]


class LinkPurpose(Protocol):
    """What a signed link opens (GET, changes nothing) and what its button decides (POST); staff read its label."""

    label: str

    def show(self, *, subject: str, token: str) -> ResponseReturnValue: ...

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue: ...


@runtime_checkable
class TellsWhenOver(LinkPurpose, Protocol):
    """A purpose whose closed links say in a sentence of their own what became of what they were for.

    It is told when the link was made: what has happened since may have closed it.
    """

    def over(self, subject: str, made_at: dt.datetime, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is made when a letter leaves: its name, its type (``application/pdf``) and its bytes."""

    name: str
    kind: str
    content: bytes


class PaymentEventHandler(Protocol):
    """Brings our records up to what the payment service says of one kind of object.

    ``fetch`` asks the service for the object as it stands now, outside of any transaction. ``apply`` runs in the
    transaction that marks the event: it gets what was fetched and the stored event with what that claims, and returns
    what came of it (an event's state) with a sentence for staff. It is safe to repeat, in any order.
    """

    def fetch(self, object_id: str) -> Any: ...  # noqa: ANN401 - what its own apply understands

    def apply(self, found: Any, /, *, event: Any, now: dt.datetime) -> tuple[str, str]: ...  # noqa: ANN401 - as above


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken invariant: its name, the record, and what is wrong with it."""

    invariant: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Strand:
    """One kind of what happens to a student: how stories tell it, and what their filter calls it.

    ``subjects`` are the kinds of records whose events it tells. ``words`` has the title of each event and the sign
    beside it; a title may name what the event kept: ``Given to {new}``. Who lacks the permission ``needs`` is not told.
    Rooms that tell of the same thing share a name. ``of_people``: it happens to a student, not to an enrollment.
    """

    name: str
    label: str
    subjects: frozenset[str]
    words: Mapping[str, tuple[str, str]]
    needs: str | None = None
    of_people: bool = False


@dataclass(frozen=True, slots=True)
class DocumentsNeeded:
    """Somebody needs the documents of a program, and of a site where there is one, good through a day.

    Without a day they are needed for as long as something open waits for them. ``reason`` is what they are needed for,
    ``asked`` says that somebody asked for it already.
    """

    program_id: int
    site_id: int | None
    through: dt.date | None
    reason: str
    asked: bool = True


Invariant = Callable[[], Iterable[Breach]]


@dataclass(slots=True)
class Registry:
    """Everything that is called by name.

    ``failed_jobs`` speaks for given-up jobs of a kind (payload, error, instant), ``any_failed_job`` for those of all
    other kinds (kind, key, instant). ``start_checks`` say why the application must not start. ``detour`` names the
    address that somebody has to go to first whom a door refuses.
    ``unreached`` hears, in the same transaction, that a letter of a template came back or could not be delivered: its
    values, its recipient, what was said, and when.
    ``attachments`` make the files of a letter, by its template, from the values that are stored of it.
    ``kept_card`` names the card (``Visa ending in 4242``) that installments of an enrollment, by its id, are charged to
    by themselves; None when nothing is. ``is_charged`` says whether a card is being charged for an enrollment just now.
    ``documents_changed`` hears, in the same transaction, that documents of a person (by id) stand otherwise now.
    ``enrollment_canceled`` hears, in the same transaction, that an enrollment (by id) was canceled, and by whom;
    ``preceptor_changed`` that somebody else supervises a placement (by id).
    ``rights_lost`` hear, in the same transaction, that a person (by reference) has no more than these permissions now.
    ``own_pages`` name, by the prefix of a reference, the page on which a person (by id) sees a record of theirs; what
    is not theirs raises NotFound.
    ``recommendation_used`` names the last day of a pass for which a credit request rests on a recommendation (by id).
    ``documents_needed`` says what a person needs documents for, ``documents_people`` who does for a program (by id), a
    site (by id) or both.
    """

    jobs: dict[str, JobHandler] = field(default_factory=dict)
    periodic: list[Periodic] = field(default_factory=list)
    links: dict[str, LinkPurpose] = field(default_factory=dict)
    payment_events: dict[str, PaymentEventHandler] = field(default_factory=dict)
    invariants: dict[str, Invariant] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    attachments: dict[str, Callable[[Mapping[str, Any]], Sequence[Attachment]]] = field(default_factory=dict)
    unreached: dict[str, Callable[[Mapping[str, Any], str, str, dt.datetime], None]] = field(default_factory=dict)
    failed_jobs: dict[str, Callable[[Payload, str, dt.datetime], None]] = field(default_factory=dict)
    any_failed_job: Callable[[str, str, dt.datetime], None] | None = None
    queues: dict[str, Queue] = field(default_factory=dict)
    strands: list[Strand] = field(default_factory=list)
    start_checks: list[Callable[[], str | None]] = field(default_factory=list)
    kept_card: Callable[[int], str | None] | None = None
    is_charged: Callable[[int], bool] | None = None
    documents_changed: Callable[[int, dt.datetime], None] | None = None
    enrollment_canceled: Callable[[int, Actor, dt.datetime], None] | None = None
    preceptor_changed: Callable[[int, Actor, dt.datetime], None] | None = None
    rights_lost: list[Callable[[str, Collection[str], Actor, dt.datetime], None]] = field(default_factory=list)
    own_pages: dict[str, Callable[[int, str], str]] = field(default_factory=dict)
    recommendation_used: Callable[[int], dt.date | None] | None = None
    documents_needed: Callable[[int], Sequence[DocumentsNeeded]] | None = None
    documents_people: Callable[[int | None, int | None], Sequence[int]] | None = None
    letter_links: Callable[[str], str] | None = None
    may: Callable[[str], bool] | None = None
    detour: Callable[[], str | None] | None = None
    actor: Callable[[], Actor] | None = None


def install(app: Flask) -> Registry:
    """Give the application its empty registry."""
    registry = app.extensions["registry"] = Registry()
    return registry


def registry() -> Registry:
    """Return the running application's registry."""
    found: Registry = current_app.extensions["registry"]
    return found
