"""What the registries call by name: how stories tell of issued documents."""

from provider.kernel.registry import Registry, Strand

STORY = Strand(
    "issued",
    "Issued documents",
    frozenset({"issued_document"}),
    {
        "issued_document.issued": ("Document issued with a code", "event"),
        "issued_document.revoked": ("Document revoked", "warn"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(STORY)
