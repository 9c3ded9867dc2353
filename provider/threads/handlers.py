"""What the registries call by name: how mail is told, found and counted, and the files that go with answers."""

import datetime as dt
from collections.abc import Collection

from provider.accounts.rules import Permission
from provider.kernel.actors import Actor
from provider.kernel.registry import Registry, Strand
from provider.threads import finding, letters, sorting
from provider.threads.lists import QUEUE, SEES

STORY = Strand(
    "messages",
    "Messages",
    frozenset({"thread", "thread_message"}),
    {
        "thread.waiting": ("A message waits for an answer", "event"),
        "thread.answered": ("Message answered", "good"),
        "thread.closed": ("Message needs no answer", "event"),
        "thread.quarantined": ("Message held until somebody looks at it", "warn"),
        "thread.spam": ("Message marked as spam", "warn"),
        "thread.merged": ("Message put together with another", "event"),
        "thread.answered_again": ("Message answered again", "good"),
        "thread.noted": ("Note beside a message", "event"),
        "thread.assigned": ("Message given to {new}", "event"),
        "thread.freed": ("Message given back to nobody", "event"),
        "thread.grew": ("Message put together with {new}", "event"),
        "thread.split": ("Message taken apart into {new}", "event"),
        "thread.beside": ("Message put beside a record", "event"),
        "thread_message.opened": ("File of a message opened", "document"),
        "thread.proved": ("Writer of a message proved who they are", "good"),
    },
    needs=Permission.SEE_MESSAGES,
    of_people=True,
)


def rights_lost(owner: str, held: Collection[str], actor: Actor, at: dt.datetime) -> None:
    """Give back the threads of whoever may not answer their mailbox any more."""
    keeping = [box for box, sees in SEES.items() if {sees, Permission.ANSWER_MESSAGES}.issubset(held)]
    sorting.free(owner=owner, keeping=keeping, actor=actor, at=at)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(STORY)
    registry.queues["messages"] = QUEUE
    registry.rights_lost.append(rights_lost)
    registry.attachments[letters.ANSWER] = letters.enclosed
    registry.sources |= finding.SOURCES
