"""A student's own mail with the school: the list, and one thread with the texts of both sides."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.web import page_key
from provider.threads import own
from provider.threads.rules import earlier

door = Door("messages", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/messages")


@door.get("")
def index() -> ResponseReturnValue:
    viewer = sessions.signed_in()
    if viewer is None:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), code=303)
    page = own.page(viewer.person_id, viewer.email, before=page_key("before"), after=page_key("after"))
    return render_template("threads/index.html", page=page, email=viewer.email)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    viewer = sessions.signed_in()
    if viewer is None:
        raise NotFound
    thread = own.thread(viewer.person_id, viewer.email, reference)
    messages = own.messages(thread)
    return render_template("threads/show.html", thread=thread, messages=messages, earlier=earlier(len(messages)))
