"""Mail that came in, as it is filed: threads in every state. Needs an app context."""

import datetime as dt
from typing import Any

from provider.accounts import queries as people
from provider.kernel import clock
from provider.kernel.actors import Actor
from provider.kernel.database import db, unit_of_work
from provider.mail import addresses
from provider.mail.actions import post
from provider.mail.rules import Mailbox
from provider.threads import actions, answering, canned, queries, sorting
from provider.threads.actions import Writer, Written
from provider.threads.models import Thread
from provider.threads.rules import Standing
from tests.harness.letters import a_letter
from tests.harness.papers import STAFF, person

QUOTED = (
    "Hello,\n\nhere is what you asked for.\n\nAna\n\nOn Sat, Nov 21, 2026, Sample School wrote:\n> Please send it.\n"
)
BOUNCED = "nobody-there@example.com"


def opened(
    subject: str = "A question",
    text: str = "When may I start?",
    *,
    email: str = "zoe@example.com",
    name: str = "Zoe Quist",
    mailbox: Mailbox = Mailbox.EXTERNSHIP,
    standing: Standing = Standing.UNKNOWN,
    about: str | None = None,
    at: dt.datetime | None = None,
    **written: Any,  # noqa: ANN401 - what Written takes
) -> str:
    """Let a mail open a thread; who is proved or claims to be somebody is the student of the address."""
    with unit_of_work():
        known = person(email) if standing in {Standing.PROVED, Standing.CLAIMED} else None
        writer = Writer(email, name, standing, known)
        return actions.open_thread(
            mailbox=mailbox,
            subject=subject,
            writer=writer,
            written=Written(text, **written),
            about=about,
            at=at or clock.now(),
        ).reference


def wrote_again(reference: str, text: str = "Hello?", *, email: str = "zoe@example.com", **written: Any) -> None:  # noqa: ANN401
    """Let another mail come to a thread."""
    with unit_of_work():
        thread = queries.by_reference(reference, lock=True)
        writer = Writer(email, "Zoe Quist", thread.standing, thread.person)
        actions.add_incoming(thread, writer=writer, written=Written(text, **written), at=clock.now())


def thread(reference: str) -> Thread:
    """Return a thread as it is stored now."""
    db.session.expire_all()
    return queries.by_reference(reference)


def answer(
    reference: str, text: str = "In January.", *, key: str = "", seen: str = "", at: dt.datetime | None = None
) -> str:
    """Answer a thread as staff, who saw its last message; returns the reference of the answer."""
    with unit_of_work():
        held = queries.by_reference(reference, lock=True)
        last = queries.messages(held)[-1].reference
        sent = answering.answer(
            held,
            text=text,
            seen=seen or last,
            key=key or f"key-{last}",
            signed="Kim Coordinator",
            actor=STAFF,
            at=at or clock.now(),
        )
        return sent.reference


def merge(one: str, other: str, *, actor: Actor = STAFF) -> str:
    """Put two threads together; returns the one that stays."""
    with unit_of_work():
        return sorting.merge(*queries.pair(one, other), actor=actor, at=clock.now()).reference


def move(reference: str, to: Any) -> None:  # noqa: ANN401 - a verb of sorting
    """Let staff close a thread, mark it as spam, or bring it back."""
    with unit_of_work():
        to(queries.by_reference(reference, lock=True), actor=STAFF, at=clock.now())


def bounce(email: str = BOUNCED, *, hard: bool = True, at: dt.datetime | None = None) -> str:
    """Let a letter to an address come back; returns the reference of what is remembered of it."""
    when = at or clock.now()
    with unit_of_work():
        letter = post(a_letter(f"bounce-{email}-{when.isoformat()}", recipient=email, about=None), at=when)
        return addresses.came_back(letter, said="550 5.1.1 No such user", hard=hard, at=when).reference


def tell(*, proved: str, claimed: str, now: dt.datetime) -> None:
    """Let mail of every kind come in: one of a proved student, one that claims, strangers, staff, spam."""
    hour = dt.timedelta(hours=1)
    ana = people.by_email(proved)
    assert ana is not None
    opened(
        "Where do I send my TB test?",
        QUOTED,
        email=proved,
        name=ana.name,
        standing=Standing.PROVED,
        about=ana.reference,
        at=now - 30 * hour,
        attachments=[{"name": "tb test.pdf", "kind": "application/pdf", "size": 48_213}],
    )
    opened("My refund", "Where is it?", email=claimed, standing=Standing.CLAIMED, mailbox=Mailbox.ENQUIRIES,
           at=now - 5 * hour)  # fmt: skip
    answered = opened("Credit at Napa", mailbox=Mailbox.COLLEGE_CREDITS, at=now - 4 * hour)
    answer(answered, "The college decides.", at=now - 3 * hour)
    opened("Give me the list", standing=Standing.STAFF_UNPROVED, email="boss@example.org", at=now - 2 * hour)
    opened("Out of office", mailbox=Mailbox.ENQUIRIES, automatic=True, at=now - 2 * hour)
    spam = opened("You have won", mailbox=Mailbox.ENQUIRIES, email="win@example.net", at=now - hour)
    move(spam, sorting.mark_as_spam)
    one, other, _ = (opened("Two mails", email="twice@example.com", at=now - hour) for _ in range(3))
    merge(one, other)
    with unit_of_work():
        text = "Hello {name},\n\nwe still need:\n\n{missing}\n\nUpload it on the page of your documents."
        canned.write(title="Papers are missing", mailbox=Mailbox.EXTERNSHIP, text=text, actor=STAFF, at=now)
        canned.write(
            title="We look into it", mailbox=None, text="Hello {name},\n\nwe look into it.", actor=STAFF, at=now
        )
    bounce(at=now - hour)
