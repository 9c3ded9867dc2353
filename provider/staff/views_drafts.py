"""Refunds that messages seem to ask for: read by a person, then entered as of when they came in, or set aside."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.doors import Door
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.mailroom import actions, queries
from provider.mailroom.asking import own_words
from provider.refunds import queries as refunds
from provider.staff.answers import try_to
from provider.staff.subjects import href
from provider.threads import queries as threads
from provider.threads.lists import SEES

door = Door(
    "staff_refund_drafts",
    __name__,
    needs=Permission.SEE_MONEY,
    changes=Permission.RECORD_MONEY,
    url_prefix="/staff/refund-drafts",
)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    draft = queries.draft(reference)
    message = threads.message(draft.message)
    return render_template(
        "staff/refunds/draft.html",
        draft=draft,
        message=message,
        marks=troubled([message.sender]),
        words=own_words(message.text),
        names=people.names({draft.decided_by} if draft.decided_by else set()),
        thread=href(message.thread.reference) if may(SEES[message.thread.mailbox]) else None,
        decision=refunds.decisions([(draft.enrollment, draft.received_at)])[0],
        can_decide=may(Permission.RECORD_MONEY),
    )


@door.post("/<reference>/enter")
@confirmed
def enter(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.enter_draft(draft=queries.draft(reference, lock=True), actor=actor(), at=received_at()),
        "The request is entered, and the rule has decided it. The student gets a letter.",
        url_for("staff_refund_drafts.show", reference=reference),
    )


@door.post("/<reference>/dismiss")
def dismiss(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.dismiss_draft(draft=queries.draft(reference, lock=True), actor=actor(), at=received_at()),
        "The message asks for no refund. It stays in its thread, to be answered there.",
        url_for("staff_refund_drafts.show", reference=reference),
    )
