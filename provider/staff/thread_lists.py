"""The list of messages: what narrows it, and its orders."""

from collections.abc import Mapping, Sequence
from typing import Any

from provider.accounts.sessions import signed_in
from provider.kernel.forms import Choices
from provider.kernel.promises import NOBODY
from provider.kernel.sheets import Column
from provider.staff import listing
from provider.staff.lists import Asked, Listed
from provider.staff.schemas_threads import FindThreads
from provider.threads import lists as threads
from provider.threads.lists import LONGEST, NEWEST, SORTS, ThreadLine, seen
from provider.threads.rules import Standing, ThreadState

ALL, MINE = "all", "mine"


class Threads(Listed[ThreadLine]):
    """Messages: those that wait unless another state is asked for."""

    name, title, schema, sorts = "messages", "Messages", FindThreads, SORTS
    found = threads.staff_page

    def __init__(self, given: Any) -> None:  # noqa: ANN401 - as in Listed
        super().__init__(given)
        if self.asked.sort is LONGEST and self._state not in {"", ThreadState.WAITING}:
            self.asked = Asked(self.asked.form, NEWEST)  # only what waits has waited for a while
            self.asked.form.values["sort"] = NEWEST.name

    @property
    def _state(self) -> str:
        return str(self.asked.form.data.get("state", "")) if self.readable else ""

    def choices(self) -> dict[str, Choices]:
        shown = [state for state in ThreadState if state not in {ThreadState.WAITING, ThreadState.MERGED}]
        return {
            "state": [("", ThreadState.WAITING.label), *((one.value, one.label) for one in shown), (ALL, "All")],
            "mailbox": [("", "Every mailbox"), *((one.value, f"{one}@") for one in seen())],
            "owner": [("", "Everybody’s"), (MINE, "Mine"), (NOBODY, "Nobody’s")],
            "standing": [("", "Anybody"), *((one.value, one.label) for one in Standing)],
        }

    def filters(self, data: Mapping[str, Any]) -> threads.Filters:
        viewer = signed_in()
        state = data.get("state", "")
        chosen = listing.state(ThreadState, state)
        mailboxes = [one for one in seen() if data.get("mailbox", "") in {"", one.value}]
        owner = {MINE: viewer.reference if viewer else "", NOBODY: NOBODY}.get(data.get("owner", ""), "")
        return threads.Filters(
            mailboxes=tuple(mailboxes),
            states=() if state == ALL else (chosen or ThreadState.WAITING,),
            typed=data.get("q", ""),
            standing=listing.state(Standing, data.get("standing", "")),
            owner=owner,
        )

    def columns(self) -> Sequence[Column[ThreadLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Subject", lambda one: one.subject, width=40),
            Column("From", lambda one: one.correspondent, width=28),
            Column("State", lambda one: one.state.label),
            Column("Waits since (UTC)", lambda one: one.waiting_since),
        ]
