"""Saying of an address that letters arrive there again."""

from urllib.parse import urlsplit

from flask import request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.web import actor, only, received_at
from provider.mail import addresses, queries
from provider.staff.answers import done

door = Door(
    "staff_addresses",
    __name__,
    needs=Permission.SEE_STAFF_PAGES,
    changes=Permission.ANSWER_MESSAGES,
    url_prefix="/staff/addresses",
)


@door.post("/<reference>/works")
def works(reference: str) -> ResponseReturnValue:
    only("back")
    retrying(lambda: addresses.works_again(queries.health_by(reference, lock=True), actor=actor(), at=received_at()))
    return done("It is kept that letters arrive there again.", _back())


def _back() -> str:
    """Return the page that the button stood on, one of the back office alone."""
    given = request.form.get("back", "")
    path = urlsplit(given).path
    return path if path == given and path.startswith("/staff/") and "//" not in path else url_for("staff.index")
