"""What the registries call by name: how stories tell of codes by which anybody checks what the school issued."""

from provider.kernel.registry import Registry, Strand

STORY = Strand(
    "issued",
    "Verification codes",
    frozenset({"issued_document"}),
    {
        "issued_document.issued": ("Verification code issued", "event"),
        "issued_document.revoked": ("Verification code revoked", "warn"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(STORY)
