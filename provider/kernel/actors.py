"""Who did something, as a plain value that history and tasks keep."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The ways of acting on a record."""

    STUDENT = "student"
    STAFF = "staff"
    LINK = "link"
    VISITOR = "visitor"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor; the reference names a person or a signed link, never a database id."""

    kind: ActorKind
    reference: str | None = None
    request_id: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
