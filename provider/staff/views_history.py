"""Everything that was changed: who, when, what, before and after; searched, read a page at a time, and exported."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import signed_in
from provider.disclosures import actions as disclosures
from provider.disclosures.rules import DisclosureKind
from provider.history.changes import Change, changes, extent
from provider.history.rules import Sought
from provider.kernel.actors import ActorKind
from provider.kernel.database import unit_of_work
from provider.kernel.days import start_of
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at, when
from provider.oversight.finding import people_called
from provider.staff import history_words as words
from provider.staff.csv_stream import lines
from provider.staff.listing import filters, key
from provider.staff.schemas_history import ExportChanges, FindChanges

door = Door("staff_history", __name__, needs=Permission.SEE_HISTORY, url_prefix="/staff/history")
EXPORTED_AT_ONCE = 500
HEADINGS = ("At (UTC)", "At the school", "What", "Event", "Kind of record", "Record", "About", "Before", "After",
            "Values", "Who", "Reference of who", "Kind of who", "Request")  # fmt: skip


def _choices() -> dict[str, Choices]:
    kinds, events = (sorted(known.items(), key=lambda one: one[1]) for known in (words.KINDS, words.events()))
    return {
        "kind": (("", "All"), *kinds),
        "event": (("", "Everything"), *events),
        "by": (("", "Anybody"), *words.NOBODY.items()),
    }


@door.get("")
def index() -> ResponseReturnValue:
    return _page(filters(FindChanges(), _choices()))


def _page(form: Form) -> ResponseReturnValue:
    sought = _sought(form.data) if form.ok else Sought()
    page = changes(sought, before=key("before"), after=key("after"))
    kept = {name: _kept(value) for name, value in form.data.items() if value} if form.ok else {}
    shown = render_template(
        "staff/history/index.html",
        form=form,
        page=page,
        words=words,
        events=words.events(),
        kept=kept,
        names=_names(page.rows),
        prefixes=_prefixes(),
    )
    return shown, 200 if form.ok else 422


@door.post("/export")
@confirmed
def export() -> ResponseReturnValue:
    form = Form(ExportChanges(), choices=_choices()).load_form(request.form)
    if not form.ok:
        return _page(form)
    sought = _sought(form.data)
    count, newest = extent(sought)
    narrowed = sorted(name for name in FindChanges().fields if form.data[name])
    viewer = signed_in()
    with unit_of_work():
        disclosures.record(
            kind=DisclosureKind.EXPORT,
            recipient=viewer.name if viewer else "",
            what="History" + (f", narrowed by {', '.join(narrowed)}" if narrowed else ", all of it"),
            basis="Audit",
            rows=count,
            actor=actor(),
            at=received_at(),
        )
    stream = lines(HEADINGS, _exported(sought, newest))
    response = Response(stream_with_context(stream), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="history-{received_at():%Y-%m-%d}.csv"'
    return response


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


def _kept(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _names(rows: Sequence[Change]) -> dict[str, str]:
    references = {row.actor_reference for row in rows if row.actor_reference}
    return people.names(references) if references else {}


def _prefixes() -> frozenset[str]:
    """Return the beginnings of references that the search leads to."""
    return frozenset(chain.from_iterable(source.prefixes for source in registry().sources.values()))


def _exported(sought: Sought, newest: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the file, newest first, a few at a time: what is written meanwhile is not in it."""
    known, before = words.events(), newest + 1
    while before:
        page = changes(sought, before=before, size=EXPORTED_AT_ONCE)
        names = _names(page.rows)
        yield from (_row(row, names, known) for row in page.rows)
        before = page.older or 0


def _row(row: Change, names: Mapping[str, str], known: Mapping[str, str]) -> tuple[object, ...]:
    before, after = words.states(row) or ("", "")
    kept = json.dumps(row.data, ensure_ascii=False, sort_keys=True) if row.data else ""
    return (
        f"{row.at:%Y-%m-%d %H:%M:%S}",
        when(row.at),
        words.what(row, known),
        row.event,
        words.KINDS.get(row.subject_kind, words.plain(row.subject_kind)),
        words.record(row),
        row.about,
        before,
        after,
        kept,
        names.get(row.actor_reference or "", ""),
        row.actor_reference,
        row.actor_kind.value,
        row.request_id,
    )
