"""What the registries call by name: how stories tell of paying by card."""

from provider.accounts.rules import Permission
from provider.kernel.registry import Registry, Strand

PAUSES = Strand(
    "money",
    "Money",
    frozenset({"charge_pause"}),
    {
        "charge_pause.begun": ("Automatic payments paused", "warn"),
        "charge_pause.released": ("Automatic payments go on", "money"),
    },
    needs=Permission.SEE_MONEY,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(PAUSES)
