"""What the registries call by name: how stories tell notes."""

from provider.kernel.registry import Registry, Strand

STORY = Strand("notes", "Notes", frozenset({"note"}), {"note.written": ("Note", "note")})


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.strands.append(STORY)
