"""Whose messages are: taken by one colleague at a time."""

from collections.abc import Callable

from flask import Flask

from provider.accounts.rules import Role
from provider.kernel.database import db
from provider.threads import queries
from tests.harness.people import submit_to
from tests.harness.threads import opened
from tests.harness.visitor import Visitor


def test_who_presses_take_it_after_a_colleague_is_told_and_takes_nothing_away(
    app: Flask, colleague: Callable[..., Visitor]
) -> None:
    with app.app_context():
        reference = opened()
        db.session.remove()
    path, first, second = f"/staff/messages/{reference}", colleague(Role.COORDINATOR), colleague(Role.COORDINATOR)

    def owner() -> str | None:
        with app.app_context():
            return queries.by_reference(reference).assigned_to

    for visitor in (first, second):
        visitor.get(path)
    submit_to(first, "/take", {})
    taken = owner()
    page = submit_to(second, "/take", {})
    told = "A colleague has taken these messages. Ask them, or give the messages to somebody below."
    assert page.words(".notice--bad") == told
    assert (taken is not None, owner()) == (True, taken)
    assert first.get(path).all(f"form[action='{path}/take']") == []
