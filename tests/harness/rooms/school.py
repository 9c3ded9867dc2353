"""What an administrator sets up: name, mailboxes, color, how to pay, cards."""

from collections.abc import Iterator

from provider.accounts.rules import Role
from tests.harness.room import Case, Room, Visit, by_staff
from tests.harness.stage import Stage

FORMS = (
    Case("school", Role.ADMIN, "/staff/setup/school", {"name": "Bay Health"}),
    Case("mailboxes", Role.ADMIN, "/staff/setup/mailboxes", {"domain": "bay.edu"}, first=True),
    Case("color", Role.ADMIN, "/staff/setup/color", {"color": "#7a1f5c"}, first=True),
    Case("how to pay", Role.ADMIN, "/staff/setup/payment", {"lines": "Bay Bank"}),
)
BUTTONS = {
    "/staff/setup/color/default": Role.ADMIN,
    "/staff/setup/cards/question": Role.ADMIN,
    "/staff/setup/test-letter": Role.ADMIN,
}

PAGES = ("school", "mailboxes", "color", "payment", "cards", "offer")


def _staff(stage: Stage) -> Iterator[Visit]:
    yield from by_staff(stage, {"setup": "/staff/setup"} | {f"setup-{name}": f"/staff/setup/{name}" for name in PAGES})


ROOM = Room(forms=FORMS, buttons=BUTTONS, staff=_staff)
