"""Short random references that stand in addresses instead of database ids."""

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U: they are misread on paper and over the phone
LENGTH = 8
PATTERN = re.compile(rf"[A-Z]{{1,2}}-[{ALPHABET}]{{{LENGTH}}}\Z")


def new(prefix: str) -> str:
    """Return a fresh reference such as ``E-7K2M9Q4T``; about 39 bits, unique by constraint."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
