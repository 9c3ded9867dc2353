"""Sorting mail: who answers it, what it is beside, what needs no answer, what belongs together or apart."""

from collections.abc import Callable

from flask import request, url_for
from flask.typing import ResponseReturnValue

from provider.kernel.doors import Door
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff import thread_subjects
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_threads import AssignThread, MergeThread, PutBeside, SplitThread
from provider.staff.thread_pages import answerers, held
from provider.staff.views_threads import RIGHTS, drawn
from provider.threads import queries, sorting
from provider.threads.models import Thread

door = Door("staff_message_sorting", __name__, url_prefix="/staff/messages", **RIGHTS)


class NoSuchThread(DomainError):
    """A reference that names no messages in a mailbox that one may see."""

    code = "no_such_thread"
    sentence = "There are no messages with this reference. Copy it from their page, such as TH-7K2M9Q4T."


def _page(reference: str) -> str:
    return url_for("staff_messages.show", reference=reference)


@door.post("/<reference>/assign")
def assign(reference: str) -> ResponseReturnValue:
    form = Form(AssignThread()).load_form(request.form)
    attempt(form, lambda: _assign(reference, form.data["owner"]))
    if not form.ok:
        return drawn(reference, assign=form), 422
    return done("It is kept who answers.", _page(reference))


def _assign(reference: str, owner: str | None) -> None:
    thread = held(reference, lock=True)
    sorting.assign(thread, owner, may_have=answerers(thread), actor=actor(), at=received_at())


@door.post("/<reference>/take")
def take(reference: str) -> ResponseReturnValue:
    return try_to(lambda: _take(reference), "These messages are yours.", _page(reference))


def _take(reference: str) -> None:
    thread = held(reference, lock=True)
    sorting.take(thread, may_have=answerers(thread), actor=actor(), at=received_at())


def _pressed(reference: str, act: Callable[..., None], sentence: str) -> ResponseReturnValue:
    return try_to(lambda: act(held(reference, lock=True), actor=actor(), at=received_at()), sentence, _page(reference))


@door.post("/<reference>/close")
def close(reference: str) -> ResponseReturnValue:
    return _pressed(reference, sorting.close, "These messages need no answer. They open again when somebody writes.")


@door.post("/<reference>/spam")
def spam(reference: str) -> ResponseReturnValue:
    return _pressed(reference, sorting.mark_as_spam, "This is spam. What comes in answer to it stays there, too.")


@door.post("/<reference>/back")
def back(reference: str) -> ResponseReturnValue:
    return _pressed(reference, sorting.bring_back, "These messages wait for an answer.")


@door.post("/<reference>/merge")
def merge(reference: str) -> ResponseReturnValue:
    form = Form(MergeThread()).load_form(request.form)
    living = attempt(form, lambda: _merge(reference, form.data["other"].upper()))
    if living is None:
        return drawn(reference, merge=form), 422
    return done("All messages stand together here now.", _page(living))


def _merge(reference: str, other: str) -> str:
    held(reference)
    try:
        held(other)
    except NotFound:
        raise NoSuchThread from None
    if reference == other:
        raise sorting.SameThread
    one, two = queries.pair(reference, other)
    return sorting.merge(one, two, actor=actor(), at=received_at()).reference


@door.post("/<reference>/<message>/split")
def split(reference: str, message: str) -> ResponseReturnValue:
    form = Form(SplitThread()).load_form(request.form)
    own = attempt(form, lambda: _split(reference, message, form.data["subject"]))
    if own is None:
        return drawn(reference, split=form, split_of=message), 422
    return done("The message stands by itself now, and waits for an answer.", _page(own))


def _split(reference: str, message: str, subject: str) -> str:
    thread, found = held(reference, lock=True), queries.message(message)
    if found.thread_id != thread.id:
        raise NotFound
    others = queries.came_in(thread) - 1
    return sorting.split(thread, found, others=others, subject=subject, actor=actor(), at=received_at()).reference


@door.post("/<reference>/beside")
def beside(reference: str) -> ResponseReturnValue:
    form = Form(PutBeside()).load_form(request.form)
    attempt(form, lambda: _beside(reference, form.data["record"]))
    if not form.ok:
        return drawn(reference, beside=form), 422
    return done("It is kept what these messages are about.", _page(reference))


def _beside(reference: str, record: str | None) -> Thread:
    thread = held(reference, lock=True)
    person, about = thread_subjects.known(record)
    return sorting.put_beside(thread, person=person, about=about, actor=actor(), at=received_at())
