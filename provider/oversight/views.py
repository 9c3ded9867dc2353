"""What is held about the person who asks: to read, to take away as one file, and to have erased."""

import json

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.disclosures.actions import record
from provider.disclosures.rules import DisclosureKind
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of, written
from provider.kernel.doors import Door
from provider.kernel.settings import settings
from provider.kernel.web import actor, as_file, only, received_at
from provider.oversight import actions, personal, personal_copy
from provider.oversight.rules import ERASURE_DAYS

door = Door("account_data", __name__, needs=Permission.OWN_DATA, url_prefix="/my/account-data")


@door.get("")
def show() -> ResponseReturnValue:
    subject = personal.by_reference(sessions.viewer().reference)
    asked = actions.asked_erasures(subject.reference)
    return render_template(
        "oversight/account_data.html",
        sections=personal_copy.page(subject),
        asked=asked[-1] if asked else None,
        works_here=sessions.viewer().is_staff,
        days=ERASURE_DAYS,
    )


@door.post("")
@confirmed
def download() -> ResponseReturnValue:
    only()
    viewer, at = sessions.viewer(), received_at()
    with unit_of_work():
        record(
            kind=DisclosureKind.COPY_FOR_PERSON,
            recipient="The person, as a file",
            what="Everything held about the person",
            basis="Asked by the person, signed in",
            about=viewer.reference,
            actor=actor(),
            at=at,
        )
    copy = personal_copy.file(personal.by_reference(viewer.reference), school=settings().SCHOOL_NAME, at=at)
    copied = json.dumps(copy, ensure_ascii=False, indent=1)
    return as_file(copied, "application/json", f"account-data-{viewer.reference}.json")


@door.post("/erasure")
@confirmed
def ask_erasure() -> ResponseReturnValue:
    only()
    subject = personal.by_reference(sessions.viewer().reference)
    with unit_of_work():
        task = actions.ask_erasure(subject=subject, actor=actor(), at=received_at())
        due_on = task.due_on or day_of(received_at(), settings().SCHOOL_ZONE)
    flash(f"We received your request and answer it by {written(due_on)}. A letter confirms it.")
    return redirect(url_for("account_data.show"), code=303)
