"""What the registries call by name: how mail is told in stories."""

from provider.accounts.rules import Permission
from provider.kernel.registry import Registry, Strand

STORY = Strand(
    "messages",
    "Messages",
    frozenset({"thread"}),
    {
        "thread.waiting": ("A message waits for an answer", "event"),
        "thread.answered": ("Message answered", "good"),
        "thread.closed": ("Message needs no answer", "event"),
        "thread.quarantined": ("Message held until somebody looks at it", "warn"),
        "thread.spam": ("Message marked as spam", "warn"),
        "thread.merged": ("Message put together with another", "event"),
        "thread.proved": ("Writer of a message proved who they are", "good"),
    },
    needs=Permission.SEE_MAIL,
    of_people=True,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(STORY)
