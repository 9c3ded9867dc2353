"""What the registries call by name: the job that files a mail, the link that proves one, and how stories tell it."""

import datetime as dt

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.links import LinkClosed, use_link
from provider.accounts.rules import Permission
from provider.kernel.actors import Actor
from provider.kernel.database import unit_of_work
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.web import only
from provider.mailroom import draft_lists, drafting, queries
from provider.mailroom.acknowledging import forget
from provider.mailroom.filing import file_mail
from provider.mailroom.rules import ACKNOWLEDGED_EVERY, FILE, PROVE
from provider.threads import queries as threads
from provider.threads.actions import prove
from provider.threads.rules import ASKED_ON

TIDY = "mailroom.tidy"


def tidy(_payload: Payload, *, now: dt.datetime) -> None:
    """Forget whose turn of the day for an acknowledgment is long over."""
    with unit_of_work():
        forget(before=now - 2 * ACKNOWLEDGED_EVERY)


class ProveMailLink:
    """Shows that a mail was written by who owns the address; it changes nothing else, and signs nobody in."""

    label = "Confirm that a mail was yours"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return render_template("mailroom/prove.html", thread=threads.by_reference(subject), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        only()
        with unit_of_work():
            use_link(token, purpose=PROVE, at=received_at)
            thread = threads.by_reference(subject, lock=True)
            person = thread.person
            if person is None or person.email != thread.correspondent:  # the address is another's by now
                raise LinkClosed
            prove(thread, actor=actor, at=received_at, about=queries.about(thread.mailbox, person))
            drafting.believe(thread, actor=actor, at=received_at)
            onward = ASKED_ON.get(thread.mailbox, "my.index")
        flash("Thank you. Now we know that this mail was yours, and we can answer what only you may know.")
        return redirect(url_for("accounts.sign_in", next=url_for(onward)), code=303)


STORY = Strand(
    "messages",
    "Messages",
    frozenset({"incoming_mail", "refund_draft"}),
    {
        "incoming_mail.stored": ("Mail taken in", "letter"),
        "incoming_mail.filed": ("Mail filed", "letter"),
        "incoming_mail.quarantined": ("Mail held until somebody looks at it", "warn"),
        "incoming_mail.ignored": ("Mail of a machine: {judged}", "letter"),
        "refund_draft.open": ("A message seems to ask for the money back", "money"),
        "refund_draft.proved": ("Writer of a message that asks for the money back proved who they are", "good"),
        "refund_draft.entered": ("Request for the money back entered from a message", "money"),
        "refund_draft.dismissed": ("No request for the money back after all", "event"),
    },
    needs=Permission.SEE_MAIL,
    of_people=True,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[FILE] = file_mail
    registry.jobs[TIDY] = tidy
    registry.periodic.append(Periodic(TIDY, lambda now: f"{now:%Y-%m-%d}"))
    registry.links[PROVE] = ProveMailLink()
    registry.strands.append(STORY)
    registry.queues["refund_drafts"] = draft_lists.QUEUE
