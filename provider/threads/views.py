"""A student's own mail with the school: the list, and one thread with the texts of both sides."""

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.web import page_key, received_at
from provider.threads import own
from provider.threads.rules import ASKED_ON, earlier

door = Door("messages", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/messages")


@door.get("")
def index() -> ResponseReturnValue:
    viewer = sessions.viewer()
    page = own.page(viewer.person_id, viewer.email, before=page_key("before"), after=page_key("after"))
    told = own.told(page.rows, now=received_at())
    return render_template("threads/index.html", page=page, told=told, email=viewer.email)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    viewer = sessions.signed_in()
    if viewer is None:
        raise NotFound
    thread = own.thread(viewer.person_id, viewer.email, reference)
    messages, [told] = own.messages(thread), own.told([thread], now=received_at())
    return render_template(
        "threads/show.html",
        told=told,
        page_beside=own.page_beside(thread, viewer.person_id),
        asked_on=ASKED_ON.get(thread.mailbox),
        messages=messages,
        earlier=earlier(len(messages)),
    )
