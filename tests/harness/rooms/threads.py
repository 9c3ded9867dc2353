"""Messages: the list, threads in every state, answering and sorting them, and the texts for answers."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.mail.models import AddressHealth
from provider.mail.rules import Mailbox
from provider.threads.models import CannedText, Thread, ThreadMessage
from provider.threads.rules import Direction, Standing, ThreadState
from tests.harness.room import OWNER, Case, Objects, Room, Visit, by_query, by_staff, first, looked_up
from tests.harness.season import Season
from tests.harness.stage import Stage

COORDINATOR = Role.COORDINATOR
_HERE = Thread.mailbox == Mailbox.EXTERNSHIP
PROVED = sa.select(Thread.reference).where(_HERE, Thread.standing == Standing.PROVED)
HELD = sa.select(Thread.reference).where(Thread.state == ThreadState.QUARANTINED)
SPAM = sa.select(Thread.reference).where(Thread.state == ThreadState.SPAM)
MERGED = sa.select(Thread.reference).where(Thread.state == ThreadState.MERGED)
ANSWERED = sa.select(Thread.reference).where(Thread.state == ThreadState.ANSWERED)
CLAIMED = sa.select(Thread.reference).where(Thread.standing == Standing.CLAIMED)
ALIVE = sa.select(Thread.reference).where(Thread.id.in_(sa.select(Thread.merged_into_id)))
TWIN = sa.select(Thread.reference).where(
    Thread.subject == "Two mails", Thread.state == ThreadState.WAITING, Thread.reference.not_in(ALIVE)
)
CANNED = sa.select(CannedText.reference).where(CannedText.retired_at.is_(None)).order_by(CannedText.id)
ADDRESS = sa.select(AddressHealth.reference)
MESSAGE = (
    sa.select(ThreadMessage.reference)
    .join(Thread)
    .where(Thread.reference.in_(ALIVE), ThreadMessage.direction == Direction.IN)
    .order_by(ThreadMessage.id.desc())
)
FORMS = (
    Case("answer", COORDINATOR, "/staff/messages/{thread}", {"text": "In January."}, "answers"),
    Case("thread note", COORDINATOR, "/staff/messages/{thread}", {"text": "Called her."}, "notes"),
    Case("assign thread", COORDINATOR, "/staff/messages/{thread}", {"owner": "{answerer}"}, "assign"),
    Case("thread beside", COORDINATOR, "/staff/messages/{thread}", {}, "beside"),
    Case("split thread", COORDINATOR, "/staff/messages/{grown}", {"subject": "Another matter"}, "split", first=True),
    Case("merge thread", COORDINATOR, "/staff/messages/{grown}", {"other": "{twin}"}, "merge"),
    Case("new text", COORDINATOR, "/staff/messages/texts/new", {"title": "Hello", "text": "Hello there."}),
    Case("text", COORDINATOR, "/staff/messages/texts/{canned}", {"title": "Hello again"}, first=True),
)
BUTTONS = {
    "/staff/messages/{thread}/take": COORDINATOR,
    "/staff/messages/{thread}/close": COORDINATOR,
    "/staff/messages/{held}/back": COORDINATOR,
    "/staff/messages/{grown}/spam": COORDINATOR,
    "/staff/messages/texts/{canned}/retire": COORDINATOR,
    "/staff/addresses/{troubled}/works": COORDINATOR,
}


def _staff(stage: Stage) -> Iterator[Visit]:
    """A thread in every state, the lists, and the texts for answers."""
    found = looked_up(
        stage.app,
        lambda: {
            "": first(PROVED),
            "-held": first(HELD),
            "-spam": first(SPAM),
            "-merged": first(MERGED),
            "-grown": first(ALIVE),
            "-answered": first(ANSWERED),
            "-claimed": first(CLAIMED),
        },
    )
    text = looked_up(stage.app, lambda: first(CANNED))
    paths = {
        "messages": "/staff/messages",
        "messages-all": "/staff/messages?state=all",
        "messages-none": "/staff/messages?q=nothing",
        "message-begun": f"/staff/messages/{found['']}?begin=missing",
        **{f"message{name}": f"/staff/messages/{reference}" for name, reference in found.items()},
        "texts": "/staff/messages/texts",
        "text-new": "/staff/messages/texts/new",
        "text": f"/staff/messages/texts/{text}",
    }
    yield from by_staff(stage, paths, sent_empty=("text-new",))


def _student(stage: Stage) -> Iterator[Visit]:
    """A student's own messages, one of them, and those of somebody who never wrote."""
    owner = stage.season[OWNER].email
    thread = looked_up(stage.app, lambda: first(own(owner)))
    yield Visit("my-messages", "/my/messages", owner)
    yield Visit("my-message", f"/my/messages/{thread}", owner)
    yield Visit("my-messages-none", "/my/messages", stage.season["refunding"].email)


def own(email: str) -> sa.Select[str]:
    """Return the messages of a student who proved to have written them."""
    return sa.select(Thread.reference).where(Thread.correspondent == email, Thread.standing == Standing.PROVED)


def _objects(season: Season) -> Objects:
    thread = first(PROVED)
    message = sa.select(ThreadMessage.reference).join(Thread).where(Thread.reference == thread)
    return {
        "/my/messages/": {"reference": first(own(season[OWNER].email))},
        "/staff/messages/": {"reference": thread, "message": first(message), "number": "1"},
        "/staff/messages/texts/": {"reference": first(CANNED)},
        "/staff/addresses/": {"reference": first(ADDRESS)},
    }


RECORDS = (
    by_query("thread", PROVED),
    by_query("held", HELD),
    by_query("grown", ALIVE),
    by_query("twin", TWIN),
    by_query("answerer", lambda season: sa.select(Person.reference).where(Person.email == season.staff[COORDINATOR])),
    by_query("canned", CANNED),
    by_query("troubled", ADDRESS),
)
ROOM = Room(forms=FORMS, buttons=BUTTONS, student=_student, staff=_staff, records=RECORDS, objects=_objects)
