"""Short random references that stand in addresses instead of database ids."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: they are misread on paper and over the phone
LENGTH = 8
_DIFFERENT = len(ALPHABET) ** LENGTH
PATTERN = re.compile(rf"[A-Z]{{1,2}}-[{ALPHABET}]{{{LENGTH}}}\Z")


def new(prefix: str) -> str:
    """Return a fresh reference such as ``E-7K2M9Q4T``; about 39 bits, unique by constraint."""
    number, letters = secrets.randbelow(_DIFFERENT), ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return f"{prefix}-{letters}"
