"""The list of all changes, for the page and for the files made of it."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from provider.accounts import queries as people
from provider.history.changes import Change, changes
from provider.history.rules import Sought
from provider.kernel.actors import ActorKind
from provider.kernel.days import start_of
from provider.kernel.forms import Choices, Schema
from provider.kernel.paging import Page, Sort
from provider.kernel.settings import settings
from provider.kernel.sheets import Column
from provider.oversight.finding import people_called
from provider.staff import history_words as words
from provider.staff.lists import Listed
from provider.staff.schemas_history import FindChanges

NEWEST = Sort("newest", "Newest first", "When")


class Changes(Listed[Change]):
    """Everything that was changed, or what somebody looks for of it."""

    name, title, sorts = "history", "History", (NEWEST,)
    schema: ClassVar[type[Schema]] = FindChanges

    def __init__(self, given: Any) -> None:  # noqa: ANN401 - as for every list
        super().__init__(given)
        self.events = words.events()
        self.names: dict[str, str] = {}
        self.sought = _sought(self.asked.form.data) if self.asked.form.ok else Sought()

    def choices(self) -> dict[str, Choices]:
        kinds, events = (sorted(known.items(), key=lambda one: one[1]) for known in (words.KINDS, words.events()))
        return {
            "kind": (("", "All"), *kinds),
            "event": (("", "Everything"), *events),
            "by": (("", "Anybody"), *words.NOBODY.items()),
        }

    def page(self, *, before: int | None = None, after: int | None = None, size: int = 50) -> Page[Change]:
        found = changes(self.sought, before=before, after=after, size=size)
        references = {row.actor_reference for row in found.rows if row.actor_reference}
        self.names = people.names(references) if references else {}
        return found

    def columns(self) -> Sequence[Column[Change]]:
        return [
            Column("At (UTC)", lambda one: one.at, width=20),
            Column("What", lambda one: words.what(one, self.events), width=32),
            Column("Event", lambda one: one.event, width=28),
            Column("Kind of record", words.kind, width=20),
            Column("Record", words.record),
            Column("About", lambda one: one.about),
            Column("State before", lambda one: (words.states(one) or ("", ""))[0]),
            Column("State after", lambda one: (words.states(one) or ("", ""))[1]),
            Column("Values", lambda one: json.dumps(one.data, ensure_ascii=False) if one.data else "", width=40),
            Column("Who", lambda one: self.names.get(one.actor_reference or ""), width=24),
            Column("Reference of who", lambda one: one.actor_reference),
            Column("In which capacity", lambda one: words.NOBODY[one.actor_kind], width=24),
            Column("Request", lambda one: one.request_id, width=20),
        ]


def _sought(data: Mapping[str, Any]) -> Sought:
    zone = settings().SCHOOL_ZONE
    until = data["until"] + dt.timedelta(days=1) if data["until"] else None
    return Sought(
        actors=people_called(data["who"]) if data["who"] else None,
        actor_kind=ActorKind(data["by"]) if data["by"] in set(ActorKind) else None,
        reference=data["about"].upper(),
        kind=data["kind"],
        event=data["event"],
        request_id=data["request"].lower(),
        begin=start_of(data["since"], zone) if data["since"] else None,
        end=start_of(until, zone) if until else None,
    )
