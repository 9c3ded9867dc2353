"""Codes of issued documents: how they are made and read back, and what kinds there are."""

import re

from provider.kernel.lifecycles import State
from provider.kernel.references import ALPHABET

ISSUED_PREFIX = "VD"
CODE_LENGTH = 16  # letters of 30: 78 bits, so that nobody finds one by trying
GROUP = 4
_CODE = re.compile(rf"[{ALPHABET}]{{{CODE_LENGTH}}}\Z")


class IssuedKind(State):
    """What was issued."""

    EXTERNSHIP_RECORD = "externship_record"
    COMPLETION_CERTIFICATE = "completion_certificate"
    CREDIT_LETTER = "credit_letter"

    @property
    def explained(self) -> str:
        """Say to somebody who has never heard of this school what such a document is."""
        return {
            "externship_record": (
                "The record of supervised practice at a hospital, clinic or laboratory. Only hours and procedures that "
                "the supervisor there approved are counted in it."
            ),
            "completion_certificate": (
                "It says that somebody completed a program of this school. It is no license, and no credential of an "
                "issuing body."
            ),
            "credit_letter": (
                "A letter to the registrar of a college about an exam that was passed and the credit that is "
                "recommended for it. Each college decides whether to give credit."
            ),
        }[self.value]


def typed_code(text: str) -> str | None:
    """Return a code as it is stored, from what somebody typed or followed: blanks, dashes and case aside; or None."""
    code = "".join(text.replace("-", " ").split()).upper()
    return code if _CODE.match(code) else None


def written_code(code: str) -> str:
    """Write a code in groups, as it stands on paper."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
