"""To whom something about people may be told, and what each telling has to rest on."""

from enum import StrEnum


class DisclosureKind(StrEnum):
    """Who was told."""

    EXPORT = "export"
    COPY_FOR_PERSON = "copy_for_person"
    SITE = "site"
    COLLEGE = "college"
    ACE = "ace"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {
            "export": "List exported by staff",
            "copy_for_person": "Copy for the person",
            "site": "Externship site",
            "college": "College",
            "ace": "American Council on Education",
        }[self.value]


# Whoever stands outside of the school is told about one person, with that person's consent.
OUTSIDE = frozenset({DisclosureKind.SITE, DisclosureKind.COLLEGE, DisclosureKind.ACE})
