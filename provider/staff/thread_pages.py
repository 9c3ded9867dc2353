"""What the page of a thread shows, as whoever looks may see it, in a constant number of statements."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.errors import NotFound
from provider.kernel.forms import Choices, Form
from provider.mail.models import AddressHealth
from provider.mail.queries import troubled
from provider.mailroom import queries as mailroom
from provider.mailroom.models import RefundDraft
from provider.staff import drafts, stories
from provider.staff.drafts import Drafts
from provider.staff.schemas_threads import (
    AnswerThread,
    AssignThread,
    MergeThread,
    NoteOnThread,
    PutBeside,
    SplitThread,
)
from provider.staff.subjects import href
from provider.staff.timeline import Event
from provider.threads import queries
from provider.threads.lists import SEES, seen
from provider.threads.models import Thread, ThreadMessage
from provider.threads.quoting import folded
from provider.threads.rules import ANSWERABLE, LIFECYCLE, MERGEABLE, Direction, ThreadState, allows, earlier


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as the page shows it: what was written, what is quoted under it, who wrote it."""

    message: ThreadMessage
    text: str
    quoted: str
    who: str
    can_split: bool

    @property
    def way(self) -> Direction:
        """Which way it went."""
        return self.message.direction


@dataclass(frozen=True, slots=True)
class Can:
    """What whoever looks may do with a thread as it stands."""

    answer: bool
    sort: bool
    close: bool
    spam: bool
    back: str
    merge: bool


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of the page; one of them may hold what was refused."""

    answer: Form
    note: Form
    assign: Form
    merge: Form
    beside: Form
    split: Form
    split_of: str = ""

    @property
    def wrong(self) -> Sequence[Form]:
        """Those that were refused."""
        every = (self.answer, self.note, self.assign, self.merge, self.beside, self.split)
        return [form for form in every if form.errors]


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Everything the page shows."""

    thread: Thread
    living: Thread
    person: Person | None
    messages: Sequence[Shown]
    earlier: int
    marks: Mapping[str, AddressHealth]
    refund_drafts: Sequence[RefundDraft]
    owner: str | None
    about_href: str | None
    person_href: str | None
    allows: str
    drafts: Drafts
    can: Can
    forms: Forms
    seen: str
    key: str
    story: Sequence[Event]


def held(reference: str, *, lock: bool = False) -> Thread:
    """Return a thread of a mailbox that whoever asks may see; raises NotFound for any other."""
    thread = queries.by_reference(reference, lock=lock)
    if not may(SEES[thread.mailbox]):
        raise NotFound
    return thread


def answerers(thread: Thread) -> dict[str, str]:
    """Return who may answer the mail of a thread's mailbox, name by reference."""
    return people.holders(Permission.ANSWER_MESSAGES, SEES[thread.mailbox])


def fresh_key() -> str:
    """Return the key of one form, by which sending it twice is noticed."""
    return secrets.token_urlsafe(16)


def read(reference: str, **given: Any) -> ThreadPage:  # noqa: ANN401 - a form, or the message to take apart
    """Read the page of a thread; ``given`` are forms that were refused, by name."""
    thread = held(reference)
    messages = queries.messages(thread)
    found, can = drafts.read(thread), _can(thread)
    owners = answerers(thread) if can.sort else {}
    names = people.names({one.written_by for one in messages if one.written_by} | {thread.assigned_to or ""})
    begun = found.begun(request.args.get("begin", "")[:16])
    forms = Forms(
        answer=given.get("answer") or Form(AnswerThread(), values={"text": begun}),
        note=given.get("note") or Form(NoteOnThread()),
        assign=given.get("assign") or Form(AssignThread(), values={"owner": thread.assigned_to or ""}),
        merge=given.get("merge") or Form(MergeThread()),
        beside=given.get("beside") or Form(PutBeside(), values={"record": thread.about or _reference(thread) or ""}),
        split=given.get("split") or Form(SplitThread(), values={"subject": thread.subject}),
        split_of=given.get("split_of", ""),
    )
    forms.assign.choices["owner"] = _owners(owners, thread.assigned_to, names)
    came = sum(one.direction is Direction.IN for one in messages)
    return ThreadPage(
        thread=thread,
        living=queries.living(thread),
        person=thread.person,
        messages=[_shown(one, names, can_split=can.sort and can.merge and came > 1) for one in messages],
        earlier=earlier(len(messages)),
        marks=troubled([thread.correspondent, *(one.sender for one in messages)]),
        refund_drafts=mailroom.drafts_of(thread),
        owner=names.get(thread.assigned_to or ""),
        about_href=href(thread.about),
        person_href=href(_reference(thread)),
        allows=allows(thread.standing),
        drafts=found,
        can=can,
        forms=forms,
        seen=messages[-1].reference if messages else "",
        key=fresh_key(),
        story=stories.of_record(thread.reference),
    )


def _reference(thread: Thread) -> str | None:
    return thread.person.reference if thread.person is not None else None


def _shown(message: ThreadMessage, names: dict[str, str], *, can_split: bool) -> Shown:
    text, quoted = folded(message.text) if message.direction is Direction.IN else (message.text, "")
    own = names.get(message.written_by or "", "Somebody who works here")
    who = own if message.direction is not Direction.IN else message.sender_name or message.sender or ""
    return Shown(message, text, quoted, who, can_split=can_split and message.direction is Direction.IN)


def _owners(owners: dict[str, str], present: str | None, names: dict[str, str]) -> Choices:
    left = [(present, names.get(present, present))] if present and present not in owners else []
    return [("", "Nobody"), *left, *owners.items()]


def _can(thread: Thread) -> Can:
    changes, state = may(Permission.ANSWER_MESSAGES), thread.state
    back = {ThreadState.QUARANTINED: "Release it", ThreadState.SPAM: "Not spam", ThreadState.CLOSED: "Open again"}
    return Can(
        answer=changes and state in ANSWERABLE,
        sort=changes and state is not ThreadState.MERGED,
        close=changes and LIFECYCLE.can(state, ThreadState.CLOSED),
        spam=changes and LIFECYCLE.can(state, ThreadState.SPAM),
        back=back.get(state, "") if changes else "",
        merge=changes and state in MERGEABLE,
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """The threads beside a record, for its own page: the last few; all of them are found by ``typed``, if given."""

    threads: Sequence[Thread]
    more: bool
    typed: str


MOST_BESIDE = 5


def beside(*abouts: str, person_id: int | None = None, emails: Collection[str] = ()) -> Beside | None:
    """Return the last threads around records, a student or addresses, as whoever looks may see them.

    None for who sees no mail.
    """
    if not may(Permission.SEE_MESSAGES):
        return None
    found = queries.beside(person_id=person_id, emails=emails, abouts=abouts, mailboxes=seen(), most=MOST_BESIDE + 1)
    typed = next(iter(emails), "") if len(emails) == 1 else ""
    return Beside(found[:MOST_BESIDE], more=len(found) > MOST_BESIDE, typed=typed)
