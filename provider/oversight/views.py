"""What is held about the person who asks: to read, to take away as one file, and to have erased."""

import json

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer
from provider.disclosures.actions import record
from provider.disclosures.rules import DisclosureKind
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.settings import settings
from provider.kernel.web import actor, only, received_at
from provider.oversight import personal, personal_copy

door = Door("account_data", __name__, needs=Permission.OWN_DATA, url_prefix="/my/account-data")


def _viewer() -> Viewer:
    viewer = sessions.signed_in()
    assert viewer is not None  # noqa: S101 - the door lets nobody else in
    return viewer


@door.get("")
def show() -> ResponseReturnValue:
    subject = personal.by_reference(_viewer().reference)
    return render_template("oversight/account_data.html", sections=personal_copy.page(subject), who=subject)


@door.post("")
@confirmed
def download() -> ResponseReturnValue:
    only()
    viewer, at = _viewer(), received_at()
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
    response = Response(json.dumps(copy, ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="account-data-{viewer.reference}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response
