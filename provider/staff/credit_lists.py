"""The list of credit requests, described once for page, paper and file."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from provider.accounts.sessions import signed_in
from provider.credits import lists
from provider.credits.lists import CreditLine
from provider.credits.rules import CreditState
from provider.kernel.forms import Choices, Schema, Text
from provider.kernel.promises import NOBODY
from provider.kernel.sheets import Column
from provider.staff import listing
from provider.staff.lists import Listed

ACTIVE, MINE = "active", "mine"


class FindCredits(Schema):
    """What the queue of credit requests is narrowed to; tabs choose the state."""

    state = Text(load_default="", longest=32, metadata={"label": "State", "widget": "hidden"})
    q = Text(load_default="", longest=200, metadata={"label": "Name or e-mail of the student", "widget": "search"})
    owner = Text(load_default="", longest=32, metadata={"label": "Whose", "widget": "select"})
    sort = Text(load_default="", longest=32, metadata={"label": "Order", "widget": "select"})


class CreditRequests(Listed[CreditLine]):
    """Credit requests, those that wait for staff unless a state is asked for."""

    name, title, sorts = "credit-requests", "Credit requests", lists.SORTS
    schema: ClassVar[type[Schema]] = FindCredits
    found = lists.staff_page

    def choices(self) -> dict[str, Choices]:
        every = listing.states(CreditState, "To do")
        return {
            "state": [every[0], (ACTIVE, "All active"), *every[1:]],
            "owner": [("", "Everybody’s"), (MINE, "Mine"), (NOBODY, "Nobody’s")],
        }

    def filters(self, data: Mapping[str, Any]) -> lists.Filters:
        viewer, chosen = signed_in(), data.get("state", "")
        state = listing.state(CreditState, chosen)
        states = (state,) if state is not None else lists.ACTIVE if chosen == ACTIVE else lists.TO_DO
        owner = {MINE: viewer.reference if viewer else "", NOBODY: NOBODY}.get(data.get("owner", ""), "")
        return lists.Filters(typed=data.get("q", ""), states=states, owner=owner)

    def columns(self) -> Sequence[Column[CreditLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Student", lambda one: one.student, width=28),
            Column("E-mail", lambda one: one.email, width=28),
            Column("Certificate", lambda one: one.credential),
            Column("Credits recommended", lambda one: one.credits),
            Column("College", lambda one: one.college, width=36),
            Column("Registrar", lambda one: one.mailbox, width=28),
            Column("State", lambda one: one.state.label, width=24),
            Column("Who looks after it", lambda one: one.owner, width=28),
            Column("Asked (UTC)", lambda one: one.requested_at),
            Column("To be sent by", lambda one: one.due_on),
            Column("Sent (UTC)", lambda one: one.sent_at),
            Column("Decided (UTC)", lambda one: one.decided_at),
            Column("Credits granted", lambda one: one.granted),
        ]
