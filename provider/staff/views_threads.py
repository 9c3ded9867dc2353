"""Mail that came in: the list of what waits, one thread with its messages, answering it, and notes beside it."""

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import signed_in
from provider.files import actions as files
from provider.files.queries import with_bytes
from provider.files.rules import EXTENSIONS
from provider.history.actions import note as note_read
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, as_download, received_at
from provider.mail.queries import troubled
from provider.mailroom import queries as mailroom
from provider.mailroom.reading import enclosed_in
from provider.staff import thread_pages
from provider.staff.answers import attempt, done
from provider.staff.listing import key
from provider.staff.schemas_threads import AnswerThread, NoteOnThread
from provider.staff.subjects import href
from provider.staff.thread_lists import Threads
from provider.threads import answering, queries
from provider.threads.actions import told_under
from provider.threads.models import ThreadMessage

RIGHTS = {"needs": Permission.SEE_MESSAGES, "changes": Permission.ANSWER_MESSAGES}
OCTETS, LONGEST_ENDING = "application/octet-stream", 5
door = Door("staff_messages", __name__, url_prefix="/staff/messages", **RIGHTS)


@door.get("")
def index() -> ResponseReturnValue:
    listed = Threads(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    owners = {one.assigned_to for one in page.rows if one.assigned_to}
    return render_template(
        "staff/threads/index.html",
        listed=listed,
        page=page,
        marks=troubled(one.correspondent for one in page.rows),
        href=href,
        names=people.names(owners) if owners else {},
    ), listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return drawn(reference)


def drawn(reference: str, **given: Any) -> str:  # noqa: ANN401 - forms that were refused, by name
    """Draw the page of a thread."""
    return render_template("staff/threads/show.html", t=thread_pages.read(reference, **given))


@door.post("/<reference>/answers")
def answer(reference: str) -> ResponseReturnValue:
    form = Form(AnswerThread()).load_form(request.form, request.files)
    attempt(form, lambda: _answer(reference, form.data))
    if not form.ok:
        return drawn(reference, answer=form), 422
    return done("Your answer is on its way.", url_for("staff_messages.show", reference=reference))


def _answer(reference: str, data: dict[str, Any]) -> None:
    viewer = signed_in()
    answering.answer(
        thread_pages.held(reference, lock=True),
        text=data["text"],
        seen=data["seen"],
        key=data["key"],
        signed=viewer.name if viewer else "",
        uploads=[data[name] for name in ("file1", "file2", "file3") if data[name] is not None],
        actor=actor(),
        at=received_at(),
    )


@door.post("/<reference>/notes")
def note(reference: str) -> ResponseReturnValue:
    form = Form(NoteOnThread()).load_form(request.form)
    attempt(form, lambda: _note(reference, form.data))
    if not form.ok:
        return drawn(reference, note=form), 422
    return done("The note is kept.", url_for("staff_messages.show", reference=reference))


def _note(reference: str, data: dict[str, Any]) -> None:
    thread = thread_pages.held(reference, lock=True)
    answering.note(thread, text=data["text"], key=data["key"], actor=actor(), at=received_at())


@door.get("/<reference>/<message>/<number>")
def attachment(reference: str, message: str, number: str) -> Response:
    """Give out a file that came in or went out with a message, to be kept as a file and never drawn by us."""
    with unit_of_work():
        thread, found = thread_pages.held(reference), queries.message(message)
        listed = {str(place): (place, one) for place, one in enumerate(found.attachments, 1)}
        if found.thread_id != thread.id or number not in listed:
            raise NotFound
        place, one = listed[number]
        if "file" in one:
            file = with_bytes(one["file"])
            files.read(file, actor=actor(), at=received_at())
            return as_download(file.data, OCTETS, f"{file.reference}.{EXTENSIONS[file.content_type]}")
        data = _came(found, place)
        note_read(found, "thread_message.opened", actor=actor(), at=received_at(), about=told_under(thread))
        return as_download(data, OCTETS, f"{message}-{number}.{_ending(one)}")


def _came(message: ThreadMessage, place: int) -> bytes:
    """Return a file from the mail as it came; raises NotFound once that is gone."""
    mail = mailroom.with_bytes(message.incoming) if message.incoming else None
    data = enclosed_in(mail.raw, place) if mail is not None and mail.raw is not None else None
    if data is None:
        raise NotFound
    return data


def _ending(one: dict[str, Any]) -> str:
    """Return the ending of a name that a stranger gave, when it is a plain one."""
    ending = str(one.get("name", "")).rpartition(".")[2].lower()
    return ending if ending.isascii() and ending.isalnum() and len(ending) <= LONGEST_ENDING else "bin"
