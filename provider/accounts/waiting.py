"""Open tasks as the home page lists them: those that the roles of whoever looks permit to do."""

from flask import url_for

from provider.accounts.duties import kinds_for
from provider.accounts.rules import Permission
from provider.kernel.promises import Asked, Promise, Queue
from provider.tasks import queries


def rows(asked: Asked) -> list[Promise]:
    """Return the open tasks that somebody may do, or all of them to who only reads; those first whose turn comes first.

    A late refund stands in the list with its own clock; its task is told only once somebody has taken it.
    """
    kinds = kinds_for(frozenset(one for one in asked.held if isinstance(one, Permission)))
    return [
        Promise(
            label=task.kind.label,
            text=task.sentence,
            href=url_for("staff_tasks.show", reference=task.reference),
            turn_on=task.turn_on,
            due_on=task.due_on,
            last_on=task.due_on,
            owner=task.owner_reference,
            about=task.about,
        )
        for task in queries.first(queries.Asked(kinds=kinds, owner=asked.owner), asked.most)
    ]


QUEUE = Queue("Open tasks", Permission.SEE_TASKS, queries.waiting, lambda: url_for("staff_tasks.index"), rows, rank=10)
